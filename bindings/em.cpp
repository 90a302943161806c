// Runs of EM.
#include "mixtura/em.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <tuple>

#include "arrays.hpp"

using namespace nb::literals;

namespace mixtura::python {

namespace {

// weights, means, covariances, whitener, log_det, scatter
using Start = std::tuple<In<double, 1>, In<double, 2>, InAny, InAny, In<double, 1>, std::optional<InAny>>;
// ridge, floor, prior, strength
using Bounds = std::tuple<double, std::optional<InAny>, std::optional<InAny>, double>;
// tol, still, accelerate, passes, evaluate, previous, previous_gain
using Course = std::tuple<double, double, bool, std::int64_t, bool, double, double>;
using Task = std::tuple<Start, Bounds, Course>;

const char* name_of(End end) {
    switch (end) {
        case End::converged:
            return "converged";
        case End::exhausted:
            return "exhausted";
        case End::interrupted:
            return "interrupted";
        case End::stopped:
            return "stopped";
        default:
            return "refused";
    }
}

Shape shape_of(const Pass& pass, const In<double, 2>& means, const InAny& whitener) {
    const std::size_t K = means.shape(0), d = means.shape(1), ndim = whitener.ndim();
    require(K >= 1 && static_cast<int>(d) == pass.source.rows.d, "means must be (K, d) with the d of X");
    require_count(K);
    require(ndim == 2 || ndim == 3, "whitener must be (K or 1, d, d) or (K or 1, d or 1)");
    require(whitener.shape(0) == K || whitener.shape(0) == 1, "whitener must have K or 1 leading entries");
    const bool dense = ndim == 3;
    require(dense ? whitener.shape(1) == d && whitener.shape(2) == d : whitener.shape(1) == d || whitener.shape(1) == 1,
            "whitener must have the d of X");
    return Shape{static_cast<int>(K), static_cast<int>(d), dense ? Geometry::dense : flat(whitener.shape(1), d),
                 whitener.shape(0) == 1 && K > 1};
}

Run run_of(const Pass& pass, double weight, const Scatter* scatter, const Task& task) {
    const auto& [start, bounds, course] = task;
    const auto& [weights, means, covariances, whitener, log_det, total] = start;
    const auto& [ridge, floor, prior, strength] = bounds;
    const auto& [tol, still, accelerate, passes, evaluate, previous, previous_gain] = course;
    const Shape shape = shape_of(pass, means, whitener);
    require(weights.shape(0) == means.shape(0), "weights must have one number a component");
    require(covariances.size() == whitener.size(), "covariances must have the shape of whitener");
    require(log_det.shape(0) == whitener.shape(0), "log_det must have one number a whitener");
    require(!floor || floor->size() == shape.core_size(), "floor must have the shape of one whitener");
    require(!prior || prior->size() == shape.core_size(), "prior must have the shape of one whitener");
    require(!shape.shared || scatter, "components that share a whitener need scatter and reach");
    require(!shape.shared || total->size() == shape.core_size(), "scatter must have the shape of the whitener");
    require(passes >= 0, "passes must be at least 0");
    Run run{.shape = shape,
            .scatter = shape.shared ? scatter : nullptr,
            .reg = Regularisation{ridge, floor ? floor->data() : nullptr, prior ? prior->data() : nullptr, strength},
            .weight = weight,
            .stop = Stop{tol, still},
            .accelerate = accelerate,
            .passes = passes,
            .evaluate = evaluate,
            .previous = previous,
            .previous_gain = previous_gain,
            .watch = {},
            .state = State(shape)};
    std::copy_n(weights.data(), weights.size(), run.state.weights.begin());
    std::copy_n(means.data(), means.size(), run.state.means.begin());
    std::copy_n(covariances.data(), covariances.size(), run.state.covariances.begin());
    std::copy_n(whitener.data(), whitener.size(), run.state.U.begin());
    std::copy_n(log_det.data(), log_det.size(), run.state.log_det.begin());
    return run;
}

nb::object core_array(std::vector<double> values, const Shape& s) {
    const std::size_t m = static_cast<std::size_t>(s.count()), d = static_cast<std::size_t>(s.d);
    return s.geometry == Geometry::dense ? own(std::move(values), {m, d, d})
                                         : own(std::move(values), {m, s.core_size()});
}

nb::tuple result_of(Run& run) {
    const std::size_t K = static_cast<std::size_t>(run.shape.K), d = static_cast<std::size_t>(run.shape.d);
    nb::object state = nb::none(), moments = nb::none();
    if (run.steps > 0) {
        State& s = run.state;
        const std::size_t m = s.log_det.size();
        state = nb::make_tuple(own(std::move(s.weights), {K}), own(std::move(s.means), {K, d}),
                               core_array(std::move(s.covariances), run.shape), core_array(std::move(s.U), run.shape),
                               own(std::move(s.log_det), {m}));
    }
    if (run.end == End::refused) {
        Moments& s = run.moments;
        std::vector<double> S2 = run.shape.geometry == Geometry::dense ? unpacked(s.S2, d) : std::move(s.S2);
        moments = nb::make_tuple(own(std::move(s.S0), {K}), own(std::move(s.S1), {K, d}),
                                 core_array(std::move(S2), run.shape), s.L);
    }
    return nb::make_tuple(state, run.trace, run.steps, run.rejected, name_of(run.end), moments);
}

// Ctrl-C ends the runs and leaves what they have. What else a handler of signals raises goes on its way, and Ctrl-C
// too if it came when all runs had ended.
void hear_interruption(const std::vector<Run>& runs) {
    const bool interrupted =
        std::any_of(runs.begin(), runs.end(), [](const Run& run) { return run.end == End::interrupted; });
    if (!PyErr_Occurred()) return;
    if (!interrupted || !PyErr_ExceptionMatches(PyExc_KeyboardInterrupt)) throw nb::python_error();
    PyErr_Clear();
}

// What `watch` raises ends the run, and is kept for `hear_interruption`.
Watch watch_by(nb::callable watch) {
    return [watch = std::move(watch)](double log_likelihood, double gain) {
        nb::gil_scoped_acquire gil;
        try {
            return nb::cast<bool>(nb::bool_(watch(log_likelihood, gain)));
        } catch (nb::python_error& error) {
            error.restore();
            throw Interrupted{};
        }
    };
}

nb::list em(Data X, Weight sample_weight, In<double, 1> centre, double weight, std::optional<In<double, 1>> reach,
            std::vector<Task> tasks, std::optional<nb::callable> watch, int n_threads) {
    const Pass pass = make_pass(X, sample_weight, centre, n_threads);
    require(X.shape(0) > 0, "X must have at least one row");
    require(!reach || reach->shape(0) == X.shape(1), "reach must have one number a feature");
    std::vector<Scatter> scatters(tasks.size());
    std::vector<Run> runs;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        const auto& total = std::get<5>(std::get<0>(tasks[i]));
        if (total && reach) scatters[i] = Scatter{total->data(), reach->data()};
        runs.push_back(run_of(pass, weight, total && reach ? &scatters[i] : nullptr, tasks[i]));
    }
    require(!watch || runs.size() == 1, "only one run at a time can be watched");
    if (watch) runs.front().watch = watch_by(*watch);
    without_gil([&] { advance_all(pass.source, runs, pass.n_threads, poll_signals); });
    hear_interruption(runs);
    nb::list out;
    for (Run& run : runs) out.append(result_of(run));
    return out;
}

}  // namespace

void define_em(nb::module_& m) {
    m.def("em", em, "X"_a.noconvert(), "sample_weight"_a.noconvert().none(), "centre"_a.noconvert(), "weight"_a,
          "reach"_a.noconvert().none(), "tasks"_a.noconvert(), "watch"_a.none(), "n_threads"_a);
    m.def(
        "is_short_pass",
        [](std::int64_t n, int d, int K, bool dense) {
            Rows rows{};
            rows.n = n;
            return kTogetherFlops >
                   flops(rows, Model{K, d, dense ? Geometry::dense : Geometry::diagonal, false, {}, {}, {}});
        },
        "n_samples"_a, "n_features"_a, "n_components"_a, "dense"_a);
}

}  // namespace mixtura::python
