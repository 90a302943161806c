// exp and log of each instruction set, over their whole ranges: against values of 60 digits, which
// core/tools/exp_reference.py writes, and at many more points against long double.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "check.hpp"
#include "math_functions.hpp"
#include "mixtura/dispatch.hpp"

namespace {

// f(x) = nearest + rest ulp.
template <class T>
struct Reference {
    double x, nearest, rest;
};

#include "exp_reference.inc"

constexpr double bound = 2;

template <class T>
using Function = void (*)(const T*, T*, int);

template <class T>
std::vector<T> values(Function<T> f, const std::vector<T>& x) {
    std::vector<T> y(x.size());
    f(x.data(), y.data(), static_cast<int>(x.size()));
    return y;
}

template <class T>
T ulp(T near) {
    const T size = std::fabs(near);
    return size == std::numeric_limits<T>::max() ? size - std::nextafter(size, T(0))
                                                 : std::nextafter(size, std::numeric_limits<T>::infinity()) - size;
}

// The least x whose exponential is kept: one step further it may be 0, and below the smallest normal it has to be.
template <class T>
constexpr T lowest = sizeof(T) == 8 ? T(-708) : T(-87);

template <class T, int N>
double worst_of_table(Function<T> f, const Reference<T> (&table)[N], bool is_exp) {
    std::vector<T> x;
    for (const Reference<T>& row : table) x.push_back(static_cast<T>(row.x));
    const std::vector<T> y = values(f, x);
    double worst = 0;
    for (int i = 0; i < N; ++i) {
        const T nearest = static_cast<T>(table[i].nearest);
        if (is_exp && nearest < std::numeric_limits<T>::min()) {
            CHECK(y[i] == T(0));
        } else if (!is_exp || x[i] >= lowest<T> || y[i] != T(0)) {
            const double steps = (static_cast<double>(y[i]) - nearest) / ulp(nearest);
            worst = std::fmax(worst, std::fabs(steps - table[i].rest));
            CHECK(std::isfinite(y[i]));
        }
    }
    return worst;
}

template <class T>
double worst_of(Function<T> f, const std::vector<T>& x, long double (*exact)(long double)) {
    const std::vector<T> y = values(f, x);
    long double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const long double want = exact(x[i]);
        worst = std::fmax(worst, std::fabs(y[i] - want) / ulp(static_cast<T>(want)));
    }
    return static_cast<double>(worst);
}

template <class T>
void whole_range(const char* name, const mixtura::MathOf<T>& math, double exp_of_table, double log_of_table) {
    std::vector<T> x, y;
    for (int i = 0; i <= 200000; ++i) {
        x.push_back(lowest<T> * static_cast<T>(i) / T(200000));
        y.push_back(T(1) + static_cast<T>(std::pow(10.0, i / 20000.0 - 5)));
    }
    const double worst_exp = std::fmax(exp_of_table, worst_of<T>(math.exp, x, std::exp));
    const double worst_log = std::fmax(log_of_table, worst_of<T>(math.log, y, std::log));
    std::printf("%-9s %s: exp to %.2f ulp, log to %.2f ulp\n", name, sizeof(T) == 8 ? "double" : "float", worst_exp,
                worst_log);
    CHECK(worst_exp <= bound);
    CHECK(worst_log <= bound);
}

template <class T>
void edges(const mixtura::MathOf<T>& math) {
    const T infinity = std::numeric_limits<T>::infinity();
    const std::vector<T> y = values<T>(math.exp, {T(0), T(-0.0), -infinity, T(-1e30)});
    CHECK(y == std::vector<T>({T(1), T(1), T(0), T(0)}));
    CHECK(values<T>(math.log, {T(1)})[0] == T(0));
}

const mixtura::MathFunctions& math_of(const std::string& name) {
#if defined(MIXTURA_X86)
    if (name == "avx512") return mixtura::avx512::math_functions;
    if (name == "avx2") return mixtura::avx2::math_functions;
#endif
    return mixtura::baseline::math_functions;
}

}  // namespace

void test_math() {
    const char* name = mixtura::current_instruction_set().load()->name;
    const mixtura::MathFunctions& math = math_of(name);
    whole_range<double>(name, math.f64, worst_of_table(math.f64.exp, exp_double, true),
                        worst_of_table(math.f64.log, log_double, false));
    whole_range<float>(name, math.f32, worst_of_table(math.f32.exp, exp_float, true),
                       worst_of_table(math.f32.log, log_float, false));
    edges(math.f64);
    edges(math.f32);
}
