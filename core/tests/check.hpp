// Counts checks; a failed one prints where and goes on.
#pragma once

#include <cmath>
#include <cstdio>

namespace check {

inline int passed = 0;
inline int failed = 0;

inline void that(bool good, const char* what, const char* file, int line) {
    if (good) {
        ++passed;
    } else if (++failed <= 50) {
        std::printf("%s:%d: failed: %s\n", file, line, what);
    }
}

// |a - b| <= tolerance * scale, and neither is NaN.
inline void close(double a, double b, double tolerance, const char* what, const char* file, int line) {
    const bool same = a == b || std::fabs(a - b) <= tolerance;
    if (!same && failed < 50) std::printf("  %.17g is not %.17g within %g\n", a, b, tolerance);
    that(same, what, file, line);
}

}  // namespace check

#define CHECK(condition) check::that((condition), #condition, __FILE__, __LINE__)
#define CHECK_CLOSE(a, b, tolerance) check::close((a), (b), (tolerance), #a " ~ " #b, __FILE__, __LINE__)
