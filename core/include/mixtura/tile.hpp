// A tile: rows transposed to feature-major about the centre, and the log-sum-exp over its logits.
#pragma once

#include "exp.hpp"
#include "kernel.hpp"

namespace mixtura::MIXTURA_ISA {

// Transposes rows [first, first + rows) into xt (d, R). Rows past the end are set to the centre.
template <class T>
inline void load_tile(const Rows& X, std::int64_t first, int rows, int R, T* xt /* (d, R) */) {
    const char* base = X.data + first * X.row_stride;
    for (int j = 0; j < X.d; ++j) {
        const char* p = base + j * X.column_stride;
        const double c = X.centre[j];
        T* out = xt + static_cast<std::ptrdiff_t>(j) * R;
        if (X.row_stride == static_cast<std::int64_t>(sizeof(T))) {
            const T* q = reinterpret_cast<const T*>(p);
            for (int r = 0; r < rows; ++r) out[r] = static_cast<T>(static_cast<double>(q[r]) - c);
        } else {
            for (int r = 0; r < rows; ++r) {
                out[r] = static_cast<T>(static_cast<double>(*reinterpret_cast<const T*>(p + r * X.row_stride)) - c);
            }
        }
        for (int r = rows; r < R; ++r) out[r] = T(0);
    }
}

// Turns logits (K, R) into exp(logit - max) in place; gives each row's log p and 1 / sum.
// A row whose logits are all -inf has log p = -inf and scale 0.
template <class A>
inline void log_sum_exp(int K, int R, typename A::T* logit /* (K, R) */, typename A::T* log_prob /* (R) */,
                        typename A::T* scale /* (R) */) {
    using T = typename A::T;
    using V = typename A::V;
    const T infinity = __builtin_inf();
    for (int r = 0; r < R; r += A::L) {
        V m = A::load(logit + r);
        for (int k = 1; k < K; ++k) m = A::max(m, A::load(logit + static_cast<std::ptrdiff_t>(k) * R + r));
        const V top = m > -infinity ? m : V{};
        V s = V{};
        for (int k = 0; k < K; ++k) {
            T* p = logit + static_cast<std::ptrdiff_t>(k) * R + r;
            const V e = exp<A>(A::load(p) - top);
            A::store(p, e);
            s += e;
        }
        const auto alive = s > T(0);
        const V safe = alive ? s : A::all(T(1));
        A::store(log_prob + r, alive ? top + log<A>(safe) : A::all(-infinity));
        A::store(scale + r, alive ? T(1) / safe : V{});
    }
}

// Squared length |y|^2 to logit; a NaN (inf - inf far outside the range of T) counts as infinitely far.
template <class A>
MIXTURA_INLINE typename A::V to_logit(typename A::V q, typename A::T offset) {
    using T = typename A::T;
    const typename A::V v = offset - T(0.5) * q;
    return v == v ? v : A::all(-static_cast<T>(__builtin_inf()));
}

}  // namespace mixtura::MIXTURA_ISA
