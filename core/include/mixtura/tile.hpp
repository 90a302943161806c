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

// Transposes rows [first, first + rows) into xt (d, S). Rows from `rows` to R are set to the centre.
template <class A>
inline void load_tile(const Rows& X, std::int64_t first, int rows, int R, std::ptrdiff_t S,
                      typename A::T* xt /* (d, S) */) {
    using T = typename A::T;
    using V = typename A::V;
    constexpr int L = A::L;
    constexpr std::int64_t item = sizeof(T);
    const char* base = X.data + first * X.row_stride;
    int done = 0;
    if (X.column_stride == item && X.row_stride > 0) {
        // Blocks of L rows and L features. A block may read past the end of its rows, but not past that of the data.
        const char* const end = X.data + (X.n - 1) * X.row_stride + X.d * item;
        for (; done + L <= rows; done += L) {
            const char* p = base + done * X.row_stride;
            int j = 0;
            for (; j < X.d && end - (p + (L - 1) * X.row_stride + j * item) >= L * item; j += L) {
                V a[L];
                each<L>([&](auto l)
                            MIXTURA_LAMBDA { a[l] = A::load(reinterpret_cast<const T*>(p + l * X.row_stride) + j); });
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
                for (int l = 0; l < L; ++l) {
                    xt[j * S + done + l] = c(reinterpret_cast<const T*>(p + l * X.row_stride)[j]);
                }
            }
        }
    }
    for (int j = 0; j < X.d; ++j) {
        const char* p = base + j * X.column_stride;
        const Centre<A> c(X.centre[j]);
        T* out = xt + j * S;
        if (X.row_stride == item) {
            const T* q = reinterpret_cast<const T*>(p);
            for (int r = done; r < rows; ++r) out[r] = c(q[r]);
        } else {
            for (int r = done; r < rows; ++r) out[r] = c(*reinterpret_cast<const T*>(p + r * X.row_stride));
        }
        for (int r = rows; r < R; ++r) out[r] = T(0);
    }
}

// Turns logits (K, S) into exp(logit - max) in place; gives each row's log p and 1 / sum.
// A row whose logits are all -inf has log p = -inf and scale 0. N vectors of rows at once hide the latency of exp.
template <class A, int N>
inline void log_sum_exp(int K, int R, std::ptrdiff_t S, typename A::T* logit /* (K, S) */,
                        typename A::T* log_prob /* (R) */, typename A::T* scale /* (R) */) {
    using T = typename A::T;
    using V = typename A::V;
    const T infinity = static_cast<T>(__builtin_inf());
    for (int r = 0; r < R; r += N * A::L) {
        V m[N], s[N];
        each<N>([&](auto v) MIXTURA_LAMBDA { m[v] = A::load(logit + r + v * A::L); });
        for (int k = 1; k < K; ++k) {
            each<N>([&](auto v) MIXTURA_LAMBDA { m[v] = A::max(m[v], A::load(logit + k * S + r + v * A::L)); });
        }
        each<N>([&](auto v) MIXTURA_LAMBDA {
            m[v] = m[v] > -infinity ? m[v] : V{};
            s[v] = V{};
        });
        for (int k = 0; k < K; ++k) {
            each<N>([&](auto v) MIXTURA_LAMBDA {
                T* p = logit + k * S + r + v * A::L;
                const V e = exp<A>(A::load(p) - m[v]);
                A::store(p, e);
                s[v] += e;
            });
        }
        each<N>([&](auto v) MIXTURA_LAMBDA {
            const auto alive = s[v] > T(0);
            const V safe = alive ? s[v] : A::all(T(1));
            A::store(log_prob + r + v * A::L, alive ? m[v] + log<A>(safe) : A::all(-infinity));
            A::store(scale + r + v * A::L, alive ? T(1) / safe : V{});
        });
    }
}

// Squared length |y|^2, times `half` the square of a scale, to logit; a NaN (inf - inf far outside the range of T)
// counts as infinitely far.
template <class A>
MIXTURA_INLINE typename A::V to_logit(typename A::V q, typename A::T offset, typename A::T half = typename A::T(0.5)) {
    using T = typename A::T;
    const typename A::V v = offset - half * q;
    return v == v ? v : A::all(-static_cast<T>(__builtin_inf()));
}

}  // namespace mixtura::MIXTURA_ISA
