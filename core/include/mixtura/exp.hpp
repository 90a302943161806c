// exp and log of vectors, to about 1 ulp.
#pragma once

#include "simd.hpp"

namespace mixtura::MIXTURA_ISA {

// Where exp is 0 for good, and where it is so small beside 1 that no sum of exponentials can tell.
template <class T>
constexpr T underflow = sizeof(T) == 8 ? T(-708) : T(-87);
template <class T>
constexpr T negligible = sizeof(T) == 8 ? T(-41.5) : T(-30);  // 1e-18, 1e-13

// exp(x) for x <= 0 (and small x > 0): x = n log 2 + r, |r| <= (log 2)/2, exp(r) = 1 + r + r^2 q(r), and n put into
// the exponent bits. Results of x below `lowest` are 0, and so is exp(-inf), whatever
// has become of them on the way. q is that of
// core/tools/exp_coefficients.py, even and odd powers apart: two chains of products wait for each other less than one,
// and need fewer registers than four.
template <class A>
MIXTURA_INLINE typename A::V exp(typename A::V x, typename A::T lowest = underflow<typename A::T>) {
    using T = typename A::T;
    using V = typename A::V;
    using I = typename A::I;
    constexpr bool is_double = sizeof(T) == 8;
    constexpr T magic =
        is_double ? T(6755399441055744.0) : T(12582912);  // adding it rounds to an integer in the low bits
    constexpr T high = is_double ? T(6.93147180369123816490e-01) : T(0.693145752f);  // log 2 in two parts
    constexpr T low = is_double ? T(1.90821492927058770002e-10) : T(1.42860677e-6f);
    const V shifted = x * T(1.4426950408889634074) + magic;
    const V n = shifted - magic;
    const V r = (x - n * high) - n * low;
    const V r2 = r * r;
    V q;
    if constexpr (is_double) {
        V even = A::all(T(2.7620075879983367e-07)), odd = A::all(T(2.5100375832561234e-08));
        even = even * r2 + T(2.4801521322368692e-05);
        odd = odd * r2 + T(2.7557268480310024e-06);
        even = even * r2 + T(0.0013888888917196719);
        odd = odd * r2 + T(0.00019841269863040545);
        even = even * r2 + T(0.041666666666624164);
        odd = odd * r2 + T(0.008333333333330065);
        even = even * r2 + T(0.5000000000000001);
        odd = odd * r2 + T(0.16666666666666669);
        q = odd * r + even;
    } else {
        V even = r2 * T(0.0013926176f) + T(0.041666556f);
        const V odd = r2 * T(0.008363173f) + T(0.16666578f);
        even = even * r2 + T(0.5f);
        q = odd * r + even;
    }
    const V p = (q * r2 + r) + T(1);
    const V scaled = A::add_bits(p, A::bits(shifted) << I(is_double ? 52 : 23));
    return x >= lowest ? scaled : V{};
}

// log(x) for normal x >= 1, as in the logarithm of a sum of exponentials whose largest term is 1.
// x = 2^n m with m in [sqrt(1/2), sqrt(2)), and log m = 2 atanh(s), s = (m - 1)/(m + 1).
template <class A>
MIXTURA_INLINE typename A::V log(typename A::V x) {
    using T = typename A::T;
    using V = typename A::V;
    using M = typename A::M;
    using I = typename A::I;
    constexpr int mantissa = sizeof(T) == 8 ? 52 : 23;
    constexpr I bias = sizeof(T) == 8 ? 1023 : 127;
    const M b = A::bits(x);
    M e = (b >> I(mantissa)) - bias;
    const M fraction = b & ((I(1) << mantissa) - 1);
    V m = A::from_bits(fraction | (bias << mantissa));
    const M high = m > T(1.4142135623730951);
    m = high ? m * T(0.5) : m;
    e = e - high;  // a true lane is -1
    // A small integer in the low bits of a large number is converted by taking that number away.
    constexpr T magic = sizeof(T) == 8 ? T(6755399441055744.0) : T(12582912);
    const V n = A::from_bits(e + A::bits(A::all(magic))) - magic;
    const V s = (m - T(1)) / (m + T(1));
    const V z = s * s;
    V p;
    if constexpr (sizeof(T) == 8) {
        p = A::all(T(1.0 / 21));
        p = p * z + T(1.0 / 19);
        p = p * z + T(1.0 / 17);
        p = p * z + T(1.0 / 15);
        p = p * z + T(1.0 / 13);
        p = p * z + T(1.0 / 11);
    } else {
        p = A::all(T(1.0 / 11));
    }
    p = p * z + T(1.0 / 9);
    p = p * z + T(1.0 / 7);
    p = p * z + T(1.0 / 5);
    p = p * z + T(1.0 / 3);
    const V low = T(2) * s + T(2) * s * z * p;
    return n * T(0.69314718055994530942) + low;
}

}  // namespace mixtura::MIXTURA_ISA
