// Whiteners of random covariance matrices: U^T Sigma U = I, and matrices that have none are found.
#include <cmath>
#include <random>
#include <vector>

#include "check.hpp"
#include "mixtura/dispatch.hpp"

namespace {

using Matrix = std::vector<double>;

// B B^T + I / 10.
Matrix random_covariance(int d, std::mt19937& rng) {
    std::normal_distribution<double> normal;
    Matrix B(static_cast<std::size_t>(d * d)), S(B.size());
    for (double& b : B) b = normal(rng);
    for (int i = 0; i < d; ++i) {
        for (int j = 0; j < d; ++j) {
            double sum = i == j ? 0.1 : 0.0;
            for (int l = 0; l < d; ++l) sum += B[i * d + l] * B[j * d + l];
            S[i * d + j] = sum;
        }
    }
    return S;
}

void whitens(int d, std::mt19937& rng) {
    const auto& set = *mixtura::current_instruction_set().load();
    Matrix both = random_covariance(d, rng);
    const Matrix second = random_covariance(d, rng);
    both.insert(both.end(), second.begin(), second.end());
    Matrix U(both.size()), left(static_cast<std::size_t>(d)), work(second.size());
    double log_det[2];
    CHECK(set.whiten(2, d, both.data(), U.data(), log_det, left.data()) == -1);
    CHECK(set.first_indefinite(2, d, both.data(), work.data()) == -1);
    for (int k = 0; k < 2; ++k) {
        const double* u = &U[k * d * d];
        const double* s = &both[k * d * d];
        double sum = 0;
        for (int i = 0; i < d; ++i) {
            sum += std::log(u[i * d + i]);
            for (int j = 0; j < d; ++j) {
                if (j < i) CHECK(u[i * d + j] == 0);
                long double white = 0;
                for (int a = 0; a <= i; ++a) {
                    for (int b = 0; b <= j; ++b) {
                        white += static_cast<long double>(u[a * d + i]) * s[a * d + b] * u[b * d + j];
                    }
                }
                CHECK_CLOSE(static_cast<double>(white), i == j ? 1.0 : 0.0, 1e-9 * d);
            }
        }
        CHECK_CLOSE(log_det[k], sum, 1e-13 * d * (1 + std::fabs(sum)));
    }
}

void refuses(int d, double last) {
    const auto& set = *mixtura::current_instruction_set().load();
    Matrix S(static_cast<std::size_t>(3 * d * d)), U(S.size()), left(static_cast<std::size_t>(d));
    for (int k = 0; k < 3; ++k) {
        for (int i = 0; i < d; ++i) S[(k * d + i) * d + i] = 2;
    }
    S[2 * d * d - 1] = last;  // the last pivot of the second
    double log_det[3];
    CHECK(set.whiten(3, d, S.data(), U.data(), log_det, left.data()) == 1);
    CHECK(set.first_indefinite(3, d, S.data(), U.data()) == 1);
}

}  // namespace

void test_factor() {
    std::mt19937 rng(7);
    for (const int d : {1, 2, 3, 5, 8, 17, 33}) {
        whitens(d, rng);
        refuses(d, 0.0);
        refuses(d, -1.0);
        refuses(d, NAN);
        refuses(d, INFINITY);
    }
}
