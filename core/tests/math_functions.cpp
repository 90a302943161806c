// Compiled once per instruction set, as kernels.cpp is.
#include "math_functions.hpp"

#include "mixtura/exp.hpp"

namespace mixtura::MIXTURA_ISA {

namespace {

template <class A, class F>
void map(const typename A::T* x, typename A::T* y, int n, const F& f) {
    for (int i = 0; i < n; i += A::L) {
        typename A::T in[A::L] = {}, out[A::L];
        const int used = n - i < A::L ? n - i : A::L;
        for (int l = 0; l < used; ++l) in[l] = x[i + l];
        A::store(out, f(A::load(in)));
        for (int l = 0; l < used; ++l) y[i + l] = out[l];
    }
}

template <class A>
constexpr MathOf<typename A::T> math() {
    using T = typename A::T;
    return {[](const T* x, T* y, int n) { map<A>(x, y, n, [](typename A::V v) { return exp<A>(v); }); },
            [](const T* x, T* y, int n) { map<A>(x, y, n, [](typename A::V v) { return log<A>(v); }); }};
}

}  // namespace

extern const MathFunctions math_functions;
const MathFunctions math_functions = {math<Lanes<double, MIXTURA_BYTES / 8>>(),
                                      math<Lanes<float, MIXTURA_BYTES / 4>>()};

}  // namespace mixtura::MIXTURA_ISA
