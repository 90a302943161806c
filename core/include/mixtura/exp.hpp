// exp and log of vectors, to about 1 ulp.
#pragma once

#include "simd.hpp"

namespace mixtura::MIXTURA_ISA {

// exp(x) for x <= 0 (and small x > 0): x = n log 2 + r, |r| <= (log 2)/2, exp(r) by its Taylor polynomial, and n
// put into the exponent bits. Results below the smallest normal number are 0, and so is exp(-inf).
template <class A>
MIXTURA_INLINE typename A::V exp(typename A::V x) {
    using T = typename A::T;
    using V = typename A::V;
    using I = typename A::I;
    if constexpr (sizeof(T) == 8) {
        const T lowest = T(-708.0);
        const T magic = T(6755399441055744.0);  // 1.5 * 2^52: adding it rounds to an integer in the low bits
        const V clamped = x > lowest ? x : A::all(lowest);
        const V shifted = clamped * T(1.4426950408889634074) + magic;
        const V n = shifted - magic;
        V r = clamped - n * T(6.93147180369123816490e-01);
        r = r - n * T(1.90821492927058770002e-10);
        V p = A::all(T(1.6059043836821613e-10));  // 1/13!
        p = p * r + T(2.08767569878681e-09);
        p = p * r + T(2.505210838544172e-08);
        p = p * r + T(2.755731922398589e-07);
        p = p * r + T(2.7557319223985893e-06);
        p = p * r + T(2.48015873015873e-05);
        p = p * r + T(1.984126984126984e-04);
        p = p * r + T(1.388888888888889e-03);
        p = p * r + T(8.333333333333333e-03);
        p = p * r + T(4.1666666666666664e-02);
        p = p * r + T(1.6666666666666666e-01);
        p = p * r + T(0.5);
        p = p * (r * r) + r + T(1.0);
        const V scaled = A::from_bits(A::bits(p) + (A::bits(shifted) << I(52)));
        return x >= lowest ? scaled : V{};
    } else {
        const T lowest = T(-87.0f);
        const T magic = T(12582912.0f);  // 1.5 * 2^23
        const V clamped = x > lowest ? x : A::all(lowest);
        const V shifted = clamped * T(1.44269504f) + magic;
        const V n = shifted - magic;
        V r = clamped - n * T(0.693145752f);
        r = r - n * T(1.42860677e-6f);
        V p = A::all(T(1.98412698e-4f));
        p = p * r + T(1.38888889e-3f);
        p = p * r + T(8.33333333e-3f);
        p = p * r + T(4.16666667e-2f);
        p = p * r + T(1.66666667e-1f);
        p = p * r + T(0.5f);
        p = p * (r * r) + r + T(1.0f);
        const V scaled = A::from_bits(A::bits(p) + (A::bits(shifted) << I(23)));
        return x >= lowest ? scaled : V{};
    }
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
    V n;
    for (int l = 0; l < A::L; ++l) n[l] = static_cast<T>(e[l]);
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
