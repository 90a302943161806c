// Runs of EM: passes and M-steps in turn, and many runs side by side.
#pragma once

#include <numeric>

#include "m_step.hpp"

namespace mixtura {

// Passes with fewer flops come in many runs side by side, each on one thread, if there are many; others with all
// threads each. Measured on two cores: below this the former take up to half the time, above it the same.
constexpr double kTogetherFlops = 10 * kInlineFlops;

enum class End {
    converged,
    exhausted,    // all passes are done
    interrupted,  // the state is the last whose likelihood is known
    refused,      // the state's E-step is done, and its M-step is left to the caller
};

struct Run {
    Shape shape;
    const Scatter* scatter;  // null unless shared
    Regularisation reg;
    double weight;  // the sum of those of all rows
    double tol;
    std::int64_t passes;  // M-steps to do at most
    bool evaluate;        // the last state, by an E-step of its own
    double previous;
    State state;
    std::vector<double> trace{};  // the mean log-likelihood a row, of each E-step
    std::int64_t steps = 0;       // M-steps done
    End end = End::interrupted;
    Moments moments{};  // of the last E-step
};

// E- and M-steps until one changes the mean log-likelihood by less than `tol`. Never inline, so that there is one
// copy of its arithmetic, whoever calls.
[[gnu::noinline]] inline void advance(const Source& source, Run& run, int n_threads, const Poll& poll) {
    Control control(poll);
    const Poll stop = [&control] {
        control.tick();
        return control.stopped();
    };
    MStep m_step(source.set, run.shape, run.reg);
    State other(run.shape);  // before each E-step: the state of the one before
    const auto likelihood = [&] {
        if (stop()) throw Interrupted{};
        expectation(source, run.state.parameters(run.shape), run.scatter, n_threads, stop, run.moments);
        run.trace.push_back(run.moments.L / run.weight);
    };
    run.state.set_offsets(run.shape);
    run.end = End::exhausted;
    try {
        while (run.steps < run.passes && run.end == End::exhausted) {
            likelihood();
            const double gain = run.trace.back() - run.previous;
            if (!m_step(run.state, run.moments, other)) {
                run.end = End::refused;
                return;
            }
            run.previous = run.trace.back();
            std::swap(run.state, other);
            ++run.steps;
            if (std::fabs(gain) < run.tol) run.end = End::converged;
        }
        if (run.evaluate) likelihood();
    } catch (const Interrupted&) {
        run.end = End::interrupted;
        if (run.steps > 0) {
            std::swap(run.state, other);
            --run.steps;
        }
    }
}

// Several runs share the threads between them, each on one, where passes alone would leave them idle.
inline void advance_all(const Source& source, std::vector<Run>& runs, int n_threads, const Poll& poll) {
    if (runs.size() == 1) {
        advance(source, runs.front(), n_threads, poll);
        return;
    }
    // The longest first, as far as it can be known: at the end threads wait for few.
    std::vector<std::size_t> order(runs.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return runs[a].shape.K > runs[b].shape.K; });
    Control control(poll);
    std::atomic<std::size_t> next{0};
    const std::function<void(int)> job = [&](int thread) {
        const Poll stop = [&control, thread] {
            if (thread == 0) control.tick();
            return control.stopped();
        };
        try {
            for (std::size_t i = next++; i < order.size(); i = next++) advance(source, runs[order[i]], 1, stop);
        } catch (...) {
            control.fail(std::current_exception());
        }
    };
    const int threads = static_cast<int>(std::min<std::size_t>(n_threads, runs.size()));
    Pool::instance().run(threads, job, [&] { control.tick(); });
    control.rethrow();
}

}  // namespace mixtura
