// Arrays that cross between Python and the core, checked, and the call that leaves the GIL behind.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>

#include <optional>
#include <vector>

#include "mixtura/blocks.hpp"
#include "mixtura/dispatch.hpp"

namespace nb = nanobind;

namespace mixtura::python {

using Data = nb::ndarray<nb::numpy, nb::ro, nb::ndim<2>, nb::device::cpu>;
template <class T, int N>
using In = nb::ndarray<const T, nb::numpy, nb::ndim<N>, nb::c_contig, nb::device::cpu>;
using InAny = nb::ndarray<const double, nb::numpy, nb::c_contig, nb::device::cpu>;
template <class T, int N>
using InOut = nb::ndarray<T, nb::numpy, nb::ndim<N>, nb::c_contig, nb::device::cpu>;
using Weight = std::optional<In<double, 1>>;

// Takes the GIL back for a moment, to see whether Ctrl-C was pressed; the error it raises is kept for the caller.
inline bool poll_signals() {
    nb::gil_scoped_acquire gil;
    return PyErr_CheckSignals() != 0;
}

inline void require(bool good, const char* message) {
    if (!good) throw nb::value_error(message);
}

template <class T>
nb::object own(std::vector<T> values, std::initializer_list<std::size_t> shape) {
    auto* kept = new std::vector<T>(std::move(values));
    nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
    return nb::cast(nb::ndarray<nb::numpy, T>(kept->data(), shape, owner));
}

template <class T>
struct Fresh {  // an array that a pass writes and Python then owns; uninitialised
    T* data;
    nb::capsule owner;
    explicit Fresh(std::size_t size)
        : data(new T[size]), owner(data, [](void* p) noexcept { delete[] static_cast<T*>(p); }) {}
    nb::object array(std::initializer_list<std::size_t> shape) const {
        return nb::cast(nb::ndarray<nb::numpy, T>(data, shape, owner));
    }
};

struct Pass {
    mixtura::Rows rows;
    bool f64;
    const mixtura::Kernel& kernel;
    int n_threads;
};

inline Pass make_pass(const Data& X, const Weight& weight, const In<double, 1>& centre, int n_threads) {
    const bool f64 = X.dtype() == nb::dtype<double>();
    require(f64 || X.dtype() == nb::dtype<float>(), "X must be float32 or float64");
    require(centre.shape(0) == X.shape(1), "centre must have one number a feature");
    require(!weight || weight->shape(0) == X.shape(0), "sample_weight must have one number a row");
    require(n_threads >= 1, "n_threads must be at least 1");
    const std::int64_t item = f64 ? 8 : 4;
    const mixtura::Rows rows{static_cast<const char*>(X.data()),
                             static_cast<std::int64_t>(X.shape(0)),
                             static_cast<int>(X.shape(1)),
                             X.stride(0) * item,
                             X.stride(1) * item,
                             weight ? weight->data() : nullptr,
                             centre.data()};
    const mixtura::InstructionSet& set = *mixtura::current_instruction_set().load();
    return Pass{rows, f64, f64 ? set.f64 : set.f32, n_threads};
}

// Parameters whose means are taken about the centre, and the memory they stand in.
struct BoundModel {
    std::vector<double> mu;
    mixtura::Model model;
    BoundModel(const Pass& pass, const In<double, 2>& means, const double* U, const In<double, 1>& offset,
               mixtura::Geometry geometry, bool shared) {
        const std::size_t K = means.shape(0), d = means.shape(1);
        require(K >= 1 && static_cast<int>(d) == pass.rows.d, "means must be (K, d) with the d of X");
        require(offset.shape(0) == K, "offset must have one number a component");
        mu = about_centre(pass, means.data(), K);
        model = mixtura::Model{static_cast<int>(K), static_cast<int>(d), geometry, shared, mu.data(), U, offset.data()};
    }
    static std::vector<double> about_centre(const Pass& pass, const double* points, std::size_t count) {
        const std::size_t d = static_cast<std::size_t>(pass.rows.d);
        std::vector<double> out(count * d);
        for (std::size_t i = 0; i < out.size(); ++i) {
            out[i] = points[i] - pass.rows.centre[i % d];
            // The kernels compute in the data's type: let the moments be about the very point that they use.
            if (!pass.f64) out[i] = static_cast<double>(static_cast<float>(out[i]));
        }
        return out;
    }
};

template <class Work>
auto without_gil(Work work) {
    try {
        nb::gil_scoped_release release;
        return work();
    } catch (const mixtura::Interrupted&) {
        throw nb::python_error();
    }
}

}  // namespace mixtura::python
