// Dense geometry: triangular whitening y = t U and the symmetric sum of r t t^T, lanes being samples.
#pragma once

#include "tile.hpp"

namespace mixtura::MIXTURA_ISA {

constexpr int kColumns = 4;  // columns of U, and features of a pair block, that one pass over the rows serves
constexpr int kVectors = 4;  // vectors of rows that one broadcast of U serves

// U is packed by blocks of four columns, each row of a block contiguous, rows to the end of its triangle.
inline std::size_t packed_size(int d) {
    std::size_t size = 0;
    for (int j = 0; j < d; j += kColumns)
        size += static_cast<std::size_t>((j + kColumns < d ? j + kColumns : d)) * kColumns;
    return size;
}

template <class T>
inline void pack_upper(int d, const double* U /* (d, d) */, T* packed) {
    for (int j = 0; j < d; j += kColumns) {
        const int rows = j + kColumns < d ? j + kColumns : d;
        for (int i = 0; i < rows; ++i) {
            for (int c = 0; c < kColumns; ++c) {
                const bool inside = j + c < d && i <= j + c;
                *packed++ = inside ? static_cast<T>(U[static_cast<std::ptrdiff_t>(i) * d + j + c]) : T(0);
            }
        }
    }
}

// q += |(t U)_j|^2 for NC columns from j; `u` is that block of the packed U.
template <class A, int NC>
inline void whiten_block(int rows_of_u, int R, const typename A::T* u, const typename A::T* t /* (d, R) */,
                         typename A::T* q /* (R) */) {
    using V = typename A::V;
    constexpr int step = kVectors * A::L;
    for (int r = 0; r < R; r += step) {
        V y[NC][kVectors] = {};
        const typename A::T* p = t + r;
        const typename A::T* b = u;
        for (int i = 0; i < rows_of_u; ++i, p += R, b += kColumns) {
            V x[kVectors];
            for (int v = 0; v < kVectors; ++v) x[v] = A::load(p + v * A::L);
            for (int c = 0; c < NC; ++c) {
                const V w = A::all(b[c]);
                for (int v = 0; v < kVectors; ++v) y[c][v] += x[v] * w;
            }
        }
        for (int v = 0; v < kVectors; ++v) {
            V s = A::load(q + r + v * A::L);
            for (int c = 0; c < NC; ++c) s += y[c][v] * y[c][v];
            A::store(q + r + v * A::L, s);
        }
    }
}

template <class A>
inline void subtract(int d, int R, const typename A::T* xt, const typename A::T* mu, typename A::T* t) {
    for (int j = 0; j < d; ++j) {
        const auto m = A::all(mu[j]);
        const std::ptrdiff_t o = static_cast<std::ptrdiff_t>(j) * R;
        for (int r = 0; r < R; r += A::L) A::store(t + o + r, A::load(xt + o + r) - m);
    }
}

template <class A>
inline void dense_logits_general(int d, int R, const typename A::T* t, const typename A::T* u, typename A::T offset,
                                 typename A::T* logit /* (R) */) {
    for (int r = 0; r < R; r += A::L) A::store(logit + r, typename A::V{});
    for (int j = 0; j < d; j += kColumns) {
        const int rows_of_u = j + kColumns < d ? j + kColumns : d;
        switch (d - j) {
            case 1:
                whiten_block<A, 1>(rows_of_u, R, u, t, logit);
                break;
            case 2:
                whiten_block<A, 2>(rows_of_u, R, u, t, logit);
                break;
            case 3:
                whiten_block<A, 3>(rows_of_u, R, u, t, logit);
                break;
            default:
                whiten_block<A, 4>(rows_of_u, R, u, t, logit);
                break;
        }
        u += static_cast<std::ptrdiff_t>(rows_of_u) * kColumns;
    }
    for (int r = 0; r < R; r += A::L) A::store(logit + r, to_logit<A>(A::load(logit + r), offset));
}

// The same with d known at compile time: t and y stay in registers.
template <class A, int D>
inline void dense_logits_small(int R, const typename A::T* xt, const typename A::T* mu, const typename A::T* u,
                               typename A::T offset, typename A::T* logit) {
    using V = typename A::V;
    for (int r = 0; r < R; r += A::L) {
        V t[D];
        for (int j = 0; j < D; ++j) t[j] = A::load(xt + j * R + r) - mu[j];
        V q = V{};
        for (int j = 0; j < D; ++j) {
            V y = t[0] * u[j];
            for (int i = 1; i <= j; ++i) y += t[i] * u[i * kColumns + j];
            q += y * y;
        }
        A::store(logit + r, to_logit<A>(q, offset));
    }
}

// Sums over the tile of r, r t and r t t^T with d known at compile time.
template <class A, int D>
inline void dense_sums_small(int R, const typename A::T* xt, const typename A::T* mu, const typename A::T* resp,
                             double* S0, double* S1, double* S2) {
    using V = typename A::V;
    V s0 = V{};
    V s1[D] = {};
    V s2[D * (D + 1) / 2] = {};
    for (int r = 0; r < R; r += A::L) {
        const V w = A::load(resp + r);
        s0 += w;
        V t[D];
        for (int j = 0; j < D; ++j) t[j] = A::load(xt + j * R + r) - mu[j];
        int pair = 0;
        for (int i = 0; i < D; ++i) {
            const V wt = w * t[i];
            s1[i] += wt;
            for (int j = i; j < D; ++j) s2[pair++] += wt * t[j];
        }
    }
    *S0 += static_cast<double>(A::sum(s0));
    for (int i = 0; i < D; ++i) S1[i] += static_cast<double>(A::sum(s1[i]));
    for (int p = 0; p < D * (D + 1) / 2; ++p) S2[p] += static_cast<double>(A::sum(s2[p]));
}

// NI x NJ pairs of features from (i, j): S2 += sum over rows of wt_i t_j, upper triangle only.
template <class A, int NI, int NJ>
inline void pair_block(int d, int R, int i, int j, const typename A::T* wt, const typename A::T* t, double* S2) {
    using V = typename A::V;
    V s[NI][NJ] = {};
    const typename A::T* a = wt + static_cast<std::ptrdiff_t>(i) * R;
    const typename A::T* b = t + static_cast<std::ptrdiff_t>(j) * R;
    for (int r = 0; r < R; r += A::L) {
        V x[NJ];
        for (int c = 0; c < NJ; ++c) x[c] = A::load(b + static_cast<std::ptrdiff_t>(c) * R + r);
        for (int e = 0; e < NI; ++e) {
            const V w = A::load(a + static_cast<std::ptrdiff_t>(e) * R + r);
            for (int c = 0; c < NJ; ++c) s[e][c] += w * x[c];
        }
    }
    for (int e = 0; e < NI; ++e) {
        const std::ptrdiff_t row = i + e;
        double* out = S2 + row * d - row * (row - 1) / 2 - row;  // out[column] is pair (row, column)
        for (int c = 0; c < NJ; ++c) {
            if (j + c >= i + e) out[j + c] += static_cast<double>(A::sum(s[e][c]));
        }
    }
}

template <class A, int NI>
inline void pair_row(int d, int R, int i, const typename A::T* wt, const typename A::T* t, double* S2) {
    int j = i;
    for (; j + kColumns <= d; j += kColumns) pair_block<A, NI, kColumns>(d, R, i, j, wt, t, S2);
    switch (d - j) {
        case 1:
            pair_block<A, NI, 1>(d, R, i, j, wt, t, S2);
            break;
        case 2:
            pair_block<A, NI, 2>(d, R, i, j, wt, t, S2);
            break;
        case 3:
            pair_block<A, NI, 3>(d, R, i, j, wt, t, S2);
            break;
        default:
            break;
    }
}

template <class A>
inline void dense_sums_general(int d, int R, const typename A::T* xt, const typename A::T* mu,
                               const typename A::T* resp, typename A::T* t, typename A::T* wt, double* S0, double* S1,
                               double* S2) {
    using V = typename A::V;
    V s0 = V{};
    for (int r = 0; r < R; r += A::L) s0 += A::load(resp + r);
    *S0 += static_cast<double>(A::sum(s0));
    for (int j = 0; j < d; ++j) {
        const std::ptrdiff_t o = static_cast<std::ptrdiff_t>(j) * R;
        V s1 = V{};
        for (int r = 0; r < R; r += A::L) {
            const V x = A::load(xt + o + r) - mu[j];
            const V w = x * A::load(resp + r);
            A::store(t + o + r, x);
            A::store(wt + o + r, w);
            s1 += w;
        }
        S1[j] += static_cast<double>(A::sum(s1));
    }
    int i = 0;
    for (; i + kColumns <= d; i += kColumns) pair_row<A, 4>(d, R, i, wt, t, S2);
    switch (d - i) {
        case 1:
            pair_row<A, 1>(d, R, i, wt, t, S2);
            break;
        case 2:
            pair_row<A, 2>(d, R, i, wt, t, S2);
            break;
        case 3:
            pair_row<A, 3>(d, R, i, wt, t, S2);
            break;
        default:
            break;
    }
}

}  // namespace mixtura::MIXTURA_ISA
