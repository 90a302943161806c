// Passes over distances to points: seeding and k-means.
#include "arrays.hpp"
#include "mixtura/lloyd.hpp"

using namespace nb::literals;

namespace mixtura::python {

namespace {

std::vector<double> slice(const std::vector<double>& v, std::size_t from, std::size_t to) {
    return {v.begin() + static_cast<std::ptrdiff_t>(from), v.begin() + static_cast<std::ptrdiff_t>(to)};
}

nb::tuple nearest(Data X, In<double, 1> centre, In<double, 2> centers, double unit, int n_threads) {
    const Pass pass = make_pass(X, std::nullopt, centre, n_threads);
    const std::size_t n = X.shape(0), K = centers.shape(0);
    require(K >= 1 && centers.shape(1) == X.shape(1), "centers must be (K, d) with the d of X");
    require_count(K);
    require_aligned(centers);
    const auto mu = mixtura::about_centre(pass.source, centers.data(), K);
    const Fresh<std::int32_t> labels(numbers({n}));
    const Fresh<double> distance(numbers({n}));
    without_gil([&] {
        mixtura::assign_pass(pass.source.kernel(), pass.source.rows,
                             mixtura::Centres(static_cast<int>(K), pass.source.rows.d, mu.data()), nullptr, unit,
                             {labels.data, nullptr, distance.data}, false, pass.n_threads, poll_signals);
    });
    return nb::make_tuple(labels.array({n}), distance.array({n}));
}

double min_update(Data X, Weight sample_weight, In<double, 1> centre, In<double, 1> point, double scale,
                  InOut<float, 1> closest, int n_threads) {
    const Pass pass = make_pass(X, sample_weight, centre, n_threads);
    require(point.shape(0) == X.shape(1), "point must have the d of X");
    require(closest.shape(0) == X.shape(0) && X.shape(0) > 0, "closest must have one number a row");
    require_aligned(point, closest);
    const auto mu = mixtura::about_centre(pass.source, point.data(), 1);
    return without_gil([&] {
        return mixtura::min_update(pass.source.kernel(), pass.source.rows, mu.data(), scale, closest.data(),
                                   pass.n_threads, poll_signals);
    });
}

nb::object potential(Data X, Weight sample_weight, In<double, 1> centre, In<double, 2> candidates, double scale,
                     In<float, 1> closest, int n_threads) {
    const Pass pass = make_pass(X, sample_weight, centre, n_threads);
    const std::size_t count = candidates.shape(0);
    require(count >= 1 && candidates.shape(1) == X.shape(1), "candidates must be (L, d) with the d of X");
    require(closest.shape(0) == X.shape(0) && X.shape(0) > 0, "closest must have one number a row");
    require_count(count);
    require_aligned(candidates, closest);
    const auto mu = mixtura::about_centre(pass.source, candidates.data(), count);
    auto sums = without_gil([&] {
        return mixtura::potential(pass.source.kernel(), pass.source.rows, static_cast<int>(count), mu.data(), scale,
                                  closest.data(), pass.n_threads, poll_signals);
    });
    return own(std::move(sums), {count});
}

nb::tuple lloyd_step(Data X, Weight sample_weight, In<double, 1> centre, In<double, 2> centers,
                     std::optional<In<double, 2>> before, double unit, int n_threads, InOut<std::int32_t, 1> labels,
                     InOut<float, 1> lower) {
    const Pass pass = make_pass(X, sample_weight, centre, n_threads);
    const std::size_t K = centers.shape(0), d = centers.shape(1);
    require(K >= 1 && d == X.shape(1), "centers must be (K, d) with the d of X");
    require(!before || (before->shape(0) == K && before->shape(1) == d), "before must have the shape of centers");
    require(labels.shape(0) == X.shape(0) && X.shape(0) > 0, "labels must have one number a row");
    require(lower.shape(0) == X.shape(0), "lower must have one number a row");
    require_count(K);
    require_aligned(centers, labels, lower);
    if (before) require_aligned(*before);
    const auto mu = mixtura::about_centre(pass.source, centers.data(), K);
    const auto old = before ? mixtura::about_centre(pass.source, before->data(), K) : std::vector<double>();
    const auto sums = without_gil([&] {
        return mixtura::assign_pass(pass.source.kernel(), pass.source.rows,
                                    mixtura::Centres(static_cast<int>(K), pass.source.rows.d, mu.data()),
                                    before ? old.data() : nullptr, unit, {labels.data(), lower.data(), nullptr}, true,
                                    pass.n_threads, poll_signals);
    });
    return nb::make_tuple(own(slice(sums, 0, K), {K}), own(slice(sums, K, K + K * d), {K, d}), sums[K + K * d],
                          static_cast<std::int64_t>(sums[K + K * d + 1]));
}

}  // namespace

void define_distances(nb::module_& m) {
    m.def("nearest", nearest, "X"_a.noconvert(), "centre"_a.noconvert(), "centers"_a.noconvert(), "unit"_a,
          "n_threads"_a);
    m.def("min_update", min_update, "X"_a.noconvert(), "sample_weight"_a.noconvert().none(), "centre"_a.noconvert(),
          "point"_a.noconvert(), "scale"_a, "closest"_a.noconvert(), "n_threads"_a);
    m.def("potential", potential, "X"_a.noconvert(), "sample_weight"_a.noconvert().none(), "centre"_a.noconvert(),
          "candidates"_a.noconvert(), "scale"_a, "closest"_a.noconvert(), "n_threads"_a);
    m.def("lloyd_step", lloyd_step, "X"_a.noconvert(), "sample_weight"_a.noconvert().none(), "centre"_a.noconvert(),
          "centers"_a.noconvert(), "before"_a.noconvert().none(), "unit"_a, "n_threads"_a, "labels"_a.noconvert(),
          "lower"_a.noconvert());
}

}  // namespace mixtura::python
