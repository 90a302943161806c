// Runs of EM: passes and M-steps in turn, and many runs side by side.
#pragma once

#include <numeric>
#include <utility>

#include "leap.hpp"

namespace mixtura {

// Passes with fewer flops come in many runs side by side, each on one thread, if there are many; others with all
// threads each. Measured on two cores: below this the former take up to half the time, above it the same.
constexpr double kTogetherFlops = 10 * kInlineFlops;

enum class End {
    converged,
    exhausted,    // all passes are done
    interrupted,  // the state is the last whose likelihood is known
    refused,      // the state's E-step is done, and its M-step is left to the caller
    stopped,      // by whoever watches
};

// What is still to gain after gains of `before` and `last`, in steps of one kind, were they to go on as a geometric
// series (Aitken's estimate of its limit). Infinite if they do not shrink. A ridge may make them losses.
inline double still_to_gain(double before, double last) {
    before = std::fabs(before);
    last = std::fabs(last);
    if (last == 0) return 0;
    if (!(last < before) || !std::isfinite(before)) return std::numeric_limits<double>::infinity();
    return last * last / (before - last);
}

// Whether a run has arrived.
struct Stop {
    double tol;    // the least that a step of EM must change the mean log-likelihood a row
    double still;  // the least that must be to gain; both: none if 0

    // By the gain of one step of EM alone.
    bool at_once(double last) const { return std::fabs(last) < std::max(tol, 1e-6 * still); }
    // A gain and a loss after it, both less than must be to gain, are rounding: EM has no losses.
    bool turned(double before, double last) const { return last <= 0 && before > 0 && before < still && -last < still; }
    // By the gains of two. Gains that grow are at the foot of a slope.
    bool in_sight(double before, double last) const { return still_to_gain(before, last) < still; }
};

// Is told of each E-step, the mean log-likelihood a row and what it gained; a true answer ends the run.
using Watch = std::function<bool(double, double)>;

struct Run {
    Shape shape;
    const Scatter* scatter;  // null unless shared
    Regularisation reg;
    double weight;  // the sum of those of all rows
    Stop stop;
    bool accelerate;
    std::int64_t passes;  // to do at most, each with its M-step
    bool evaluate;        // the last state, by an E-step of its own
    double previous;      // the log-likelihood before that of `state`, and the gain that it was
    double previous_gain;
    Watch watch;  // or empty
    State state;
    std::vector<double> trace{};  // the mean log-likelihood a row of each state, with its share of the prior
    std::int64_t steps = 0;       // M-steps done
    std::int64_t rejected = 0;    // passes that showed that a leap had gone too far
    End end = End::interrupted;
    Moments moments{};  // of the last E-step
};

// Gains of whole cycles of acceleration: those of single steps look better after a leap than they are.
class Cycles {
  public:
    double still_to_gain(double L) {
        const double gain = L - last_;
        const double still = mixtura::still_to_gain(gain_, gain);
        last_ = L;
        gain_ = gain;
        return still;
    }

  private:
    double last_ = -std::numeric_limits<double>::infinity();
    double gain_ = std::numeric_limits<double>::infinity();
};

// E- and M-steps until there is no more to gain. Two in a row, if there is to be acceleration, are followed by a leap
// from which the next two start, unless the likelihood has fallen. Never inline, so that there is one copy of its
// arithmetic, whoever calls.
[[gnu::noinline]] inline void advance(const Source& source, Run& run, int n_threads, const Poll& poll) {
    Control control(poll);
    const Poll stop = [&control] {
        control.tick();
        return control.stopped();
    };
    MStep m_step(source.set, run.shape, run.reg);
    Leap leap(source.set, run.shape, run.reg);
    Cycles cycles;
    bool was_near = false;
    State other(run.shape);  // the last that was evaluated
    State spare(run.shape);  // after a leap: where EM was
    State leapt(run.shape);
    enum { at_first, at_second, at_leap } at = at_first;
    const auto likelihood = [&] {
        if (stop()) throw Interrupted{};
        expectation(source, run.state.parameters(run.shape), run.scatter, n_threads, stop, run.moments);
        return (run.moments.L + log_prior(run.shape, run.state, run.reg)) / run.weight;
    };
    const auto step = [&] {
        if (!m_step(run.state, run.moments, spare)) return false;
        ++run.steps;
        return true;
    };
    const auto move_on = [&] {
        std::swap(other, run.state);
        std::swap(run.state, spare);
    };
    run.state.set_offsets(run.shape);
    run.end = End::exhausted;
    try {
        while (run.steps + run.rejected < run.passes && run.end == End::exhausted) {
            const double L = likelihood();
            if (at == at_leap && !(L >= run.previous)) {
                ++run.rejected;
                leap.rejected();
                std::swap(run.state, spare);
                at = at_first;
                continue;
            }
            run.trace.push_back(L);
            if (!step()) {
                run.end = End::refused;
                return;
            }
            const double gain = L - run.previous;
            // Once is chance: on a plateau gains shrink before they grow. The first step after a leap, and the leap
            // itself, say little of those to come.
            const bool near = run.stop.in_sight(run.previous_gain, gain);
            const bool as_before = run.accelerate ? at == at_second && cycles.still_to_gain(L) < run.stop.still
                                                  : std::exchange(was_near, near);
            const bool arrived = run.stop.at_once(gain) || run.stop.turned(run.previous_gain, gain);
            if (at != at_leap && (arrived || (near && as_before))) run.end = End::converged;
            run.previous = L;
            run.previous_gain = gain;
            try {
                if (run.watch && run.watch(L, gain)) run.end = End::stopped;
            } catch (const Interrupted&) {
                std::swap(run.state, other);  // not yet moved on: let it be found where it is looked for
                throw;
            }
            if (at == at_second && run.end == End::exhausted && leap(other, run.state, spare, leapt)) {
                std::swap(other, run.state);
                std::swap(run.state, leapt);
                at = at_leap;
                continue;
            }
            if (at == at_leap) leap.accepted();
            at = at == at_first && run.accelerate ? at_second : at_first;
            move_on();
        }
        if (at == at_leap) std::swap(run.state, spare);
        if (run.evaluate) run.trace.push_back(likelihood());
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
