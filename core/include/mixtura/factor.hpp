// Whiteners of covariance matrices: Sigma = R^T R with R upper triangular, U = R^-1, by rows so that every inner
// loop is contiguous. In double, in one order whatever the machine: a BLAS changes its bits with its threads.
#pragma once

#include <cmath>

#include "kernel.hpp"

namespace mixtura::MIXTURA_ISA {

// R over the upper triangle of a (d, d). False at the first pivot that is not positive and finite.
inline bool cholesky(int d, double* a) {
    for (int i = 0; i < d; ++i) {
        double* row = a + static_cast<std::ptrdiff_t>(i) * d;
        const double pivot = row[i];
        if (!(pivot > 0) || !std::isfinite(pivot)) return false;
        const double root = std::sqrt(pivot);
        for (int j = i; j < d; ++j) row[j] /= root;
        for (int k = i + 1; k < d; ++k) {
            double* below = a + static_cast<std::ptrdiff_t>(k) * d;
            const double factor = row[k];
            for (int j = k; j < d; ++j) below[j] -= factor * row[j];
        }
    }
    return true;
}

// R^-1 over R, from the last row up; `left` has room for d numbers.
inline void invert_upper(int d, double* a, double* left) {
    for (int i = d - 1; i >= 0; --i) {
        double* row = a + static_cast<std::ptrdiff_t>(i) * d;
        const double inverse = 1.0 / row[i];
        for (int k = i + 1; k < d; ++k) {
            left[k] = row[k];
            row[k] = 0;
        }
        for (int k = i + 1; k < d; ++k) {
            const double* below = a + static_cast<std::ptrdiff_t>(k) * d;
            const double factor = -left[k] * inverse;
            for (int j = k; j < d; ++j) row[j] += factor * below[j];
        }
        row[i] = inverse;
    }
}

inline void copy_upper(int d, const double* from, double* to) {
    for (int i = 0; i < d; ++i, from += d, to += d) {
        for (int j = 0; j < d; ++j) to[j] = j < i ? 0.0 : from[j];
    }
}

// Of m matrices, the first that is not positive definite, or -1; `work` has room for one.
inline int first_indefinite(int m, int d, const double* matrices, double* work) {
    for (int k = 0; k < m; ++k, matrices += static_cast<std::ptrdiff_t>(d) * d) {
        copy_upper(d, matrices, work);
        if (!cholesky(d, work)) return k;
    }
    return -1;
}

// U and log det U of m matrices; the first that is not positive definite, or -1. Reads upper triangles only.
inline int whiten(int m, int d, const double* covariances, double* U, double* log_det, double* left) {
    const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(d) * d;
    for (int k = 0; k < m; ++k, covariances += size, U += size) {
        copy_upper(d, covariances, U);
        if (!cholesky(d, U)) return k;
        invert_upper(d, U, left);
        double sum = 0, finite = 0;
        for (int i = 0; i < d; ++i) sum += std::log(U[static_cast<std::ptrdiff_t>(i) * d + i]);
        for (std::ptrdiff_t p = 0; p < size; ++p) finite += 0.0 * U[p];
        if (finite != 0 || !std::isfinite(sum)) return k;
        log_det[k] = sum;
    }
    return -1;
}

}  // namespace mixtura::MIXTURA_ISA
