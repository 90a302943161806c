// Every pass of the current instruction set against the oracle's loops.
#include <cmath>

#include "check.hpp"
#include "mixtura/dispatch.hpp"
#include "mixtura/lloyd.hpp"
#include "oracle.hpp"

namespace {

using mixtura::Geometry;
using oracle::Layout;
using oracle::Problem;

template <class T>
const mixtura::Kernel& kernel() {
    const mixtura::InstructionSet& set = *mixtura::current_instruction_set().load();
    if constexpr (sizeof(T) == 8) {
        return set.f64;
    } else {
        return set.f32;
    }
}

template <class T>
constexpr double epsilon = sizeof(T) == 8 ? 1e-12 : 2e-4;

void compare(const double* got, const std::vector<long double>& want, double tolerance) {
    long double scale = 1;
    for (const long double v : want) scale = std::fmax(scale, std::fabs(v));
    for (std::size_t i = 0; i < want.size(); ++i) {
        CHECK_CLOSE(got[i], static_cast<double>(want[i]), tolerance * static_cast<double>(scale));
    }
}

template <class T>
void e_step_and_scores(const Problem<T>& p) {
    const oracle::Answer want = oracle::solve(p);
    const auto got = mixtura::e_step(kernel<T>(), p.rows, p.model, 2, nullptr);
    compare(&got.sums[0], want.S0, epsilon<T>);
    compare(&got.sums[got.s1], want.S1, epsilon<T>);
    if (!p.shared) compare(&got.sums[got.s2], want.S2, epsilon<T>);
    const double L = static_cast<double>(want.L);
    CHECK_CLOSE(got.sums[got.l], L, epsilon<T> * (1 + std::fabs(L)));

    if (p.geometry == mixtura::Geometry::linear) return;  // no density

    const std::size_t n = p.n, K = p.K;
    std::vector<double> log_prob(n), resp(n * K);
    std::vector<std::int64_t> labels(n);
    mixtura::score(kernel<T>(), p.rows, p.model, {log_prob.data(), resp.data(), labels.data()}, 2, nullptr);
    for (std::size_t i = 0; i < n; ++i) {
        const double lp = static_cast<double>(want.log_prob[i]);
        CHECK_CLOSE(log_prob[i], lp, epsilon<T> * (1 + std::fabs(lp)));
        const double slack = epsilon<T> * (1 + std::fabs(lp));
        double sum = 0;
        for (std::size_t k = 0; k < K; ++k) {
            const double r = static_cast<double>(std::exp(want.logits[i * K + k] - want.log_prob[i]));
            if (slack < 1e-2) CHECK_CLOSE(resp[i * K + k], r, 10 * slack);
            sum += resp[i * K + k];
            CHECK(want.logits[i * K + k] <= want.logits[i * K + labels[i]] + slack);
        }
        CHECK_CLOSE(sum, 1.0, 10 * epsilon<T>);
    }
}

template <class T>
void k_means(const Problem<T>& p) {
    const std::size_t n = p.n, d = p.d, K = p.K;
    std::vector<std::vector<double>> distance(n, std::vector<double>(K));
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k < K; ++k) {
            long double s = 0;
            for (std::size_t j = 0; j < d; ++j) {
                const long double t = p.x(i, j) - p.mu[k * d + j];
                s += t * t;
            }
            distance[i][k] = static_cast<double>(s);
        }
    }
    std::vector<float> closest(n, 1.5f * static_cast<float>(d)), before = closest;
    const double scale = 0.5, slack = epsilon<T> + 1e-7;
    const auto gains = mixtura::potential(kernel<T>(), p.rows, p.K, p.mu.data(), scale, closest.data(), 2, nullptr);
    for (std::size_t k = 0; k < K; ++k) {
        double want = 0;
        for (std::size_t i = 0; i < n; ++i) want += p.w(i) * std::fmin(before[i], scale * distance[i][k]);
        CHECK_CLOSE(gains[k], want, slack * (1 + want));
    }
    CHECK(closest == before);
    const double left = mixtura::min_update(kernel<T>(), p.rows, p.mu.data(), scale, closest.data(), 2, nullptr);
    CHECK_CLOSE(left, gains[0], slack * (1 + left));

    // The first step asks for all rows; the second, about centres that have moved here from elsewhere, for some.
    std::vector<std::int32_t> labels(n, -1);
    std::vector<float> lower(n);
    std::vector<double> earlier = p.mu;
    for (std::size_t i = 0; i < earlier.size(); ++i) earlier[i] += i % 3 == 0 ? 0.0 : 0.01 * static_cast<double>(i % 5);
    const double unit = 0.25;
    const auto step = [&](const std::vector<double>& centres, const double* old) {
        return mixtura::assign_pass(kernel<T>(), p.rows, mixtura::Centres(p.K, p.d, centres.data()), old, unit,
                                    {labels.data(), lower.data(), nullptr}, true, 2, nullptr);
    };
    CHECK(step(earlier, nullptr)[K + K * d + 1] == static_cast<double>(n));
    const std::vector<std::int32_t> first = labels;
    const auto sums = step(p.mu, earlier.data());
    const auto repeated = step(p.mu, p.mu.data());
    CHECK(std::equal(sums.begin(), sums.end() - 1, repeated.begin()) && repeated.back() == 0);
    int changed = 0;
    for (std::size_t i = 0; i < n; ++i) {
        changed += labels[i] != first[i];
        for (std::size_t other = 0; other < K; ++other) {
            const double bound = std::fmax(0.0, static_cast<double>(lower[i])) / unit;
            if (static_cast<int>(other) == labels[i]) continue;
            CHECK(bound * bound <= distance[i][other] * (1 + 4 * epsilon<T>));
        }
    }
    std::vector<double> S0(K), S1(K * d);
    double inertia = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const std::size_t k = labels[i];
        for (std::size_t other = 0; other < K; ++other) {
            CHECK(distance[i][k] <= distance[i][other] * (1 + epsilon<T>)+epsilon<T>);
        }
        S0[k] += p.w(i);
        inertia += p.w(i) * distance[i][k];
        for (std::size_t j = 0; j < d; ++j) {
            S1[k * d + j] += p.w(i) * static_cast<double>(p.x(i, j) - p.mu[k * d + j]);
        }
    }
    compare(&sums[0], {S0.begin(), S0.end()}, 1e-12);
    compare(&sums[K], {S1.begin(), S1.end()}, 1e-12);
    CHECK_CLOSE(sums[K + K * d], inertia, epsilon<T> * (1 + inertia));
    CHECK(sums[K + K * d + 1] == changed);
}

template <class T>
void grid() {
    const Layout layouts[] = {Layout::rows, Layout::columns, Layout::padded, Layout::reversed};
    unsigned seed = 0;
    for (const int d : {1, 2, 3, 4, 5, 7, 8, 16, 17, 33, 64}) {
        for (const int K : {1, 2, 5, 33}) {
            for (const int n : {1, 7, 63, 64, 65, 257, 1000}) {
                if (d * K > 600 && n > 100) continue;  // the oracle is slow
                const Layout layout = layouts[seed % 4];
                const bool weighted = n > 2 && seed % 5 < 2;
                const Geometry some[] = {Geometry::dense, Geometry::diagonal, Geometry::spherical};
                e_step_and_scores(Problem<T>(n, d, K, some[seed % 3], false, weighted, layout, seed));
                e_step_and_scores(Problem<T>(n, d, K, some[(seed + 1) % 3], true, weighted, layout, seed));
                // In float the row far outside leaves no digits to a linear logit.
                if (sizeof(T) == 8)
                    e_step_and_scores(Problem<T>(n, d, K, Geometry::linear, true, weighted, layout, seed));
                if (seed % 4 == 0) k_means(Problem<T>(n, d, K, Geometry::spherical, true, weighted, layout, seed));
                ++seed;
            }
        }
    }
}

// Rows that belong to few components: sums by rows, and components given up early.
template <class T>
void apart() {
    const Layout layouts[] = {Layout::rows, Layout::columns, Layout::padded, Layout::reversed};
    unsigned seed = 0;
    for (const int d : {5, 8, 12, 17, 33, 64}) {
        for (const int K : {3, 8, 40}) {
            for (const int n : {65, 257, 1000}) {
                if (d * K > 600 && n > 300) continue;
                for (const Geometry geometry : {Geometry::dense, Geometry::diagonal, Geometry::spherical}) {
                    const bool weighted = seed % 3 == 0, shared = seed % 4 == 0;
                    const Layout layout = layouts[seed % 5 % 4];
                    e_step_and_scores(Problem<T>(n, d, K, geometry, shared, weighted, layout, seed, true));
                    ++seed;
                }
            }
        }
    }
}

// A row's scores do not depend on the rows beside it, though these decide what is given up.
void alone() {
    const Problem<double> p(700, 24, 12, Geometry::dense, false, false, Layout::rows, 3, true);
    std::vector<double> together(p.n), one(1);
    std::vector<std::int64_t> labels(p.n), label(1);
    mixtura::score(kernel<double>(), p.rows, p.model, {together.data(), nullptr, labels.data()}, 1, nullptr);
    for (int i = 0; i < p.n; ++i) {
        mixtura::Rows row = p.rows;
        row.data += i * row.row_stride;
        row.n = 1;
        mixtura::score(kernel<double>(), row, p.model, {one.data(), nullptr, label.data()}, 1, nullptr);
        CHECK(one[0] == together[i]);
        CHECK(label[0] == labels[i]);
    }
}

void extremes() {
    Problem<double> p(3, 2, 2, Geometry::dense, false, false, Layout::rows, 1);
    double* x = p.memory.data();
    x[0] = 1e200;  // |y|^2 overflows: infinitely far from both
    const auto scored = [&](std::vector<double>& log_prob, std::vector<double>& resp) {
        log_prob.resize(3);
        resp.resize(6);
        mixtura::score(kernel<double>(), p.rows, p.model, {log_prob.data(), resp.data(), nullptr}, 1, nullptr);
    };
    std::vector<double> log_prob, resp;
    scored(log_prob, resp);
    CHECK(log_prob[0] == -std::numeric_limits<double>::infinity());
    CHECK_CLOSE(resp[0] + resp[1], 1.0, 1e-15);
    CHECK(std::isfinite(log_prob[1]) && std::isfinite(log_prob[2]));
    const auto got = mixtura::e_step(kernel<double>(), p.rows, p.model, 1, nullptr);
    CHECK(std::isfinite(got.sums[0]) && std::isfinite(got.sums[got.s1]) && std::isfinite(got.sums[got.s2]));
    CHECK(got.sums[got.l] == -std::numeric_limits<double>::infinity());
}

}  // namespace

void test_passes() {
    grid<double>();
    grid<float>();
    apart<double>();
    apart<float>();
    alone();
    extremes();
}
