// Dense geometry: triangular whitening y = t U and the symmetric sum of r t t^T, lanes being samples.
#pragma once

#include "tile.hpp"

namespace mixtura::MIXTURA_ISA {

constexpr int kColumns = 4;  // columns of U, and features of a pair block, that one pass over the rows serves

// Vectors of rows that one broadcast of U serves: 4 x 4 accumulators need 32 registers.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kVectors = 4;
constexpr int kPairRows = 4;
#else
constexpr int kVectors = 2;
constexpr int kPairRows = 2;
#endif

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

// Calls f(Index<n>) for an n in 1 .. 4 known at run time.
template <class F>
MIXTURA_INLINE void with_size(int n, const F& f) {
    switch (n) {
        case 1:
            return f(Index<1>{});
        case 2:
            return f(Index<2>{});
        case 3:
            return f(Index<3>{});
        default:
            return f(Index<4>{});
    }
}

// y = (t U) in NC columns from j, for one panel of rows; `u` is that block of the packed U.
template <class A, int NC>
MIXTURA_INLINE void whiten_block(int j, const typename A::T* u, const typename A::T* t, std::ptrdiff_t stride,
                                 typename A::V (&y)[NC][kVectors]) {
    using V = typename A::V;
    each<NC>([&](auto c) MIXTURA_LAMBDA { each<kVectors>([&](auto v) MIXTURA_LAMBDA { y[c][v] = V{}; }); });
    for (int i = 0; i < j; ++i, t += stride, u += kColumns) {
        V x[kVectors];
        each<kVectors>([&](auto v) MIXTURA_LAMBDA { x[v] = A::load(t + v * A::L); });
        each<NC>([&](auto c) MIXTURA_LAMBDA {
            const V w = A::all(u[c]);
            each<kVectors>([&](auto v) MIXTURA_LAMBDA { y[c][v] += x[v] * w; });
        });
    }
    each<NC>([&](auto i) MIXTURA_LAMBDA {  // the triangle on the diagonal
        V x[kVectors];
        each<kVectors>([&](auto v) MIXTURA_LAMBDA { x[v] = A::load(t + i * stride + v * A::L); });
        each<NC - i>([&](auto e) MIXTURA_LAMBDA {
            constexpr int c = i + e;
            const V w = A::all(u[i * kColumns + c]);
            each<kVectors>([&](auto v) MIXTURA_LAMBDA { y[c][v] += x[v] * w; });
        });
    });
}

// Logits of one component. A panel of rows about the mean, (d, kVectors L), stays in the first-level cache.
template <class A>
inline void dense_logits_general(int d, int R, std::ptrdiff_t S, const typename A::T* xt, const typename A::T* mu,
                                 const typename A::T* u, typename A::T offset, typename A::T* panel,
                                 typename A::T* logit /* (R) */) {
    using V = typename A::V;
    constexpr int step = kVectors * A::L;
    for (int r = 0; r < R; r += step) {
        for (int i = 0; i < d; ++i) {
            const V m = A::all(mu[i]);
            each<kVectors>([&](auto v) MIXTURA_LAMBDA {
                A::store(panel + i * step + v * A::L, A::load(xt + i * S + r + v * A::L) - m);
            });
        }
        V q[kVectors];
        each<kVectors>([&](auto v) MIXTURA_LAMBDA { q[v] = V{}; });
        const typename A::T* block = u;
        for (int j = 0; j < d; j += kColumns) {
            with_size(d - j, [&](auto n) MIXTURA_LAMBDA {
                V y[n][kVectors];
                whiten_block<A, n>(j, block, panel, step, y);
                each<n>([&](auto c) MIXTURA_LAMBDA {
                    each<kVectors>([&](auto v) MIXTURA_LAMBDA { q[v] += y[c][v] * y[c][v]; });
                });
            });
            block += (j + kColumns) * kColumns;
        }
        each<kVectors>([&](auto v) MIXTURA_LAMBDA { A::store(logit + r + v * A::L, to_logit<A>(q[v], offset)); });
    }
}

// The same with d known at compile time: t and y stay in registers.
template <class A, int D>
inline void dense_logits_small(int R, std::ptrdiff_t S, const typename A::T* xt, const typename A::T* mu,
                               const typename A::T* u, typename A::T offset, typename A::T* logit) {
    using V = typename A::V;
    for (int r = 0; r < R; r += A::L) {
        V t[D];
        each<D>([&](auto j) MIXTURA_LAMBDA { t[j] = A::load(xt + j * S + r) - mu[j]; });
        V q = V{};
        each<D>([&](auto j) MIXTURA_LAMBDA {
            V y = t[0] * u[j];
            each<j>([&](auto i) MIXTURA_LAMBDA { y += t[i + 1] * u[(i + 1) * kColumns + j]; });
            q += y * y;
        });
        A::store(logit + r, to_logit<A>(q, offset));
    }
}

// Sums over the tile of r t and r t t^T with d known at compile time.
template <class A, int D>
inline void dense_sums_small(int R, std::ptrdiff_t S, const typename A::T* xt, const typename A::T* mu,
                             const typename A::T* resp, double* S1, double* S2) {
    using V = typename A::V;
    constexpr int pairs = D * (D + 1) / 2;
    V s[D + pairs];
    each<D + pairs>([&](auto i) MIXTURA_LAMBDA { s[i] = V{}; });
    for (int r = 0; r < R; r += A::L) {
        const V w = A::load(resp + r);
        V t[D];
        each<D>([&](auto j) MIXTURA_LAMBDA { t[j] = A::load(xt + j * S + r) - mu[j]; });
        each<D>([&](auto i) MIXTURA_LAMBDA {
            const V wt = w * t[i];
            s[i] += wt;
            each<D - i>([&](auto e) MIXTURA_LAMBDA { s[D + i * D - i * (i - 1) / 2 + e] += wt * t[i + e]; });
        });
    }
    typename A::T sums[A::template room<D + pairs>];
    A::sums(s, sums);
    for (int i = 0; i < D; ++i) S1[i] += static_cast<double>(sums[i]);
    for (int p = 0; p < pairs; ++p) S2[p] += static_cast<double>(sums[D + p]);
}

// S2 += sum over rows of wt_i t_j for NI x NJ features from (i, j); of a block on the diagonal, the upper triangle.
template <class A, int NI, int NJ, bool Diagonal>
inline void pair_block(int d, int R, std::ptrdiff_t S, int i, int j, const typename A::T* wt, const typename A::T* t,
                       double* S2) {
    using V = typename A::V;
    constexpr int count = Diagonal ? NI * NJ - NI * (NI - 1) / 2 : NI * NJ;
    constexpr auto at = [](int e, int c) { return Diagonal ? e * NJ - e * (e - 1) / 2 + c - e : e * NJ + c; };
    V s[count];
    each<count>([&](auto p) MIXTURA_LAMBDA { s[p] = V{}; });
    const typename A::T* a = wt + i * S;
    const typename A::T* b = t + j * S;
    for (int r = 0; r < R; r += A::L) {
        V x[NJ];
        each<NJ>([&](auto c) MIXTURA_LAMBDA { x[c] = A::load(b + c * S + r); });
        each<NI>([&](auto e) MIXTURA_LAMBDA {
            const V w = A::load(a + e * S + r);
            each<NJ>([&](auto c) MIXTURA_LAMBDA {
                if constexpr (!Diagonal || c >= e) s[at(e, c)] += w * x[c];
            });
        });
    }
    typename A::T sums[A::template room<count>];
    A::sums(s, sums);
    for (int e = 0; e < NI; ++e) {
        const std::ptrdiff_t row = i + e;
        double* out = S2 + row * d - row * (row - 1) / 2 - row + j;  // out[c] is pair (row, j + c)
        for (int c = Diagonal ? e : 0; c < NJ; ++c) out[c] += static_cast<double>(sums[at(e, c)]);
    }
}

// Sums over the tile of r t and r t t^T; t and wt are room for (d, S) each.
template <class A>
inline void dense_sums_general(int d, int R, std::ptrdiff_t S, const typename A::T* xt, const typename A::T* mu,
                               const typename A::T* resp, typename A::T* t, typename A::T* wt, double* S1, double* S2) {
    using V = typename A::V;
    for (int j = 0; j < d; j += kColumns) {
        with_size(d - j, [&](auto n) MIXTURA_LAMBDA {
            V s1[n];
            each<n>([&](auto c) MIXTURA_LAMBDA { s1[c] = V{}; });
            for (int r = 0; r < R; r += A::L) {
                const V w = A::load(resp + r);
                each<n>([&](auto c) MIXTURA_LAMBDA {
                    const std::ptrdiff_t at = (j + c) * S + r;
                    const V x = A::load(xt + at) - mu[j + c];
                    const V wx = w * x;
                    A::store(t + at, x);
                    A::store(wt + at, wx);
                    s1[c] += wx;
                });
            }
            typename A::T sums[A::template room<n>];
            A::sums(s1, sums);
            for (int c = 0; c < n; ++c) S1[j + c] += static_cast<double>(sums[c]);
        });
    }
    for (int j = 0; j < d; j += kColumns) {
        with_size(d - j, [&](auto n) MIXTURA_LAMBDA {
            for (int i = 0; i < j; i += kPairRows) pair_block<A, kPairRows, n, false>(d, R, S, i, j, wt, t, S2);
            pair_block<A, n, n, true>(d, R, S, j, j, wt, t, S2);
        });
    }
}

}  // namespace mixtura::MIXTURA_ISA
