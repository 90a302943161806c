// exp and log of the vectors against long double, over their whole ranges. Compiled with the baseline's flags;
// the other instruction sets run the same source, and are held to it through the passes.
#define MIXTURA_ISA oracle
#include <cmath>
#include <limits>

#include "check.hpp"
#include "mixtura/exp.hpp"

namespace {

using namespace mixtura::oracle;

template <class T>
double ulps(T got, long double want) {
    const T near = static_cast<T>(want);
    const long double ulp = std::nextafter(std::fabs(near), std::numeric_limits<T>::infinity()) - std::fabs(near);
    return static_cast<double>(std::fabs(static_cast<long double>(got) - want) / ulp);
}

template <class A>
void whole_range(typename A::T lowest, double bound) {
    using T = typename A::T;
    double worst_exp = 0, worst_log = 0;
    for (int i = 0; i <= 200000; ++i) {
        const T x = lowest * static_cast<T>(i) / T(200000);
        worst_exp = std::fmax(worst_exp, ulps<T>(exp<A>(A::all(x))[0], std::exp(static_cast<long double>(x))));
        const T y = T(1) + static_cast<T>(std::pow(10.0L, i / 20000.0L - 5));
        const long double want = std::log(static_cast<long double>(y));
        worst_log = std::fmax(worst_log, ulps<T>(log<A>(A::all(y))[0], want));
    }
    std::printf("exp to %.2f ulp, log to %.2f ulp\n", worst_exp, worst_log);
    CHECK(worst_exp <= bound);
    CHECK(worst_log <= 2 * bound);
}

template <class A>
void edges() {
    using T = typename A::T;
    const T infinity = std::numeric_limits<T>::infinity();
    CHECK(exp<A>(A::all(T(0)))[0] == T(1));
    CHECK(exp<A>(A::all(-infinity))[0] == T(0));
    CHECK(exp<A>(A::all(T(-1e30)))[0] == T(0));
    CHECK(log<A>(A::all(T(1)))[0] == T(0));
    typename A::V v;
    for (int l = 0; l < A::L; ++l) v[l] = T(l + 1);
    CHECK(A::sum(v) == T(A::L * (A::L + 1) / 2));
}

}  // namespace

void test_math() {
    whole_range<Lanes<double, 2>>(-708.0, 1.5);
    whole_range<Lanes<float, 4>>(-87.0f, 2.0);
    edges<Lanes<double, 2>>();
    edges<Lanes<float, 4>>();
}
