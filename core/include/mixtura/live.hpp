// Sums over the rows that belong to a component, where these are few: by rows as they lie, features being lanes. The
// kernels that take samples for lanes do the same for all rows of a tile.
#pragma once

#include <limits>

#include "buffers.hpp"

namespace mixtura::MIXTURA_ISA {

// By the bits of a number: where those of its four that are set lie, from the lowest on.
constexpr std::int32_t kSet[16][4] = {{},  {0},    {1},    {0, 1},    {2},    {0, 2},    {1, 2},    {0, 1, 2},
                                      {3}, {0, 3}, {1, 3}, {0, 1, 3}, {2, 3}, {0, 2, 3}, {1, 2, 3}, {0, 1, 2, 3}};

// Of R rows, those with a weight above 0, to `live`, which has room for 4 more; how many they are. Without a branch a
// row: nothing can foretell which they are.
template <class A>
inline int list_live(int R, const typename A::T* weight, std::int32_t* live) {
    using Four = Vec<std::int32_t, 4>;
    int n = 0;
    for (int r = 0; r < R; r += A::L) {
        const unsigned bits = A::bits_where(A::load(weight + r) > typename A::T(0));
        each<(A::L + 3) / 4>([&](auto g) MIXTURA_LAMBDA {
            const unsigned part = bits >> 4 * g & 15;
            Four rows;
            std::memcpy(&rows, kSet[part], sizeof rows);
            rows += r + 4 * g;
            std::memcpy(live + n, &rows, sizeof rows);
            n += __builtin_popcount(part);
        });
    }
    return n;
}

// The rows of a tile with a weight above 0, read in place by vectors of features. A vector may reach past the end of
// its row, but not past that of the data: there, and where features do not lie side by side, the row is copied.
template <class A>
struct LiveRows {
    using T = typename A::T;
    const Rows& X;
    const T** row;  // (n)
    T* weight;      // (n)
    int n;

    LiveRows(const Rows& rows, std::int64_t first, const std::int32_t* order, int R, const T* weights,
             const Buffers<A>& b)
        : X(rows), row(b.live), weight(b.live_weight), n(list_live<A>(R, weights, b.which)) {
        constexpr std::int64_t item = sizeof(T);
        const std::ptrdiff_t stride = whole<A>(X.d);
        const bool in_place = X.column_stride == item && X.row_stride > 0;
        // Bytes from the start of the data within which a row may begin.
        const std::int64_t limit =
            in_place ? (X.n - 1) * X.row_stride + (X.d - stride) * item : std::numeric_limits<std::int64_t>::min();
        for (int i = 0; i < n; ++i) {
            const std::int32_t r = b.which[i];
            weight[i] = weights[r];
            const std::int64_t offset = (first + (order ? order[r] : r)) * X.row_stride;
            const char* p = X.data + offset;
            row[i] = reinterpret_cast<const T*>(p);
            if (offset <= limit) continue;
            T* copy = b.t + i * stride;
            for (int j = 0; j < X.d; ++j) copy[j] = *reinterpret_cast<const T*>(p + j * X.column_stride);
            row[i] = copy;
        }
    }
};

// out[l] += lane l, for the lanes from `from` to `to`.
template <class A>
MIXTURA_INLINE void add_lanes(double* out, typename A::V v, int from, int to) {
    if (from <= 0 && to >= A::L) {
        using D = Vec<double, A::L>;
        D sum;
        std::memcpy(&sum, out, sizeof sum);
        sum += __builtin_convertvector(v, D);
        std::memcpy(out, &sum, sizeof sum);
    } else {
        for (int l = from > 0 ? from : 0; l < A::L && l < to; ++l) out[l] += static_cast<double>(v[l]);
    }
}

// NJ vectors of features, from j: about the centre and, unless mu is null, about a mean.
template <class A, int NJ>
struct Features {
    using T = typename A::T;
    using V = typename A::V;
    V high[NJ], low[NJ], mean[NJ];
    Features(const double* centre, const T* mu, int j, int d) {
        T h[NJ * A::L] = {}, l[NJ * A::L] = {}, m[NJ * A::L] = {};
        for (int i = 0; i < NJ * A::L && j + i < d; ++i) {
            const Centre<A> c(centre[j + i]);
            h[i] = c.high;
            l[i] = c.low;
            m[i] = mu ? mu[j + i] : T(0);
        }
        each<NJ>([&](auto c) MIXTURA_LAMBDA {
            high[c] = A::load(h + c * A::L);
            low[c] = A::load(l + c * A::L);
            mean[c] = A::load(m + c * A::L);
        });
    }
    // x - centre - mean, as the tile and the kernels on it take it.
    template <class C>
    MIXTURA_INLINE V about(const T* x, C c) const {
        V t = A::load(x + c * A::L) - high[c];
        if constexpr (sizeof(T) == 4) t -= low[c];
        return t - mean[c];
    }
};

constexpr int kFeatures = 4;  // vectors of features at once
// A component with fewer than one in so many rows of a tile is summed by its rows: with pairs of features, and without.
constexpr int kFewDense = 2;
constexpr int kFewFlat = 6;

// Sums of w (x - centre) of one component; less its mean, unless mu is null.
template <class A>
inline void live_first_moments(int d, const LiveRows<A>& live, const typename A::T* mu, double* S1) {
    using V = typename A::V;
    const Parts parts(static_cast<int>(whole<A>(d) / A::L), kFeatures);
    for (int part = 0, j = 0; part < parts.count; j += parts.size(part++) * A::L) {
        with_size<kFeatures>(parts.size(part), [&](auto nj) MIXTURA_LAMBDA {
            const Features<A, nj> about(live.X.centre, mu, j, d);
            V s[nj];
            each<nj>([&](auto c) MIXTURA_LAMBDA { s[c] = V{}; });
            for (int i = 0; i < live.n; ++i) {
                const typename A::T* x = live.row[i] + j;
                const V w = A::all(live.weight[i]);
                each<nj>([&](auto c) MIXTURA_LAMBDA { s[c] += w * about.about(x, c); });
            }
            each<nj>([&](auto c) MIXTURA_LAMBDA {
                const int at = j + c * A::L;
                add_lanes<A>(S1 + at, s[c], 0, d - at);
            });
        });
    }
}

// Sums of w t and w t^2 a feature.
template <class A>
inline void live_diagonal_sums(int d, const LiveRows<A>& live, const typename A::T* mu, double* S1, double* S2) {
    using V = typename A::V;
    constexpr int most = kFeatures / 2;
    const Parts parts(static_cast<int>(whole<A>(d) / A::L), most);
    for (int part = 0, j = 0; part < parts.count; j += parts.size(part++) * A::L) {
        with_size<most>(parts.size(part), [&](auto nj) MIXTURA_LAMBDA {
            const Features<A, nj> about(live.X.centre, mu, j, d);
            V s1[nj], s2[nj];
            each<nj>([&](auto c) MIXTURA_LAMBDA { s1[c] = s2[c] = V{}; });
            for (int i = 0; i < live.n; ++i) {
                const typename A::T* x = live.row[i] + j;
                const V w = A::all(live.weight[i]);
                each<nj>([&](auto c) MIXTURA_LAMBDA {
                    const V t = about.about(x, c);
                    const V wt = w * t;
                    s1[c] += wt;
                    s2[c] += wt * t;
                });
            }
            each<nj>([&](auto c) MIXTURA_LAMBDA {
                const int at = j + c * A::L;
                add_lanes<A>(S1 + at, s1[c], 0, d - at);
                add_lanes<A>(S2 + at, s2[c], 0, d - at);
            });
        });
    }
}

// S2 += sum over n rows of v_i v_j, for NI features from i and NJ vectors of features from j.
template <class A, int NI, int NJ>
MIXTURA_INLINE void live_pair_block(int d, int n, int i, int j, const typename A::T* v, std::ptrdiff_t stride,
                                    double* S2) {
    using V = typename A::V;
    V s[NI][NJ];
    each<NI>([&](auto e) MIXTURA_LAMBDA { each<NJ>([&](auto c) MIXTURA_LAMBDA { s[e][c] = V{}; }); });
    for (int r = 0; r < n; ++r, v += stride) {
        V y[NJ];
        each<NJ>([&](auto c) MIXTURA_LAMBDA { y[c] = A::load(v + j + c * A::L); });
        each<NI>([&](auto e) MIXTURA_LAMBDA {
            const V x = A::all(v[i + e]);
            each<NJ>([&](auto c) MIXTURA_LAMBDA { s[e][c] += x * y[c]; });
        });
    }
    each<NI>([&](auto e) MIXTURA_LAMBDA {
        double* out = pairs_from(S2, d, i + e) + j;
        each<NJ>([&](auto c) MIXTURA_LAMBDA {
            const int at = j + c * A::L;
            add_lanes<A>(out + c * A::L, s[e][c], i + e - at, d - at);
        });
    });
}

// Sums of w t and w t t^T; v, where copied rows may stand, has room for n rows of whole vectors, root for n numbers in
// whole vectors.
template <class A>
inline void live_dense_sums(int d, const LiveRows<A>& live, const typename A::T* mu, typename A::T* v,
                            typename A::T* root, double* S1, double* S2) {
    using T = typename A::T;
    using V = typename A::V;
    const std::ptrdiff_t stride = whole<A>(d);
    const int vectors = static_cast<int>(stride / A::L), n = live.n;
    for (int i = 0; i < n; ++i) root[i] = live.weight[i];
    for (int i = n; i % A::L; ++i) root[i] = T(0);
    for (int i = 0; i < n; i += A::L) A::store(root + i, A::sqrt(A::load(root + i)));
    const Parts parts(vectors, kFeatures);
    for (int part = 0, j = 0; part < parts.count; j += parts.size(part++) * A::L) {
        with_size<kFeatures>(parts.size(part), [&](auto nj) MIXTURA_LAMBDA {
            const Features<A, nj> about(live.X.centre, mu, j, d);
            V s[nj];
            each<nj>([&](auto c) MIXTURA_LAMBDA { s[c] = V{}; });
            for (int i = 0; i < n; ++i) {
                const T* x = live.row[i] + j;
                const V w = A::all(root[i]);
                each<nj>([&](auto c) MIXTURA_LAMBDA {
                    const V y = w * about.about(x, c);
                    A::store(v + i * stride + j + c * A::L, y);
                    s[c] += w * y;
                });
            }
            each<nj>([&](auto c) MIXTURA_LAMBDA {
                const int at = j + c * A::L;
                add_lanes<A>(S1 + at, s[c], 0, d - at);
            });
        });
    }
    constexpr int NI = 4, NJ = kPairRows;
    const auto columns_from = [&](int i, auto ni) MIXTURA_LAMBDA {
        const int begin = i / A::L;
        const Parts columns(vectors - begin, NJ);
        for (int part = 0, j = begin * A::L; part < columns.count; j += columns.size(part++) * A::L) {
            with_size<NJ>(columns.size(part),
                          [&](auto nj) MIXTURA_LAMBDA { live_pair_block<A, ni, nj>(d, n, i, j, v, stride, S2); });
        }
    };
    int i = 0;
    for (; i + NI <= d; i += NI) columns_from(i, Index<NI>{});
    for (; i < d; ++i) columns_from(i, Index<1>{});
}

}  // namespace mixtura::MIXTURA_ISA
