// Vectors of samples: lane l of a Vec<T, L> belongs to row l of a group of L rows.
#pragma once

#include <cstdint>
#include <cstring>

namespace mixtura::MIXTURA_ISA {

#if defined(__GNUC__) || defined(__clang__)
template <class T, int L>
struct VecOf {
    typedef T type __attribute__((vector_size(sizeof(T) * L)));
};
template <class T, int L>
using Vec = typename VecOf<T, L>::type;
#define MIXTURA_INLINE inline __attribute__((always_inline))
#else
#error "mixtura needs GCC or Clang (on Windows: clang-cl)"
#endif

template <class T>
struct IntOf;
template <>
struct IntOf<double> {
    using type = std::int64_t;
};
template <>
struct IntOf<float> {
    using type = std::int32_t;
};

// What a kernel needs to know of its vectors.
template <class T_, int L_>
struct Lanes {
    using T = T_;
    using I = typename IntOf<T_>::type;
    static constexpr int L = L_;
    using V = Vec<T_, L_>;
    using M = Vec<I, L_>;  // integers of the same width: bits, and masks of comparisons

    static MIXTURA_INLINE V load(const T* p) {
        V v;
        std::memcpy(&v, p, sizeof v);
        return v;
    }
    static MIXTURA_INLINE void store(T* p, V v) { std::memcpy(p, &v, sizeof v); }
    static MIXTURA_INLINE V all(T x) { return x - V{}; }
    static MIXTURA_INLINE M bits(V v) {
        M m;
        std::memcpy(&m, &v, sizeof m);
        return m;
    }
    static MIXTURA_INLINE V from_bits(M m) {
        V v;
        std::memcpy(&v, &m, sizeof v);
        return v;
    }
    static MIXTURA_INLINE V select(M mask, V yes, V no) { return mask ? yes : no; }
    static MIXTURA_INLINE V max(V a, V b) { return a > b ? a : b; }

    // Sum of the lanes, in a fixed tree.
    static MIXTURA_INLINE T sum(V v) {
        if constexpr (L == 1) {
            return v[0];
        } else {
            using Half = Lanes<T, L / 2>;
            typename Half::V low, high;
            std::memcpy(&low, &v, sizeof low);
            std::memcpy(&high, reinterpret_cast<const char*>(&v) + sizeof low, sizeof high);
            return Half::sum(low + high);
        }
    }
};

template <class T_>
struct Lanes<T_, 1> {
    using T = T_;
    using V = Vec<T_, 1>;
    static MIXTURA_INLINE T sum(V v) { return v[0]; }
};

}  // namespace mixtura::MIXTURA_ISA
