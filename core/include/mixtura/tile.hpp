// A tile: rows transposed to feature-major about the centre, and the log-sum-exp over its logits.
#pragma once

#include "exp.hpp"
#include "kernel.hpp"

namespace mixtura::MIXTURA_ISA {

// Distance between features of a tile of R rows: one cache line more than R, or all features of a row would fall
// into the same few sets of the cache.
template <class T>
constexpr std::ptrdiff_t padded(int R) {
    return R + static_cast<std::ptrdiff_t>(64 / sizeof(T));
}

// x - c with c = high + low: in float the difference to `high` is exact where digits could cancel, so that data
// far from the origin keep theirs, as if it were taken in double.
template <class A>
struct Centre {
    using T = typename A::T;
    T high, low;
    explicit Centre(double c) : high(static_cast<T>(c)), low(static_cast<T>(c - static_cast<double>(high))) {}
    MIXTURA_INLINE T operator()(T x) const { return sizeof(T) == 8 ? x - high : (x - high) - low; }
    MIXTURA_INLINE typename A::V operator()(typename A::V x) const {
        return sizeof(T) == 8 ? x - high : (x - high) - low;
    }
};

// Transposes rows [first, first + rows) into xt (d, S), in another order if there is one. Rows from `rows` to R are set
// to the centre.
template <class A>
inline void load_tile(const Rows& X, std::int64_t first, int rows, int R, std::ptrdiff_t S,
                      const std::int32_t* order /* (rows) or null */, typename A::T* xt /* (d, S) */) {
    using T = typename A::T;
    using V = typename A::V;
    constexpr int L = A::L;
    constexpr std::int64_t item = sizeof(T);
    const char* base = X.data + first * X.row_stride;
    const auto row = [&](int r) MIXTURA_LAMBDA { return base + (order ? order[r] : r) * X.row_stride; };
    int done = 0;
    if (X.column_stride == item && X.row_stride > 0) {
        // Blocks of L rows and L features. A block may read past the end of its rows, but not past that of the data.
        const char* const end = X.data + (X.n - 1) * X.row_stride + X.d * item;
        for (; done + L <= rows; done += L) {
            const char* p[L];
            const char* last = base;
            for (int l = 0; l < L; ++l) {
                p[l] = row(done + l);
                if (p[l] > last) last = p[l];
            }
            int j = 0;
            for (; j < X.d && end - (last + j * item) >= L * item; j += L) {
                V a[L];
                each<L>([&](auto l) MIXTURA_LAMBDA { a[l] = A::load(reinterpret_cast<const T*>(p[l]) + j); });
                A::transpose(a);
                T* out = xt + j * S + done;
                const int n = X.d - j;
                if (n >= L) {
                    each<L>([&](auto l) MIXTURA_LAMBDA { A::store(out + l * S, Centre<A>(X.centre[j + l])(a[l])); });
                } else {
                    each<L>([&](auto l) MIXTURA_LAMBDA {
                        if (l < n) A::store(out + l * S, Centre<A>(X.centre[j + l])(a[l]));
                    });
                }
            }
            for (; j < X.d; ++j) {
                const Centre<A> c(X.centre[j]);
                for (int l = 0; l < L; ++l) xt[j * S + done + l] = c(reinterpret_cast<const T*>(p[l])[j]);
            }
        }
    }
    for (int j = 0; j < X.d; ++j) {
        const std::int64_t column = j * X.column_stride;
        const Centre<A> c(X.centre[j]);
        T* out = xt + j * S;
        if (X.row_stride == item && !order) {
            const T* q = reinterpret_cast<const T*>(base + column);
            for (int r = done; r < rows; ++r) out[r] = c(q[r]);
        } else {
            for (int r = done; r < rows; ++r) out[r] = c(*reinterpret_cast<const T*>(row(r) + column));
        }
        for (int r = rows; r < R; ++r) out[r] = T(0);
    }
}

// The first largest logit of each row, to `top`, and its component, to `which` (exact in T for K < 2^24).
template <class A>
inline void first_largest(int K, int R, std::ptrdiff_t S, const typename A::T* logit /* (K, S) */,
                          typename A::T* top /* (R) */, typename A::T* which /* (R) */) {
    using T = typename A::T;
    using V = typename A::V;
    for (int r = 0; r < R; r += A::L) {
        V most = A::load(logit + r);
        V best = V{};
        for (int k = 1; k < K; ++k) {
            const V v = A::load(logit + k * S + r);
            const auto higher = v > most;
            most = higher ? v : most;
            best = higher ? A::all(static_cast<T>(k)) : best;
        }
        A::store(top + r, most);
        A::store(which + r, best);
    }
}

// Turns logits (K, S) into exp(logit - max) in place; gives each row's log p and 1 / sum. A row whose logits are all
// -inf has log p = -inf and scale 0. Exponentials of less than `lowest` count as 0; where that is so in a whole panel
// of rows they are not taken, which changes no bit. N vectors of rows at once hide the latency of exp.
template <class A, int N>
struct LogSumExp {
    using T = typename A::T;
    using V = typename A::V;
    const int K;
    const std::ptrdiff_t S;
    const T lowest;

    void operator()(int R, T* logit /* (K, S) */, T* log_prob /* (R) */, T* scale /* (R) */) const {
        const T infinity = static_cast<T>(__builtin_inf());
        int left_out = K;  // of the last panel that looked
        for (int r = 0, panel = 0; r < R; r += N * A::L, ++panel) {
            V m[N], s[N];
            each<N>([&](auto v) MIXTURA_LAMBDA { m[v] = A::load(logit + r + v * A::L); });
            for (int k = 1; k < K; ++k) {
                each<N>([&](auto v) MIXTURA_LAMBDA { m[v] = A::max(m[v], A::load(logit + k * S + r + v * A::L)); });
            }
            each<N>([&](auto v) MIXTURA_LAMBDA {
                m[v] = m[v] > -infinity ? m[v] : V{};
                s[v] = V{};
            });
            // To look costs a little where there is nothing to leave out.
            if (4 * left_out >= K || panel % 8 == 0) {
                left_out = exponentials<true>(logit + r, m, s);
            } else {
                exponentials<false>(logit + r, m, s);
            }
            each<N>([&](auto v) MIXTURA_LAMBDA {
                A::store(log_prob + r + v * A::L, m[v]);
                A::store(scale + r + v * A::L, s[v]);
            });
        }
        // In a loop of their own, logarithms do not wait for each other.
        for (int r = 0; r < R; r += A::L) {
            const V m = A::load(log_prob + r), s = A::load(scale + r);
            const auto alive = s > T(0);
            const V safe = alive ? s : A::all(T(1));
            A::store(log_prob + r, alive ? m + log<A>(safe) : A::all(-infinity));
            A::store(scale + r, alive ? T(1) / safe : V{});
        }
    }

  private:
    // Returns how many components were left out.
    template <bool Look>
    MIXTURA_INLINE int exponentials(T* logit, const V (&m)[N], V (&s)[N]) const {
        int out = 0;
        for (int k = 0; k < K; ++k) {
            T* p = logit + k * S;
            V x[N];
            each<N>([&](auto v) MIXTURA_LAMBDA { x[v] = A::load(p + v * A::L) - m[v]; });
            if constexpr (Look) {
                typename A::M counts = x[0] >= lowest;
                each<N - 1>([&](auto v) MIXTURA_LAMBDA { counts |= x[v + 1] >= lowest; });
                if (!A::bits_where(counts)) {
                    each<N>([&](auto v) MIXTURA_LAMBDA { A::store(p + v * A::L, V{}); });
                    ++out;
                    continue;
                }
            }
            each<N>([&](auto v) MIXTURA_LAMBDA {
                const V e = exp<A>(x[v], lowest);
                A::store(p + v * A::L, e);
                s[v] += e;
            });
        }
        return out;
    }
};

// Squared length |y|^2, times `half` the square of a scale, to logit; a NaN (inf - inf far outside the range of T)
// counts as infinitely far.
template <class A>
MIXTURA_INLINE typename A::V to_logit(typename A::V q, typename A::T offset, typename A::T half = typename A::T(0.5)) {
    using T = typename A::T;
    const typename A::V v = offset - half * q;
    return v == v ? v : A::all(-static_cast<T>(__builtin_inf()));
}

}  // namespace mixtura::MIXTURA_ISA
