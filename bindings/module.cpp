// The thin layer between Python and the core: checks shapes, releases the GIL, calls.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdlib>

#include "arrays.hpp"
#include "mixtura/lloyd.hpp"

using namespace nb::literals;
using namespace mixtura::python;

namespace {

// Moments were taken about the means that the kernel used; moves them to the means that were asked for.
void recentre(const Pass& pass, const BoundModel& b, const double* means, mixtura::Statistics& s) {
    if (pass.f64) return;
    const mixtura::Model& m = b.model;
    const std::size_t d = static_cast<std::size_t>(m.d);
    const bool dense = m.geometry == mixtura::Geometry::dense;
    const std::size_t size = (s.l - s.s2) / static_cast<std::size_t>(m.K);  // second moments of a component
    std::vector<double> delta(d);
    for (std::size_t k = 0; k < static_cast<std::size_t>(m.K); ++k) {
        const double S0 = s.sums[k];
        double* S1 = &s.sums[s.s1 + k * d];
        double* S2 = &s.sums[s.s2 + k * size];
        for (std::size_t j = 0; j < d; ++j) delta[j] = b.mu[k * d + j] - (means[k * d + j] - pass.rows.centre[j]);
        for (std::size_t i = 0, pair = 0; i < d && !m.shared; ++i) {
            for (std::size_t j = i; j < (dense ? d : i + 1); ++j, ++pair) {
                S2[size == 1 ? 0 : pair] += S1[i] * delta[j] + delta[i] * S1[j] + S0 * delta[i] * delta[j];
            }
        }
        for (std::size_t j = 0; j < d; ++j) S1[j] += S0 * delta[j];
    }
}

std::vector<double> slice(const std::vector<double>& v, std::size_t from, std::size_t to) {
    return {v.begin() + static_cast<std::ptrdiff_t>(from), v.begin() + static_cast<std::ptrdiff_t>(to)};
}

nb::tuple run_e_step(const Pass& pass, const BoundModel& b, const double* means) {
    auto s =
        without_gil([&] { return mixtura::e_step(pass.kernel, pass.rows, b.model, pass.n_threads, poll_signals); });
    recentre(pass, b, means, s);
    const std::size_t K = static_cast<std::size_t>(b.model.K), d = static_cast<std::size_t>(b.model.d);
    nb::object S0 = own(slice(s.sums, 0, K), {K});
    nb::object S1 = own(slice(s.sums, s.s1, s.s2), {K, d});
    const double L = s.sums[s.l];
    if (b.model.shared) return nb::make_tuple(S0, S1, L);
    if (b.model.geometry != mixtura::Geometry::dense) {
        return nb::make_tuple(S0, S1, own(slice(s.sums, s.s2, s.l), {K, (s.l - s.s2) / K}), L);
    }
    std::vector<double> full(K * d * d);
    const double* packed = &s.sums[s.s2];
    for (std::size_t k = 0; k < K; ++k) {
        double* out = &full[k * d * d];
        for (std::size_t i = 0; i < d; ++i) {
            for (std::size_t j = i; j < d; ++j) out[i * d + j] = out[j * d + i] = *packed++;
        }
    }
    return nb::make_tuple(S0, S1, own(std::move(full), {K, d, d}), L);
}

mixtura::Geometry flat(std::size_t columns, std::size_t d) {
    return columns == 1 && d != 1 ? mixtura::Geometry::spherical : mixtura::Geometry::diagonal;
}

nb::tuple e_step_dense(Data X, Weight sample_weight, In<double, 1> centre, In<double, 2> means, In<double, 3> whitener,
                       In<double, 1> offset, int n_threads) {
    const Pass pass = make_pass(X, sample_weight, centre, n_threads);
    const BoundModel b(pass, means, whitener.data(), offset, mixtura::Geometry::dense, false);
    const auto K = means.shape(0), d = means.shape(1);
    require(whitener.shape(0) == K && whitener.shape(1) == d && whitener.shape(2) == d, "whitener must be (K, d, d)");
    require(X.shape(0) > 0, "X must have at least one row");
    return run_e_step(pass, b, means.data());
}

nb::tuple e_step_diagonal(Data X, Weight sample_weight, In<double, 1> centre, In<double, 2> means,
                          In<double, 2> whitener, In<double, 1> offset, int n_threads) {
    const Pass pass = make_pass(X, sample_weight, centre, n_threads);
    const auto K = means.shape(0), d = means.shape(1), columns = whitener.shape(1);
    const BoundModel b(pass, means, whitener.data(), offset, flat(columns, d), false);
    require(whitener.shape(0) == K && (columns == d || columns == 1), "whitener must be (K, d) or (K, 1)");
    require(X.shape(0) > 0, "X must have at least one row");
    return run_e_step(pass, b, means.data());
}

nb::tuple e_step_shared(Data X, Weight sample_weight, In<double, 1> centre, In<double, 2> means, InAny whitener,
                        In<double, 1> offset, int n_threads) {
    const Pass pass = make_pass(X, sample_weight, centre, n_threads);
    const auto d = means.shape(1);
    const bool dense = whitener.ndim() == 2;
    require(dense ? whitener.shape(0) == d && whitener.shape(1) == d
                  : whitener.ndim() == 1 && (whitener.shape(0) == d || whitener.shape(0) == 1),
            "whitener must be (d, d), (d,) or (1,)");
    const auto geometry = dense ? mixtura::Geometry::dense : flat(whitener.shape(0), d);
    const BoundModel b(pass, means, whitener.data(), offset, geometry, true);
    require(X.shape(0) > 0, "X must have at least one row");
    return run_e_step(pass, b, means.data());
}

nb::tuple e_step_linear(Data X, Weight sample_weight, In<double, 1> centre, In<double, 2> slopes,
                        In<double, 1> intercepts, int n_threads) {
    const Pass pass = make_pass(X, sample_weight, centre, n_threads);
    const std::size_t K = slopes.shape(0), d = slopes.shape(1);
    require(pass.f64, "X must be float64: float32 has too few digits for linear logits");
    require(K >= 1 && d == X.shape(1), "slopes must be (K, d) with the d of X");
    require(intercepts.shape(0) == K, "intercepts must have one number a component");
    require(X.shape(0) > 0, "X must have at least one row");
    const mixtura::Model model{
        static_cast<int>(K), static_cast<int>(d), mixtura::Geometry::linear, true, slopes.data(), nullptr,
        intercepts.data()};
    const auto s =
        without_gil([&] { return mixtura::e_step(pass.kernel, pass.rows, model, pass.n_threads, poll_signals); });
    return nb::make_tuple(own(slice(s.sums, 0, K), {K}), own(slice(s.sums, s.s1, s.s2), {K, d}), s.sums[s.l]);
}

nb::tuple score(Data X, In<double, 1> centre, In<double, 2> means, InAny whitener, In<double, 1> offset, int n_threads,
                bool log_prob, bool resp, bool labels) {
    const Pass pass = make_pass(X, std::nullopt, centre, n_threads);
    const std::size_t n = X.shape(0), K = means.shape(0), d = means.shape(1);
    const bool dense = whitener.ndim() == 3;
    require(whitener.ndim() == 2 || dense, "whitener must be (K or 1, d, d) or (K or 1, d or 1)");
    require(whitener.shape(0) == K || whitener.shape(0) == 1, "whitener must have K or 1 leading entries");
    require(dense ? whitener.shape(1) == d && whitener.shape(2) == d : whitener.shape(1) == d || whitener.shape(1) == 1,
            "whitener must have the d of X");
    const auto geometry = dense ? mixtura::Geometry::dense : flat(whitener.shape(1), d);
    const BoundModel b(pass, means, whitener.data(), offset, geometry, whitener.shape(0) == 1);
    const Fresh<double> p(log_prob ? n : 0), r(resp ? n * K : 0);
    const Fresh<std::int64_t> l(labels ? n : 0);
    const mixtura::Scores out{log_prob ? p.data : nullptr, resp ? r.data : nullptr, labels ? l.data : nullptr};
    without_gil([&] { mixtura::score(pass.kernel, pass.rows, b.model, out, pass.n_threads, poll_signals); });
    return nb::make_tuple(log_prob ? p.array({n}) : nb::none(), resp ? r.array({n, K}) : nb::none(),
                          labels ? l.array({n}) : nb::none());
}

nb::tuple nearest(Data X, In<double, 1> centre, In<double, 2> centers, int n_threads) {
    const Pass pass = make_pass(X, std::nullopt, centre, n_threads);
    const std::size_t n = X.shape(0), K = centers.shape(0);
    require(K >= 1 && centers.shape(1) == X.shape(1), "centers must be (K, d) with the d of X");
    const auto mu = BoundModel::about_centre(pass, centers.data(), K);
    const Fresh<std::int32_t> labels(n);
    const Fresh<double> distance(n);
    without_gil([&] {
        mixtura::nearest_pass(pass.kernel, pass.rows, mixtura::Centres(static_cast<int>(K), pass.rows.d, mu.data()),
                              false, 1, pass.n_threads, poll_signals,
                              [&](double*, std::int64_t first, int rows, const mixtura::Nearest& near) {
                                  std::copy_n(near.labels, rows, labels.data + first);
                                  std::copy_n(near.distance, rows, distance.data + first);
                              });
    });
    return nb::make_tuple(labels.array({n}), distance.array({n}));
}

double min_update(Data X, Weight sample_weight, In<double, 1> centre, In<double, 1> point, double scale,
                  InOut<float, 1> closest, int n_threads) {
    const Pass pass = make_pass(X, sample_weight, centre, n_threads);
    require(point.shape(0) == X.shape(1), "point must have the d of X");
    require(closest.shape(0) == X.shape(0) && X.shape(0) > 0, "closest must have one number a row");
    const auto mu = BoundModel::about_centre(pass, point.data(), 1);
    return without_gil([&] {
        return mixtura::min_update(pass.kernel, pass.rows, mu.data(), scale, closest.data(), pass.n_threads,
                                   poll_signals);
    });
}

nb::object potential(Data X, Weight sample_weight, In<double, 1> centre, In<double, 2> candidates, double scale,
                     In<float, 1> closest, int n_threads) {
    const Pass pass = make_pass(X, sample_weight, centre, n_threads);
    const std::size_t count = candidates.shape(0);
    require(count >= 1 && candidates.shape(1) == X.shape(1), "candidates must be (L, d) with the d of X");
    require(closest.shape(0) == X.shape(0) && X.shape(0) > 0, "closest must have one number a row");
    const auto mu = BoundModel::about_centre(pass, candidates.data(), count);
    auto sums = without_gil([&] {
        return mixtura::potential(pass.kernel, pass.rows, static_cast<int>(count), mu.data(), scale, closest.data(),
                                  pass.n_threads, poll_signals);
    });
    return own(std::move(sums), {count});
}

nb::tuple lloyd_step(Data X, Weight sample_weight, In<double, 1> centre, In<double, 2> centers, int n_threads,
                     InOut<std::int32_t, 1> labels) {
    const Pass pass = make_pass(X, sample_weight, centre, n_threads);
    const std::size_t K = centers.shape(0), d = centers.shape(1);
    require(K >= 1 && d == X.shape(1), "centers must be (K, d) with the d of X");
    require(labels.shape(0) == X.shape(0) && X.shape(0) > 0, "labels must have one number a row");
    const auto mu = BoundModel::about_centre(pass, centers.data(), K);
    const auto sums = without_gil([&] {
        const auto step = pass.f64 ? mixtura::lloyd_step<double> : mixtura::lloyd_step<float>;
        return step(pass.kernel, pass.rows, static_cast<int>(K), mu.data(), labels.data(), pass.n_threads,
                    poll_signals);
    });
    return nb::make_tuple(own(slice(sums, 0, K), {K}), own(slice(sums, K, K + K * d), {K, d}), sums[K + K * d],
                          static_cast<std::int64_t>(sums[K + K * d + 1]));
}

nb::tuple whiten(In<double, 3> covariances) {
    const std::size_t m = covariances.shape(0), d = covariances.shape(1);
    require(d >= 1 && covariances.shape(2) == d, "covariances must be (m, d, d)");
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
    m.def("e_step_dense", e_step_dense, "X"_a.noconvert(), "sample_weight"_a.noconvert().none(), "centre"_a.noconvert(),
          "means"_a.noconvert(), "whitener"_a.noconvert(), "offset"_a.noconvert(), "n_threads"_a);
    m.def("e_step_diagonal", e_step_diagonal, "X"_a.noconvert(), "sample_weight"_a.noconvert().none(),
          "centre"_a.noconvert(), "means"_a.noconvert(), "whitener"_a.noconvert(), "offset"_a.noconvert(),
          "n_threads"_a);
    m.def("e_step_shared", e_step_shared, "X"_a.noconvert(), "sample_weight"_a.noconvert().none(),
          "centre"_a.noconvert(), "means"_a.noconvert(), "whitener"_a.noconvert(), "offset"_a.noconvert(),
          "n_threads"_a);
    m.def("e_step_linear", e_step_linear, "X"_a.noconvert(), "sample_weight"_a.noconvert().none(),
          "centre"_a.noconvert(), "slopes"_a.noconvert(), "intercepts"_a.noconvert(), "n_threads"_a);
    m.def("score", score, "X"_a.noconvert(), "centre"_a.noconvert(), "means"_a.noconvert(), "whitener"_a.noconvert(),
          "offset"_a.noconvert(), "n_threads"_a, "log_prob"_a = false, "resp"_a = false, "labels"_a = false);
    m.def("nearest", nearest, "X"_a.noconvert(), "centre"_a.noconvert(), "centers"_a.noconvert(), "n_threads"_a);
    m.def("min_update", min_update, "X"_a.noconvert(), "sample_weight"_a.noconvert().none(), "centre"_a.noconvert(),
          "point"_a.noconvert(), "scale"_a, "closest"_a.noconvert(), "n_threads"_a);
    m.def("potential", potential, "X"_a.noconvert(), "sample_weight"_a.noconvert().none(), "centre"_a.noconvert(),
          "candidates"_a.noconvert(), "scale"_a, "closest"_a.noconvert(), "n_threads"_a);
    m.def("lloyd_step", lloyd_step, "X"_a.noconvert(), "sample_weight"_a.noconvert().none(), "centre"_a.noconvert(),
          "centers"_a.noconvert(), "n_threads"_a, "labels"_a.noconvert());
    m.def("whiten", whiten, "covariances"_a.noconvert());
    m.def("first_indefinite", first_indefinite, "matrices"_a.noconvert());
    m.def("config", config);
    m.def("set_instruction_set", set_instruction_set, "name"_a);
}
