// M-steps against the textbook in long double; runs of EM in one go, pass by pass and side by side; interruption.
#include <cmath>
#include <thread>

#include "check.hpp"
#include "mixtura/dispatch.hpp"
#include "mixtura/em.hpp"
#include "oracle.hpp"

namespace {

using mixtura::End;
using mixtura::Geometry;
using mixtura::Run;
using mixtura::Shape;

const mixtura::InstructionSet& set() { return *mixtura::current_instruction_set().load(); }

// Responsibilities of rows, and their moments about means that are not theirs.
struct Sums {
    int n = 40, K = 3, d;
    Shape shape;
    std::vector<double> x, r;
    mixtura::State old;
    mixtura::Moments moments;

    Sums(int d_, Geometry geometry, bool shared) : d(d_), shape{3, d_, geometry, shared}, old(shape) {
        std::mt19937 random(static_cast<unsigned>(d));
        std::normal_distribution<double> normal;
        for (int i = 0; i < n * d; ++i) x.push_back(3 + normal(random));
        for (int i = 0; i < n * K; ++i) r.push_back(i % K == 2 ? 0.0 : std::fabs(normal(random)));
        for (double& m : old.means) m = 3 + normal(random);
        const std::size_t size = mixtura::moment_size(geometry, d);
        moments.S0.assign(K, 0);
        moments.S1.assign(K * d, 0);
        moments.S2.assign(shape.count() * size, 0);
        for (int i = 0; i < n; ++i) {
            for (int k = 0; k < K; ++k) add(i, k, &moments.S2[shared ? 0 : k * size]);
        }
    }

    void add(int i, int k, double* S2) {
        const double w = r[i * K + k];
        moments.S0[k] += w;
        for (int e = 0, pair = 0; e < d; ++e) {
            const double t = x[i * d + e] - old.means[k * d + e];
            moments.S1[k * d + e] += w * t;
            if (shape.geometry == Geometry::dense) {
                for (int f = e; f < d; ++f) S2[pair++] += w * t * (x[i * d + f] - old.means[k * d + f]);
            } else {
                S2[shape.geometry == Geometry::diagonal ? e : 0] += w * t * t;
            }
        }
    }

    long double mean(int k, int e) const {
        long double mass = 0, sum = 0;
        for (int i = 0; i < n; ++i) {
            mass += r[i * K + k];
            sum += static_cast<long double>(r[i * K + k]) * x[i * d + e];
        }
        return mass > 0 ? sum / mass : static_cast<long double>(old.means[k * d + e]);
    }

    // Element (e, f) of the covariance that belongs to component k.
    double covariance(int k, int e, int f) const {
        long double mass = 0, sum = 0;
        for (int c = 0; c < K; ++c) {
            if (c != k && !shape.shared) continue;
            for (int i = 0; i < n; ++i) {
                mass += r[i * K + c];
                for (int j = 0; j < d; ++j) {
                    if (shape.geometry == Geometry::spherical ? false : j > 0) break;
                    const int a = shape.geometry == Geometry::spherical ? j : e;
                    const int b = shape.geometry == Geometry::spherical ? j : f;
                    sum += r[i * K + c] * (x[i * d + a] - mean(c, a)) * (x[i * d + b] - mean(c, b));
                }
            }
        }
        return static_cast<double>(sum / mass / (shape.geometry == Geometry::spherical ? d : 1));
    }
};

void m_step_is_the_textbook_s(int d, Geometry geometry, bool shared) {
    const Sums s(d, geometry, shared);
    const double ridge = 0.25;
    mixtura::State got(s.shape);
    CHECK(mixtura::MStep(set(), s.shape, {ridge, nullptr})(s.old, s.moments, got));
    double total = 0;
    for (int k = 0; k < s.K; ++k) total += s.moments.S0[k];
    for (int k = 0; k < s.K; ++k) {
        CHECK_CLOSE(got.weights[k], s.moments.S0[k] / total, 1e-15);
        for (int e = 0; e < d; ++e) CHECK_CLOSE(got.means[k * d + e], static_cast<double>(s.mean(k, e)), 1e-13);
    }
    const std::size_t size = s.shape.core_size();
    for (int k = 0; k < s.shape.count(); ++k) {
        for (std::size_t p = 0; p < size; ++p) {
            const int e = geometry == Geometry::dense ? static_cast<int>(p) / d : static_cast<int>(p);
            const int f = geometry == Geometry::dense ? static_cast<int>(p) % d : e;
            // The last component has no weight: its covariance is what the ridge makes it.
            const double want = k == 2 ? 0.0 : s.covariance(k, e, f);
            CHECK_CLOSE(got.covariances[k * size + p], want + (e == f ? ridge : 0.0), 1e-12);
        }
        if (geometry != Geometry::dense) {
            double sum = 0;
            for (std::size_t p = 0; p < size; ++p) {
                const double u = got.U[k * size + p];
                CHECK_CLOSE(u * u * got.covariances[k * size + p], 1.0, 1e-14);
                sum += std::log(u);
            }
            CHECK_CLOSE(got.log_det[k], geometry == Geometry::spherical ? d * sum : sum, 1e-13 * d);
        }
    }
    for (int k = 0; k < s.K; ++k) {
        const double want = std::log(got.weights[k]) + got.log_det[shared ? 0 : k] - d * std::log(2 * M_PI) / 2;
        CHECK_CLOSE(got.offset[k], want, 1e-12);
    }
}

void floors() {
    for (const Geometry geometry : {Geometry::diagonal, Geometry::spherical}) {
        const Sums s(2, geometry, false);
        const double floor[2] = {1e3, 1e-3};
        mixtura::State got(s.shape);
        CHECK(mixtura::MStep(set(), s.shape, {0, floor})(s.old, s.moments, got));
        CHECK(got.covariances[0] == 1e3);
        if (geometry == Geometry::diagonal) CHECK(got.covariances[1] > 1e-3);
    }
    const Sums s(2, Geometry::dense, true);
    mixtura::State got(s.shape);
    const double low[4] = {1e-3, 0, 0, 1e-3}, high[4] = {1e-3, 0, 0, 1e3};
    CHECK(mixtura::MStep(set(), s.shape, {0, low})(s.old, s.moments, got));
    CHECK(mixtura::MStep(set(), s.shape, {0, high})(s.old, s.moments, got));
    // The floor lies along the axes, and the first is above it.
    CHECK(got.covariances[3] >= 1e3 * (1 - 1e-12));
    CHECK(got.covariances[0] > 1e-3 && got.covariances[0] < 1e3);
    CHECK(!mixtura::Factors(set(), s.shape, high)(got) || got.covariances[3] >= 1e3);
    // What has no size cannot be raised to a floor that has none.
    const double none[4] = {0, 0, 0, 0};
    CHECK(!mixtura::Floor(set(), 2, none).raise(got.covariances.data()));
    // A component without weight has no covariance of its own.
    const Sums own(2, Geometry::dense, false);
    mixtura::State other(own.shape);
    CHECK(!mixtura::MStep(set(), own.shape, {0, nullptr})(own.old, own.moments, other));
}

template <class T>
struct Fit {
    oracle::Problem<T> p;
    mixtura::Source source;
    std::vector<double> total, reach;
    mixtura::Scatter scatter;

    explicit Fit(int n)
        : p(n, 3, 4, Geometry::dense, false, true, oracle::Layout::rows, 5), source{p.rows, sizeof(T) == 8, set()} {
        total.assign(9, 0);
        reach.assign(3, 0);
        for (int i = 0; i < n; ++i) {
            for (int e = 0; e < 3; ++e) {
                reach[e] = std::fmax(reach[e], std::fabs(static_cast<double>(p.x(i, e))));
                for (int f = 0; f < 3; ++f) total[e * 3 + f] += p.w(i) * static_cast<double>(p.x(i, e) * p.x(i, f));
            }
        }
        scatter = {total.data(), reach.data()};
    }

    Run start(bool shared, std::int64_t passes, bool evaluate, bool accelerate = false) const {
        const Shape shape{4, 3, Geometry::dense, shared};
        double weight = 0;
        for (int i = 0; i < p.n; ++i) weight += p.w(i);
        Run run{.shape = shape,
                .scatter = shared ? &scatter : nullptr,
                .reg = {1.0, nullptr},
                .weight = weight,
                .stop = {0, 0},
                .accelerate = accelerate,
                .passes = passes,
                .evaluate = evaluate,
                .previous = -INFINITY,
                .previous_gain = INFINITY,
                .watch = {},
                .state = mixtura::State(shape)};
        run.state.weights.assign(4, 0.25);
        for (int i = 0; i < 12; ++i) run.state.means[i] = p.mu[i];
        for (int k = 0; k < shape.count(); ++k) {
            for (int e = 0; e < 3; ++e) run.state.U[k * 9 + e * 4] = run.state.covariances[k * 9 + e * 4] = 1;
        }
        return run;
    }
};

bool same(const Run& a, const Run& b) {
    return a.end == b.end && a.steps == b.steps && a.trace == b.trace && a.state.weights == b.state.weights &&
           a.state.means == b.state.means && a.state.covariances == b.state.covariances && a.state.U == b.state.U;
}

template <class T>
void all_ways_are_one(int n) {
    const Fit<T> fit(n);
    for (const bool shared : {false, true}) {
        Run whole = fit.start(shared, 6, true);
        mixtura::advance(fit.source, whole, 1, nullptr);
        CHECK(whole.end == End::exhausted && whole.steps == 6 && whole.trace.size() == 7);
        Run parts = fit.start(shared, 0, false);
        for (int i = 1; i <= 6; ++i) {
            parts.passes = i;
            mixtura::advance(fit.source, parts, 3, nullptr);
        }
        parts.evaluate = true;
        mixtura::advance(fit.source, parts, 2, nullptr);
        CHECK(same(parts, whole));
        for (const int n_threads : {1, 2, 5}) {
            std::vector<Run> runs;
            for (int i = 0; i < 7; ++i) runs.push_back(fit.start(shared, i == 3 ? 2 : 6, true));
            mixtura::advance_all(fit.source, runs, n_threads, nullptr);
            CHECK(runs[3].steps == 2);
            for (int i = 0; i < 7; ++i) CHECK(i == 3 || same(runs[i], whole));
        }
    }
}

void converges() {
    const Fit<double> fit(500);
    Run run = fit.start(true, 10000, true);
    run.stop.tol = 1e-6;
    mixtura::advance(fit.source, run, 1, nullptr);
    CHECK(run.end == End::converged);
    const std::size_t last = run.trace.size() - 2;
    CHECK(std::fabs(run.trace[last] - run.trace[last - 1]) < 1e-6);
    CHECK(std::fabs(run.trace[last - 1] - run.trace[last - 2]) >= 1e-6);
}

// Far along a slow path acceleration arrives sooner, at the same place, and never goes down.
void accelerates() {
    const Fit<double> fit(500);
    const double eye[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    for (const bool shared : {false, true}) {
        for (const double still : {1e-6, 1e-9}) {
            Run plain = fit.start(shared, 100000, true), fast = fit.start(shared, 100000, true, true);
            plain.stop.still = fast.stop.still = still;
            plain.reg = fast.reg = {0, nullptr, eye, 20};  // with a ridge EM itself may go down
            mixtura::advance(fit.source, plain, 1, nullptr);
            mixtura::advance(fit.source, fast, 1, nullptr);
            CHECK(plain.end == End::converged && fast.end == End::converged);
            CHECK(fast.steps + fast.rejected < plain.steps);
            CHECK(plain.rejected == 0);
            CHECK_CLOSE(fast.trace.back(), plain.trace.back(), std::max(10 * still, 1e-7));
            CHECK(std::is_sorted(fast.trace.begin(), fast.trace.end()));
            // It ends where EM has been, not where it has leapt to.
            Run few = fit.start(shared, 6, false, true);
            mixtura::advance(fit.source, few, 1, nullptr);
            CHECK(few.steps + few.rejected == 6);
        }
    }
}

void watches() {
    const Fit<double> fit(500);
    for (const bool accelerate : {false, true}) {
        Run run = fit.start(false, 100, true, accelerate);
        std::vector<double> seen;
        run.watch = [&](double L, double) {
            seen.push_back(L);
            return seen.size() == 5;
        };
        mixtura::advance(fit.source, run, 1, nullptr);
        CHECK(run.end == End::stopped && run.steps == 5 && run.trace.size() == 6);
        CHECK(std::equal(seen.begin(), seen.end(), run.trace.begin()));
    }
}

void interrupts() {
    const Fit<double> fit(2000);
    for (const int count : {1, 5}) {
        std::vector<Run> runs;
        for (int i = 0; i < count; ++i) runs.push_back(fit.start(i % 2, 1 << 30, true));
        int polls = 0;
        mixtura::advance_all(fit.source, runs, 2, [&] { return ++polls == 3; });
        CHECK(polls == 3);
        for (const Run& run : runs) {
            CHECK(run.end == End::interrupted);
            CHECK(run.trace.empty() ? run.steps == 0 : static_cast<std::int64_t>(run.trace.size()) == run.steps + 1);
        }
        // The state is the one that the last of the trace belongs to.
        Run& first = runs.front();
        Run again = fit.start(false, first.steps, true);
        mixtura::advance(fit.source, again, 1, nullptr);
        again.end = End::interrupted;
        CHECK(same(first, again));
    }
}

}  // namespace

void test_em() {
    for (const int d : {1, 2, 3, 5}) {
        for (const bool shared : {false, true}) {
            m_step_is_the_textbook_s(d, Geometry::dense, shared);
            m_step_is_the_textbook_s(d, Geometry::diagonal, shared);
            m_step_is_the_textbook_s(d, Geometry::spherical, shared);
        }
    }
    floors();
    for (const int n : {100, 20000}) {
        all_ways_are_one<double>(n);
        all_ways_are_one<float>(n);
    }
    converges();
    accelerates();
    watches();
    interrupts();
}
