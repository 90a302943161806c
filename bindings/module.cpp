// The thin layer between Python and the core: checks shapes, releases the GIL, calls. Here is what touches no rows;
// the rest is in passes.cpp, distances.cpp and em.cpp.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdlib>

#include "arrays.hpp"

using namespace nb::literals;
using namespace mixtura::python;

namespace {

nb::tuple whiten(In<double, 3> covariances) {
    const std::size_t m = covariances.shape(0), d = covariances.shape(1);
    require(d >= 1 && covariances.shape(2) == d, "covariances must be (m, d, d)");
    require_count(m);
    require_aligned(covariances);
    const Fresh<double> U(m * d * d), log_det(m);
    std::vector<double> left(d);
    const auto* set = mixtura::current_instruction_set().load();
    const int bad = without_gil([&] {
        return set->whiten(static_cast<int>(m), static_cast<int>(d), covariances.data(), U.data, log_det.data,
                           left.data());
    });
    return nb::make_tuple(U.array({m, d, d}), log_det.array({m}), bad);
}

int first_indefinite(In<double, 3> matrices) {
    const std::size_t m = matrices.shape(0), d = matrices.shape(1);
    require(d >= 1 && matrices.shape(2) == d, "matrices must be (m, d, d)");
    require_count(m);
    require_aligned(matrices);
    std::vector<double> work(d * d);
    const auto* set = mixtura::current_instruction_set().load();
    return without_gil(
        [&] { return set->first_indefinite(static_cast<int>(m), static_cast<int>(d), matrices.data(), work.data()); });
}

std::string names_of_available() {
    std::string names;
    for (const auto* set : mixtura::available_instruction_sets())
        names += (names.empty() ? "" : ", ") + std::string(set->name);
    return names;
}

void set_instruction_set(const std::string& name) {
    if (!mixtura::choose_instruction_set(name)) {
        throw nb::value_error(
            ("this machine or build has no instruction set '" + name + "': it has " + names_of_available()).c_str());
    }
}

nb::dict config() {
    std::vector<std::string> names;
    for (const auto* set : mixtura::available_instruction_sets()) names.emplace_back(set->name);
    const auto& current = *mixtura::current_instruction_set().load();
    nb::dict out;
    out["instruction_set"] = current.name;
    out["available"] = names;
    out["lanes_float64"] = current.f64.lanes;
    out["lanes_float32"] = current.f32.lanes;
    out["compiler"] = MIXTURA_COMPILER;
    return out;
}

}  // namespace

NB_MODULE(_native, m) {
    nb::set_leak_warnings(false);
    m.doc() = "The compiled passes over data; see backends/native.py for what they compute.";
    if (const char* name = std::getenv("MIXTURA_INSTRUCTION_SET");
        name && *name && !mixtura::choose_instruction_set(name)) {
        const std::string message = "MIXTURA_INSTRUCTION_SET is '" + std::string(name) +
                                    "', but this machine or build has " + names_of_available();
        throw nb::import_error(message.c_str());
    }
    define_passes(m);
    define_distances(m);
    define_em(m);
    m.def("whiten", whiten, "covariances"_a.noconvert());
    m.def("first_indefinite", first_indefinite, "matrices"_a.noconvert());
    m.def("config", config);
    m.def("set_instruction_set", set_instruction_set, "name"_a);
}
