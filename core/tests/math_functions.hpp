// exp and log of one instruction set, over arrays: plain data, as kernel.hpp, so that files compiled with other
// flags can call them.
#pragma once

namespace mixtura {

template <class T>
struct MathOf {
    void (*exp)(const T* x, T* y, int n);
    void (*log)(const T* x, T* y, int n);
};

struct MathFunctions {
    MathOf<double> f64;
    MathOf<float> f32;
};

namespace baseline {
extern const MathFunctions math_functions;
}
#if defined(MIXTURA_X86)
namespace avx2 {
extern const MathFunctions math_functions;
}
namespace avx512 {
extern const MathFunctions math_functions;
}
#endif

}  // namespace mixtura
