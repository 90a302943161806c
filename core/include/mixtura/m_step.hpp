// The M-step of the plain structures: a covariance, its diagonal or one number for all features, of each component
// or of all. In double, sums in one order.
#pragma once

#include <limits>

#include "expectation.hpp"
#include "floor.hpp"

namespace mixtura {

struct Shape {
    int K;
    int d;
    Geometry geometry;  // dense, diagonal or spherical
    bool shared;        // of more than one component
    int count() const { return shared ? 1 : K; }
    std::size_t core_size() const {  // numbers of one covariance
        return geometry == Geometry::dense      ? static_cast<std::size_t>(d) * d
               : geometry == Geometry::diagonal ? static_cast<std::size_t>(d)
                                                : 1;
    }
};

// Parameters, and the offsets that follow from them.
struct State {
    std::vector<double> weights;      // (K)
    std::vector<double> means;        // (K, d)
    std::vector<double> covariances;  // (K or 1) by core_size
    std::vector<double> U;            // the same
    std::vector<double> log_det;      // (K or 1): log det U
    std::vector<double> offset;       // (K): log weight + log det U - d/2 log 2 pi

    explicit State(const Shape& s)
        : weights(s.K),
          means(static_cast<std::size_t>(s.K) * s.d),
          covariances(s.count() * s.core_size()),
          U(covariances.size()),
          log_det(s.count()),
          offset(s.K) {}

    void set_offsets(const Shape& s) {
        constexpr double log_2_pi = 1.8378770664093453;
        for (int k = 0; k < s.K; ++k) {
            offset[k] = std::log(weights[k]) + log_det[s.shared ? 0 : k] - 0.5 * s.d * log_2_pi;
        }
    }

    Parameters parameters(const Shape& s) const {
        return Parameters{s.K, s.d, s.geometry, s.shared, means.data(), U.data(), offset.data()};
    }
};

struct Regularisation {
    double ridge;         // added to each variance
    const double* floor;  // what each covariance stays above: (d, d), (d) or (1); or null
    // Pseudo-rows of a covariance of their own, which each component has besides its rows: (d, d), (d), or its
    // trace (1); or null.
    const double* prior = nullptr;
    double strength = 0;
};

// What follows from covariances: their floor, U and log det U.
class Factors {
  public:
    // With `raise`, what lies below the floor is raised to it; without, it is refused.
    Factors(const InstructionSet& set, const Shape& shape, const double* floor, bool raise = false)
        : set_(set),
          shape_(shape),
          floor_(floor),
          raised_(set, shape.d, raise && shape.geometry == Geometry::dense ? floor : nullptr) {
        if (shape.geometry == Geometry::dense) work_.resize((shape.count() + 1) * shape.core_size());
    }

    // False if a covariance lies below its floor and is not raised, or has no inverse; then nothing that was written
    // has a meaning.
    bool operator()(State& s) { return shape_.geometry == Geometry::dense ? of_matrices(s) : of_variances(s); }

  private:
    bool of_matrices(State& s) {
        const int m = shape_.count(), d = shape_.d;
        if (floor_) {
            const std::size_t size = shape_.core_size();
            for (std::size_t i = 0; i < s.covariances.size(); ++i) work_[i] = s.covariances[i] - floor_[i % size];
            int from = 0;
            while (from < m) {
                const int bad = set_.first_indefinite(m - from, d, &work_[from * size], &work_[s.covariances.size()]);
                if (bad < 0) break;
                from += bad;
                if (!raised_.raise(&s.covariances[from * size])) return false;
                ++from;
            }
        }
        return set_.whiten(m, d, s.covariances.data(), s.U.data(), s.log_det.data(), work_.data()) < 0;
    }

    bool of_variances(State& s) const {
        const std::size_t size = shape_.core_size();
        const double repeats = shape_.geometry == Geometry::spherical ? shape_.d : 1;
        for (int k = 0; k < shape_.count(); ++k) {
            double sum = 0;
            for (std::size_t j = 0; j < size; ++j) {
                double& v = s.covariances[k * size + j];
                if (floor_ && v < floor_[j]) v = floor_[j];
                if (!(v > 0) || !std::isfinite(v)) return false;
                const double u = 1.0 / std::sqrt(v);
                s.U[k * size + j] = u;
                sum += std::log(u);
            }
            s.log_det[k] = repeats * sum;
        }
        return true;
    }

    const InstructionSet& set_;
    const Shape shape_;
    const double* const floor_;
    Floor raised_;
    std::vector<double> work_;
};

class MStep {
  public:
    MStep(const InstructionSet& set, const Shape& shape, const Regularisation& reg)
        : shape_(shape), reg_(reg), factors_(set, shape, reg.floor, true), half_(static_cast<std::size_t>(shape.d)) {}

    // The parameters that moments about `old.means` ask for. False as `Factors`.
    bool operator()(const State& old, const Moments& s, State& out) {
        const std::size_t K = shape_.K, d = shape_.d, size = moment_size(shape_.geometry, d);
        double total = 0;
        for (std::size_t k = 0; k < K; ++k) total += s.S0[k];
        moments_.assign(s.S2.size(), 0.0);
        for (std::size_t k = 0; k < K; ++k) {
            // A component without any weight, whose moments are all 0, keeps its mean. Roots, because S0 may be so
            // small that a square of S1 / S0 would not be a number.
            const double root = std::sqrt(safe(s.S0[k]));
            for (std::size_t j = 0; j < d; ++j) {
                half_[j] = s.S1[k * d + j] / root;
                out.means[k * d + j] = old.means[k * d + j] + half_[j] / root;
            }
            add_products(&moments_[shape_.shared ? 0 : k * size]);
            out.weights[k] = s.S0[k] / total;
        }
        for (std::size_t i = 0; i < moments_.size(); ++i) moments_[i] = s.S2[i] - moments_[i];
        for (int k = 0; k < shape_.count(); ++k) average(k, shape_.shared ? total : safe(s.S0[k]), out);
        if (!factors_(out)) return false;
        out.set_offsets(shape_);
        return true;
    }

  private:
    static double safe(double S0) { return std::max(S0, std::numeric_limits<double>::denorm_min()); }

    // S1 S1^T / S0 of one component.
    void add_products(double* to) const {
        const std::size_t d = half_.size();
        for (std::size_t i = 0, pair = 0; i < d; ++i) {
            if (shape_.geometry == Geometry::dense) {
                for (std::size_t j = i; j < d; ++j) to[pair++] += half_[i] * half_[j];
            } else {
                to[shape_.geometry == Geometry::diagonal ? i : 0] += half_[i] * half_[i];
            }
        }
    }

    // One covariance, of second moments over a mass.
    void average(int k, double mass, State& out) const {
        const int d = shape_.d;
        const bool dense = shape_.geometry == Geometry::dense;
        const double* moment = &moments_[static_cast<std::size_t>(k) * moment_size(shape_.geometry, d)];
        double* c = &out.covariances[static_cast<std::size_t>(k) * shape_.core_size()];
        if (reg_.prior) mass += reg_.strength;
        if (shape_.geometry == Geometry::spherical) mass *= d;
        const auto estimate = [&](std::size_t at) {
            return (reg_.prior ? *moment + reg_.strength * reg_.prior[at] : *moment) / mass;
        };
        for (std::size_t i = 0, n = dense ? d : shape_.core_size(); i < n; ++i) {
            if (!dense) {
                c[i] = estimate(i) + reg_.ridge;
                ++moment;
                continue;
            }
            for (std::size_t j = i; j < n; ++j, ++moment) c[i * n + j] = c[j * n + i] = estimate(i * n + j);
            c[i * n + i] += reg_.ridge;
        }
    }

    const Shape shape_;
    const Regularisation reg_;
    Factors factors_;
    std::vector<double> half_;     // (d) S1 / sqrt(S0)
    std::vector<double> moments_;  // as `Moments::S2`
};

// The logarithm of the density that the prior gives the covariances, without a constant:
// -(s / 2) sum of log |Sigma| + tr(Sigma^-1 Lambda).
inline double log_prior(const Shape& shape, const State& s, const Regularisation& reg) {
    if (!reg.prior) return 0;
    double sum = 0;
    for (int k = 0; k < shape.count(); ++k) {
        Parameters p = s.parameters(shape);
        p.U += static_cast<std::size_t>(k) * shape.core_size();
        sum += whitened_trace(p, reg.prior) - 2 * s.log_det[k];
    }
    return -0.5 * reg.strength * sum;
}

}  // namespace mixtura
