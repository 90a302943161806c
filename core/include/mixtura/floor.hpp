// Covariance matrices raised to their floor: eigenvalues of R^-T Sigma R^-1, with floor = R^T R, that lie below 1
// become
// 1. By Jacobi's rotations, in double and in one order.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernel.hpp"

namespace mixtura {

class Floor {
  public:
    // Rotations take long for large matrices, which have better methods elsewhere.
    static constexpr int most = 24;

    // `floor` (d, d) or null.
    Floor(const InstructionSet& set, int d, const double* floor) : d_(d), possible_(floor && d <= most) {
        if (!possible_) return;
        const std::size_t size = static_cast<std::size_t>(d) * d;
        std::vector<double> left(d);
        double log_det = 0;
        inverse_.resize(size);
        possible_ = set.whiten(1, d, floor, inverse_.data(), &log_det, left.data()) < 0;
        // R^T floors: R^T = floor R^-1.
        root_.assign(floor, floor + size);
        product(floor, inverse_.data(), root_.data());
        relative_.resize(size);
        vectors_.resize(size);
        work_.resize(size);
    }

    // False if it cannot be done.
    bool raise(double* covariance /* (d, d) */) {
        if (!possible_) return false;
        const std::size_t d = d_;
        product(covariance, inverse_.data(), work_.data());
        for (std::size_t i = 0; i < d; ++i) {
            for (std::size_t j = 0; j < d; ++j) {
                double sum = 0;
                for (std::size_t l = 0; l <= i; ++l) sum += inverse_[l * d + i] * work_[l * d + j];
                if (!std::isfinite(sum)) return false;
                relative_[i * d + j] = sum;
            }
        }
        for (std::size_t i = 0; i < d; ++i) {
            for (std::size_t j = 0; j < i; ++j) {
                relative_[i * d + j] = relative_[j * d + i] = 0.5 * (relative_[i * d + j] + relative_[j * d + i]);
            }
        }
        if (!diagonalise()) return false;
        bool low = false;
        for (std::size_t i = 0; i < d; ++i) low = low || relative_[i * d + i] < 1;
        if (!low) return true;  // but for rounding it stands above
        // R^T V sqrt(values), times its transpose.
        product(root_.data(), vectors_.data(), work_.data());
        for (std::size_t j = 0; j < d; ++j) {
            const double scale = std::sqrt(std::max(relative_[j * d + j], 1.0));
            for (std::size_t i = 0; i < d; ++i) work_[i * d + j] *= scale;
        }
        for (std::size_t i = 0; i < d; ++i) {
            for (std::size_t j = i; j < d; ++j) {
                double sum = 0;
                for (std::size_t l = 0; l < d; ++l) sum += work_[i * d + l] * work_[j * d + l];
                covariance[i * d + j] = covariance[j * d + i] = sum;
            }
        }
        return true;
    }

  private:
    void product(const double* a, const double* b, double* out) const {
        const std::size_t d = d_;
        for (std::size_t i = 0; i < d; ++i) {
            for (std::size_t j = 0; j < d; ++j) {
                double sum = 0;
                for (std::size_t l = 0; l < d; ++l) sum += a[i * d + l] * b[l * d + j];
                out[i * d + j] = sum;
            }
        }
    }

    // Leaves the eigenvalues on the diagonal of relative_, and the vectors in the columns of vectors_.
    bool diagonalise() {
        const std::size_t d = d_;
        std::fill(vectors_.begin(), vectors_.end(), 0.0);
        double size = 0;
        for (std::size_t i = 0; i < d; ++i) vectors_[i * d + i] = 1;
        for (const double a : relative_) size = std::max(size, std::fabs(a));
        constexpr int sweeps = 40;
        for (int sweep = 0; sweep < sweeps; ++sweep) {
            double off = 0;
            for (std::size_t p = 0; p < d; ++p) {
                for (std::size_t q = p + 1; q < d; ++q) {
                    // Small beside its own two eigenvalues: those of a small block beside a large one count too.
                    const double a = std::fabs(relative_[p * d + q]);
                    const double both = std::sqrt(std::fabs(relative_[p * d + p] * relative_[q * d + q]));
                    if (a <= 1e-17 * both || a < 1e-300 + 1e-30 * size) continue;
                    off = std::max(off, a);
                    rotate(p, q);
                }
            }
            if (off == 0) return true;
        }
        return false;
    }

    void rotate(std::size_t p, std::size_t q) {
        const std::size_t d = d_;
        double* a = relative_.data();
        const double theta = 0.5 * (a[q * d + q] - a[p * d + p]) / a[p * d + q];
        const double t = (theta < 0 ? -1.0 : 1.0) / (std::fabs(theta) + std::hypot(theta, 1.0));
        const double c = 1.0 / std::sqrt(t * t + 1.0), s = t * c;
        const auto turn = [c, s](double& x, double& y) {
            const double left = c * x - s * y;
            y = s * x + c * y;
            x = left;
        };
        for (std::size_t i = 0; i < d; ++i) turn(a[i * d + p], a[i * d + q]);
        for (std::size_t i = 0; i < d; ++i) turn(a[p * d + i], a[q * d + i]);
        a[p * d + q] = a[q * d + p] = 0;
        for (std::size_t i = 0; i < d; ++i) turn(vectors_[i * d + p], vectors_[i * d + q]);
    }

    int d_;
    bool possible_;
    std::vector<double> inverse_;  // (d, d) R^-1
    std::vector<double> root_;     // R^T
    std::vector<double> relative_, vectors_, work_;
};

}  // namespace mixtura
