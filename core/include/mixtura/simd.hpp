// Vectors of samples: lane l of a Vec<T, L> belongs to row l of a group of L rows.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace mixtura::MIXTURA_ISA {

#if defined(__GNUC__) || defined(__clang__)
template <class T, int L>
struct VecOf {
    typedef T type __attribute__((vector_size(sizeof(T) * L)));
};
template <class T, int L>
using Vec = typename VecOf<T, L>::type;
#define MIXTURA_INLINE inline __attribute__((always_inline))
#define MIXTURA_LAMBDA __attribute__((always_inline))
// One copy each, however many callers there are: kernels take long to compile.
#define MIXTURA_ONCE __attribute__((noinline))
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

template <int I>
struct Index {
    static constexpr int value = I;
    constexpr operator int() const { return I; }
};

// Calls f(Index<0>), ..., f(Index<N - 1>): unrolled by construction, so that arrays of vectors become registers.
template <int N, int I = 0, class F>
MIXTURA_INLINE void each(const F& f) {
    if constexpr (I < N) {
        f(Index<I>{});
        each<N, I + 1>(f);
    }
}

template <int... I>
struct Indices {};
template <int N, int... I>
struct CountTo : CountTo<N - 1, N - 1, I...> {};
template <int... I>
struct CountTo<0, I...> {
    using type = Indices<I...>;
};

// What a kernel needs to know of its vectors.
template <class T_, int L_>
struct Lanes {
    using T = T_;
    using I = typename IntOf<T_>::type;
    static constexpr int L = L_;
    using V = Vec<T_, L_>;
    using M = Vec<I, L_>;  // integers of the same width: bits, and masks of comparisons
    using W = Vec<std::make_unsigned_t<I>, L_>;

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
    // Bits of a plus bits of b, modulo 2^(their number).
    static MIXTURA_INLINE V add_bits(V a, M b) {
        W x, y;
        std::memcpy(&x, &a, sizeof x);
        std::memcpy(&y, &b, sizeof y);
        x += y;
        std::memcpy(&a, &x, sizeof a);
        return a;
    }
    static MIXTURA_INLINE V from_bits(M m) {
        V v;
        std::memcpy(&v, &m, sizeof v);
        return v;
    }
    static MIXTURA_INLINE V select(M mask, V yes, V no) { return mask ? yes : no; }
    // Bit l is set where lane l of a comparison is true. Vectors have no such operation of their own.
    static MIXTURA_INLINE unsigned bits_where(M m) {
        static_assert(L <= 16);
#if defined(__AVX512F__)
        if constexpr (sizeof(M) == 64) {
            if constexpr (sizeof(T) == 8) return _mm512_movepi64_mask(reinterpret_cast<__m512i>(m));
            if constexpr (sizeof(T) == 4) return _mm512_movepi32_mask(reinterpret_cast<__m512i>(m));
        }
#elif defined(__AVX2__)
        if constexpr (sizeof(M) == 32) {
            if constexpr (sizeof(T) == 8) return _mm256_movemask_pd(reinterpret_cast<__m256d>(m));
            if constexpr (sizeof(T) == 4) return _mm256_movemask_ps(reinterpret_cast<__m256>(m));
        }
#elif defined(__SSE2__)
        if constexpr (sizeof(M) == 16) {
            if constexpr (sizeof(T) == 8) return _mm_movemask_pd(reinterpret_cast<__m128d>(m));
            if constexpr (sizeof(T) == 4) return _mm_movemask_ps(reinterpret_cast<__m128>(m));
        }
#endif
        unsigned bits = 0;
        for (int l = 0; l < L; ++l) bits |= m[l] ? 1u << l : 0u;
        return bits;
    }
    // In a register from here on: a compiler that thinks loads are free makes a loop wait for them.
    static MIXTURA_INLINE void hold(V& v) {
#if defined(__SSE2__)
        asm("" : "+v"(v));
#else
        static_cast<void>(v);
#endif
    }
    static MIXTURA_INLINE V max(V a, V b) { return a > b ? a : b; }
    static MIXTURA_INLINE V sqrt(V v) {
        V root;
        for (int l = 0; l < L; ++l) root[l] = std::sqrt(v[l]);
        return root;
    }

    template <int Half, int... I>
    static MIXTURA_INLINE V shuffle(V a, V b, Indices<I...>) {
        return __builtin_shufflevector(a, b, (I / 2 + Half * L / 2 + I % 2 * L)...);
    }
    // a0 b0 a1 b1 ..., of the lower halves of a and b (Half = 0) or of the upper ones (Half = 1).
    template <int Half>
    static MIXTURA_INLINE V interleave(V a, V b) {
        return shuffle<Half>(a, b, typename CountTo<L>::type{});
    }

    // The L vectors as a square matrix: log2 L perfect shuffles.
    static MIXTURA_INLINE void transpose(V (&a)[L]) {
        for (int stage = 1; stage < L; stage *= 2) {
            V b[L];
            each<L / 2>([&](auto i) MIXTURA_LAMBDA {
                b[2 * i] = interleave<0>(a[i], a[i + L / 2]);
                b[2 * i + 1] = interleave<1>(a[i], a[i + L / 2]);
            });
            each<L>([&](auto i) MIXTURA_LAMBDA { a[i] = b[i]; });
        }
    }

    // For pair sums: of each two neighbouring groups of Q lanes, the first of a and the first of b (Half = 0), or
    // the second ones. Every instruction set has these as one shuffle; Q = 1 is that within 16 bytes, two lanes
    // of float apart.
    template <int Q, int Half, int... I>
    static MIXTURA_INLINE V halves(V a, V b, Indices<I...>) {
        constexpr int chunk = 16 / sizeof(T);
        constexpr auto from = [](int i) {
            if (Q > 1) return i % (2 * Q) < Q ? i + Half * Q : L + i - Q + Half * Q;
            return i / chunk * chunk + i % chunk / 2 + Half * chunk / 2 + i % 2 * L;
        };
        return __builtin_shufflevector(a, b, from(I)...);
    }

    // Of N vectors, N a power of two: one whose lanes are the lane sums of a[0], a[1], ..., in each N lanes.
    template <int N>
    static MIXTURA_INLINE void fold(V (&a)[L]) {
        if constexpr (N > 1) {
            each<N / 2>([&](auto i) MIXTURA_LAMBDA {
                using All = typename CountTo<L>::type;
                const V x = a[2 * i], y = a[2 * i + 1];
                a[i] = halves<L / N, 0>(x, y, All{}) + halves<L / N, 1>(x, y, All{});
            });
            fold<N / 2>(a);
        }
    }

    // sums[i] = the sum of the lanes of a[i], L of them for the price of 2 L shuffles; `sums` has room for N
    // rounded up to whole vectors.
    template <int N>
    static MIXTURA_INLINE void sums(const V (&a)[N], T* sums) {
        each<(N + L - 1) / L>([&](auto g) MIXTURA_LAMBDA {
            V part[L];
            each<L>([&](auto i) MIXTURA_LAMBDA {
                if constexpr (g * L + i < N) {
                    part[i] = a[g * L + i];
                } else {
                    part[i] = V{};
                }
            });
            fold<L>(part);
            store(sums + g * L, part[0]);
        });
    }
    template <int N>
    static constexpr int room = (N + L - 1) / L * L;

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
