// Dense geometry: triangular whitening y = t U and the symmetric sum of r t t^T, lanes being samples.
#pragma once

#include <cmath>

#include "tile.hpp"

namespace mixtura::MIXTURA_ISA {

// How many vectors of rows, times columns of U, are whitened at once, and how many features meet how many others in
// the sums: as many accumulators as leave registers for what they are fed with, at least as many as hide the latency.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kVectors = 4;
constexpr int kColumns = 4;
constexpr int kPairRows = 4;
constexpr int kLinear = 8;
#elif defined(__AVX2__)
constexpr int kVectors = 2;
constexpr int kColumns = 4;
constexpr int kPairRows = 3;
constexpr int kLinear = 6;
#else
constexpr int kVectors = 2;
constexpr int kColumns = 4;
constexpr int kPairRows = 2;
constexpr int kLinear = 4;
#endif
constexpr int kPairColumns = 4;
constexpr int kGroup = 3;  // times kPairColumns features that meet all others while they are in the first-level cache

// A range cut into the fewest parts of at most `most`, as equal as can be: short parts leave multipliers idle.
struct Parts {
    int count, length, longer;
    Parts(int n, int most) : count((n + most - 1) / most), length(count ? n / count : 0), longer(n - count * length) {}
    int size(int part) const { return length + (part < longer); }
    int first(int part) const { return part * length + (part < longer ? part : longer); }
};

// U is packed by blocks of columns, each row of a block contiguous, rows to the end of its triangle.
inline std::size_t packed_size(int d) {
    const Parts blocks(d, kColumns);
    std::size_t size = 0;
    for (int part = 0, end = 0; part < blocks.count; ++part) {
        end += blocks.size(part);
        size += static_cast<std::size_t>(end) * blocks.size(part);
    }
    return size;
}

template <class T>
inline void pack_upper(int d, const double* U /* (d, d) */, T* packed) {
    const Parts blocks(d, kColumns);
    for (int part = 0, j = 0; part < blocks.count; j += blocks.size(part++)) {
        const int columns = blocks.size(part);
        for (int i = 0; i < j + columns; ++i) {
            for (int c = j; c < j + columns; ++c)
                *packed++ = i <= c ? static_cast<T>(U[static_cast<std::ptrdiff_t>(i) * d + c]) : T(0);
        }
    }
}

// Where the pairs (i, 0), (i, 1), ... of an upper triangle by rows would begin; those with j >= i are there.
MIXTURA_INLINE double* pairs_from(double* S2, std::ptrdiff_t d, std::ptrdiff_t i) {
    return S2 + i * d - i * (i + 1) / 2;
}

// Calls f(Index<n>) for an n in 1 .. Most known at run time.
template <int Most, class F>
MIXTURA_INLINE void with_size(int n, const F& f) {
    if constexpr (Most > 1) {
        if (n < Most) return with_size<Most - 1>(n, f);
    }
    f(Index<Most>{});
}

// Calls f with the number of features if a kernel is compiled for it, else with 0.
template <class F>
MIXTURA_INLINE void with_features(int d, const F& f) {
    constexpr int most = 4;
    if (d > most) return f(Index<0>{});
    with_size<most>(d, f);
}

// y = (x - mu) U in NC columns from j, for one panel of rows; `u` is that block of the packed U. If not Centred, mu is
// 0. The difference is taken anew in each block: it costs adders that are idle, where a copy would cost loads and
// stores.
template <class A, int NC, bool Centred>
MIXTURA_INLINE void whiten_block(int j, const typename A::T* u, const typename A::T* x, std::ptrdiff_t stride,
                                 const typename A::T* mu, typename A::V (&y)[NC][kVectors]) {
    using V = typename A::V;
    const auto rows = [&](int i, V(&t)[kVectors]) MIXTURA_LAMBDA {
        each<kVectors>([&](auto v) MIXTURA_LAMBDA { t[v] = A::load(x + i * stride + v * A::L); });
        if constexpr (Centred) {
            const V m = A::all(mu[i]);
            each<kVectors>([&](auto v) MIXTURA_LAMBDA { t[v] -= m; });
        }
    };
    each<NC>([&](auto c) MIXTURA_LAMBDA { each<kVectors>([&](auto v) MIXTURA_LAMBDA { y[c][v] = V{}; }); });
    for (int i = 0; i < j; ++i, u += NC) {
        V t[kVectors];
        rows(i, t);
        each<NC>([&](auto c) MIXTURA_LAMBDA {
            const V w = A::all(u[c]);
            each<kVectors>([&](auto v) MIXTURA_LAMBDA { y[c][v] += t[v] * w; });
        });
    }
    each<NC>([&](auto i) MIXTURA_LAMBDA {  // the triangle on the diagonal
        V t[kVectors];
        rows(j + i, t);
        each<NC - i>([&](auto e) MIXTURA_LAMBDA {
            constexpr int c = i + e;
            const V w = A::all(u[i * NC + c]);
            each<kVectors>([&](auto v) MIXTURA_LAMBDA { y[c][v] += t[v] * w; });
        });
    });
}

// |y|^2 for one panel of rows and one component, to q, over the first `count` blocks of columns. If Bounded, false as
// soon as q is beyond `reach` in all rows.
template <class A, bool Bounded>
MIXTURA_INLINE bool dense_panel(const Parts& blocks, int count, std::ptrdiff_t S, const typename A::T* xt,
                                const typename A::T* mu, const typename A::T* u, const typename A::V (&reach)[kVectors],
                                typename A::V (&q)[kVectors]) {
    using V = typename A::V;
    each<kVectors>([&](auto v) MIXTURA_LAMBDA { q[v] = V{}; });
    for (int part = 0, j = 0; part < count; j += blocks.size(part++)) {
        with_size<kColumns>(blocks.size(part), [&](auto n) MIXTURA_LAMBDA {
            V y[n][kVectors];
            whiten_block<A, n, true>(j, u, xt, S, mu, y);
            each<n>([&](auto c)
                        MIXTURA_LAMBDA { each<kVectors>([&](auto v) MIXTURA_LAMBDA { q[v] += y[c][v] * y[c][v]; }); });
            u += (j + n) * n;
        });
        if (Bounded) {
            typename A::M within = q[0] <= reach[0];
            each<kVectors - 1>([&](auto v) MIXTURA_LAMBDA { within |= q[v + 1] <= reach[v + 1]; });
            if (!A::bits_where(within)) return false;
        }
    }
    return true;
}

// Logits of one component.
template <class A>
inline void dense_logits_general(int d, int R, std::ptrdiff_t S, const typename A::T* xt, const typename A::T* mu,
                                 const typename A::T* u, typename A::T offset, typename A::T* logit /* (R) */) {
    using V = typename A::V;
    const Parts blocks(d, kColumns);
    for (int r = 0; r < R; r += kVectors * A::L) {
        V q[kVectors];
        dense_panel<A, false>(blocks, blocks.count, S, xt + r, mu, u, q, q);
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
            each<j>([&](auto i) MIXTURA_LAMBDA { y += t[i + 1] * u[(i + 1) * D + j]; });
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

// S2 += sum over rows of v_i v_j for NI x NJ features from (i, j), i + NI <= j.
template <class A, int NI, int NJ>
MIXTURA_INLINE void pair_block(int d, int R, std::ptrdiff_t S, int i, int j, const typename A::T* v, double* S2) {
    using V = typename A::V;
    V s[NI * NJ];
    each<NI * NJ>([&](auto p) MIXTURA_LAMBDA { s[p] = V{}; });
    const typename A::T* a = v + i * S;
    const typename A::T* b = v + j * S;
    for (int r = 0; r < R; r += A::L) {
        V x[NI];
        each<NI>([&](auto e) MIXTURA_LAMBDA { x[e] = A::load(a + e * S + r); });
        each<NJ>([&](auto c) MIXTURA_LAMBDA {
            const V y = A::load(b + c * S + r);
            each<NI>([&](auto e) MIXTURA_LAMBDA { s[e * NJ + c] += x[e] * y; });
        });
    }
    typename A::T sums[A::template room<NI * NJ>];
    A::sums(s, sums);
    for (int e = 0; e < NI; ++e) {
        double* out = pairs_from(S2, d, i + e) + j;
        for (int c = 0; c < NJ; ++c) out[c] += static_cast<double>(sums[e * NJ + c]);
    }
}

// The same for the pairs of NJ features from j with each other.
template <class A, int NJ>
MIXTURA_INLINE void pair_triangle(int d, int R, std::ptrdiff_t S, int j, const typename A::T* v, double* S2) {
    using V = typename A::V;
    constexpr int count = NJ * (NJ + 1) / 2;
    constexpr auto at = [](int e, int c) { return e * NJ - e * (e + 1) / 2 + c; };
    V s[count];
    each<count>([&](auto p) MIXTURA_LAMBDA { s[p] = V{}; });
    const typename A::T* a = v + j * S;
    for (int r = 0; r < R; r += A::L) {
        V x[NJ];
        each<NJ>([&](auto e) MIXTURA_LAMBDA { x[e] = A::load(a + e * S + r); });
        each<NJ>([&](auto e) MIXTURA_LAMBDA {
            each<NJ - e>([&](auto c) MIXTURA_LAMBDA { s[at(e, e + c)] += x[e] * x[e + c]; });
        });
    }
    typename A::T sums[A::template room<count>];
    A::sums(s, sums);
    for (int e = 0; e < NJ; ++e) {
        double* out = pairs_from(S2, d, j + e) + j;
        for (int c = e; c < NJ; ++c) out[c] += static_cast<double>(sums[at(e, c)]);
    }
}

// Sums over the tile of r t and r t t^T. With v = sqrt(r) t the second is symmetric in one array, so that a group of
// features stays in the first-level cache while all others meet it. v has room for (d, S), root for (R).
template <class A>
inline void dense_sums_general(int d, int R, std::ptrdiff_t S, const typename A::T* xt, const typename A::T* mu,
                               const typename A::T* resp, typename A::T* v, typename A::T* root, double* S1,
                               double* S2) {
    using V = typename A::V;
    const Parts blocks(d, kPairColumns);
    for (int part = 0, j = 0; part < blocks.count; j += blocks.size(part++)) {
        with_size<kPairColumns>(blocks.size(part), [&](auto n) MIXTURA_LAMBDA {
            V m[n], s1[n];
            each<n>([&](auto c) MIXTURA_LAMBDA {
                m[c] = A::all(mu[j + c]);
                s1[c] = V{};
            });
            for (int r = 0; r < R; r += A::L) {
                V w;
                if (j == 0) {  // beside what the stores wait for
                    w = A::sqrt(A::load(resp + r));
                    A::store(root + r, w);
                } else {
                    w = A::load(root + r);
                }
                each<n>([&](auto c) MIXTURA_LAMBDA {
                    const std::ptrdiff_t at = (j + c) * S + r;
                    const V x = w * (A::load(xt + at) - m[c]);
                    A::store(v + at, x);
                    s1[c] += w * x;
                });
            }
            typename A::T sums[A::template room<n>];
            A::sums(s1, sums);
            for (int c = 0; c < n; ++c) S1[j + c] += static_cast<double>(sums[c]);
        });
    }
    int group = 0;  // its first feature
    for (int first = 0; first < blocks.count; first += kGroup) {
        int end = group;
        for (int part = first; part < blocks.count && part < first + kGroup; ++part) end += blocks.size(part);
        for (int part = first, j = group; part < blocks.count; j += blocks.size(part++)) {
            const int before = (j < end ? j : end) - group;
            with_size<kPairColumns>(blocks.size(part), [&](auto n) MIXTURA_LAMBDA {
                const Parts rows(before, kPairRows);
                for (int q = 0, i = group; q < rows.count; i += rows.size(q++)) {
                    with_size<kPairRows>(rows.size(q),
                                         [&](auto m) MIXTURA_LAMBDA { pair_block<A, m, n>(d, R, S, i, j, v, S2); });
                }
                if (j < end) pair_triangle<A, n>(d, R, S, j, v, S2);
            });
        }
        group = end;
    }
}

}  // namespace mixtura::MIXTURA_ISA
