// The E-step, and scores row by row.
#include "arrays.hpp"

using namespace nb::literals;

namespace mixtura::python {

namespace {

void require_means(const Pass& pass, const In<double, 2>& means, const In<double, 1>& offset) {
    require(means.shape(0) >= 1 && static_cast<int>(means.shape(1)) == pass.source.rows.d,
            "means must be (K, d) with the d of X");
    require_count(means.shape(0));
    require_aligned(means, offset);
    require(offset.shape(0) == means.shape(0), "offset must have one number a component");
}

nb::tuple run_e_step(const Pass& pass, const In<double, 2>& means, const double* whitener, const In<double, 1>& offset,
                     Geometry geometry, const Scatter* scatter) {
    require(pass.source.rows.n > 0, "X must have at least one row");
    const std::size_t K = means.shape(0), d = means.shape(1);
    const Parameters p{static_cast<int>(K), static_cast<int>(d), geometry, scatter != nullptr, means.data(), whitener,
                       offset.data()};
    Moments s;
    without_gil([&] { expectation(pass.source, p, scatter, pass.n_threads, poll_signals, s); });
    const std::size_t m = scatter ? 1 : K;
    const std::size_t columns = moment_size(geometry, d);
    nb::object S2 =
        geometry == Geometry::dense ? own(unpacked(s.S2, d), {m, d, d}) : own(std::move(s.S2), {m, columns});
    return nb::make_tuple(own(std::move(s.S0), {K}), own(std::move(s.S1), {K, d}), S2, s.L);
}

nb::tuple e_step_dense(Data X, Weight sample_weight, In<double, 1> centre, In<double, 2> means, In<double, 3> whitener,
                       In<double, 1> offset, int n_threads) {
    const Pass pass = make_pass(X, sample_weight, centre, n_threads);
    require_means(pass, means, offset);
    const auto K = means.shape(0), d = means.shape(1);
    require(whitener.shape(0) == K && whitener.shape(1) == d && whitener.shape(2) == d, "whitener must be (K, d, d)");
    require_aligned(whitener);
    return run_e_step(pass, means, whitener.data(), offset, Geometry::dense, nullptr);
}

nb::tuple e_step_diagonal(Data X, Weight sample_weight, In<double, 1> centre, In<double, 2> means,
                          In<double, 2> whitener, In<double, 1> offset, int n_threads) {
    const Pass pass = make_pass(X, sample_weight, centre, n_threads);
    require_means(pass, means, offset);
    const auto K = means.shape(0), d = means.shape(1), columns = whitener.shape(1);
    require(whitener.shape(0) == K && (columns == d || columns == 1), "whitener must be (K, d) or (K, 1)");
    require_aligned(whitener);
    return run_e_step(pass, means, whitener.data(), offset, flat(columns, d), nullptr);
}

nb::tuple e_step_shared(Data X, Weight sample_weight, In<double, 1> centre, In<double, 2> means, InAny whitener,
                        In<double, 1> offset, InAny scatter, In<double, 1> reach, int n_threads) {
    const Pass pass = make_pass(X, sample_weight, centre, n_threads);
    require_means(pass, means, offset);
    const auto d = means.shape(1);
    const bool dense = whitener.ndim() == 2;
    require(dense ? whitener.shape(0) == d && whitener.shape(1) == d
                  : whitener.ndim() == 1 && (whitener.shape(0) == d || whitener.shape(0) == 1),
            "whitener must be (d, d), (d,) or (1,)");
    require(
        scatter.ndim() == whitener.ndim() && scatter.size() == whitener.size() && scatter.shape(0) == whitener.shape(0),
        "scatter must have the shape of whitener");
    require(reach.shape(0) == d, "reach must have one number a feature");
    require_aligned(whitener, scatter, reach);
    const Scatter shared{scatter.data(), reach.data()};
    return run_e_step(pass, means, whitener.data(), offset, dense ? Geometry::dense : flat(whitener.shape(0), d),
                      &shared);
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
    const auto geometry = dense ? Geometry::dense : flat(whitener.shape(1), d);
    require_means(pass, means, offset);
    require_aligned(whitener);
    const auto mu = about_centre(pass.source, means.data(), K);
    const Model model{static_cast<int>(K), static_cast<int>(d), geometry,     whitener.shape(0) == 1,
                      mu.data(),           whitener.data(),     offset.data()};
    const Fresh<double> p(log_prob ? numbers({n}) : 0), r(resp ? numbers({n, K}) : 0);
    const Fresh<std::int64_t> l(labels ? numbers({n}) : 0);
    const Scores out{log_prob ? p.data : nullptr, resp ? r.data : nullptr, labels ? l.data : nullptr};
    without_gil(
        [&] { mixtura::score(pass.source.kernel(), pass.source.rows, model, out, pass.n_threads, poll_signals); });
    return nb::make_tuple(log_prob ? p.array({n}) : nb::none(), resp ? r.array({n, K}) : nb::none(),
                          labels ? l.array({n}) : nb::none());
}

}  // namespace

void define_passes(nb::module_& m) {
    m.def("e_step_dense", e_step_dense, "X"_a.noconvert(), "sample_weight"_a.noconvert().none(), "centre"_a.noconvert(),
          "means"_a.noconvert(), "whitener"_a.noconvert(), "offset"_a.noconvert(), "n_threads"_a);
    m.def("e_step_diagonal", e_step_diagonal, "X"_a.noconvert(), "sample_weight"_a.noconvert().none(),
          "centre"_a.noconvert(), "means"_a.noconvert(), "whitener"_a.noconvert(), "offset"_a.noconvert(),
          "n_threads"_a);
    m.def("e_step_shared", e_step_shared, "X"_a.noconvert(), "sample_weight"_a.noconvert().none(),
          "centre"_a.noconvert(), "means"_a.noconvert(), "whitener"_a.noconvert(), "offset"_a.noconvert(),
          "scatter"_a.noconvert(), "reach"_a.noconvert(), "n_threads"_a);
    m.def("score", score, "X"_a.noconvert(), "centre"_a.noconvert(), "means"_a.noconvert(), "whitener"_a.noconvert(),
          "offset"_a.noconvert(), "n_threads"_a, "log_prob"_a = false, "resp"_a = false, "labels"_a = false);
}

}  // namespace mixtura::python
