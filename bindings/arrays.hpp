// Arrays that cross between Python and the core, checked, and the call that leaves the GIL behind.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>

#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "mixtura/dispatch.hpp"
#include "mixtura/expectation.hpp"

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
    auto kept = std::make_unique<std::vector<T>>(std::move(values));
    nb::capsule owner(kept.get(), [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
    return nb::cast(nb::ndarray<nb::numpy, T>(kept.release()->data(), shape, owner));
}

// How many numbers an array of this shape has. An array of one row seen often has more rows than memory has bytes.
inline std::size_t numbers(std::initializer_list<std::size_t> shape) {
    constexpr std::size_t most = PTRDIFF_MAX / sizeof(double);
    std::size_t product = 1;
    for (const std::size_t size : shape) {
        if (size != 0 && product > most / size) throw std::bad_alloc();
        product *= size;
    }
    return product;
}

// Memory for results. Large ones are asked for in large pages: a result of 100 MB otherwise waits for the system to
// hand it out in 25 000 small ones, which takes longer than to compute it.
class Pages {
  public:
    static void* get(std::size_t bytes) {
        if (bytes < large) return ::operator new(bytes);
        void* p = ::operator new(bytes, std::align_val_t{page});
#if defined(__linux__)
        madvise(p, bytes, MADV_HUGEPAGE);  // a wish: nothing is lost if it is not granted
#endif
        return p;
    }
    static void give_back(void* p, std::size_t bytes) noexcept {
        if (bytes < large) return ::operator delete(p);
        ::operator delete(p, std::align_val_t{page});
    }

  private:
    static constexpr std::size_t page = std::size_t{1} << 21;
    static constexpr std::size_t large = 2 * page;
};

template <class T>
struct Fresh {  // an array that a pass writes and Python then owns; uninitialised
    struct Block {
        T* data;
        std::size_t bytes;
        explicit Block(std::size_t size)
            : data(static_cast<T*>(Pages::get(size * sizeof(T)))), bytes(size * sizeof(T)) {}
        Block(const Block&) = delete;
        ~Block() { Pages::give_back(data, bytes); }
    };
    T* data;
    nb::capsule owner;
    explicit Fresh(std::size_t size) {
        auto block = std::make_unique<Block>(size);
        data = block->data;
        owner = nb::capsule(block.get(), [](void* p) noexcept { delete static_cast<Block*>(p); });
        static_cast<void>(block.release());  // the capsule owns it from here
    }
    nb::object array(std::initializer_list<std::size_t> shape) const {
        return nb::cast(nb::ndarray<nb::numpy, T>(data, shape, owner));
    }
};

// Kernels keep the number of a component in a float32, which is exact to here. Nobody needs as many features either.
constexpr std::size_t kMost = std::size_t{1} << 24;

inline void require_count(std::size_t K) { require(K <= kMost, "there can be at most 2**24 components"); }

// The pointer of an empty array may be anything.
template <class Array>
bool is_aligned(const Array& array) {
    return array.size() == 0 || reinterpret_cast<std::uintptr_t>(array.data()) % (array.dtype().bits / 8) == 0;
}

template <class... Arrays>
void require_aligned(const Arrays&... arrays) {
    require((is_aligned(arrays) && ...), "arrays must be aligned");
}

struct Pass {
    mixtura::Source source;
    int n_threads;
};

inline Pass make_pass(const Data& X, const Weight& weight, const In<double, 1>& centre, int n_threads) {
    const bool f64 = X.dtype() == nb::dtype<double>();
    require(f64 || X.dtype() == nb::dtype<float>(), "X must be float32 or float64");
    require(X.shape(1) >= 1 && X.shape(1) <= kMost, "X must have at least one feature, and at most 2**24");
    require(centre.shape(0) == X.shape(1), "centre must have one number a feature");
    require(!weight || weight->shape(0) == X.shape(0), "sample_weight must have one number a row");
    require(n_threads >= 1, "n_threads must be at least 1");
    require_aligned(X, centre);
    if (weight) require_aligned(*weight);
    const std::int64_t item = f64 ? 8 : 4;
    const mixtura::Rows rows{static_cast<const char*>(X.data()),
                             static_cast<std::int64_t>(X.shape(0)),
                             static_cast<int>(X.shape(1)),
                             X.stride(0) * item,
                             X.stride(1) * item,
                             weight ? weight->data() : nullptr,
                             centre.data()};
    return Pass{mixtura::Source{rows, f64, *mixtura::current_instruction_set().load()}, n_threads};
}

// The geometry of whiteners without matrices.
inline mixtura::Geometry flat(std::size_t columns, std::size_t d) {
    return columns == 1 && d != 1 ? mixtura::Geometry::spherical : mixtura::Geometry::diagonal;
}

// (m, d, d) from packed upper triangles.
inline std::vector<double> unpacked(const std::vector<double>& packed, std::size_t d) {
    const std::size_t m = packed.size() / (d * (d + 1) / 2);
    std::vector<double> full(m * d * d);
    const double* next = packed.data();
    for (std::size_t k = 0; k < m; ++k) {
        double* out = &full[k * d * d];
        for (std::size_t i = 0; i < d; ++i) {
            for (std::size_t j = i; j < d; ++j) out[i * d + j] = out[j * d + i] = *next++;
        }
    }
    return full;
}

template <class Work>
auto without_gil(Work work) {
    try {
        nb::gil_scoped_release release;
        return work();
    } catch (const mixtura::Interrupted&) {
        throw nb::python_error();
    }
}

// Each adds its functions to the module.
void define_passes(nb::module_& m);
void define_distances(nb::module_& m);
void define_em(nb::module_& m);

}  // namespace mixtura::python
