// The M-step of the plain structures: a covariance, its diagonal or one number for all features, of each component
// or of all. In double, sums in one order.
#pragma once

#include <limits>

#include "expectation.hpp"

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
};

class MStep {
  public:
    MStep(const InstructionSet& set, const Shape& shape, const Regularisation& reg)
        : set_(set), shape_(shape), reg_(reg), half_(static_cast<std::size_t>(shape.d)) {
        if (shape.geometry == Geometry::dense) work_.resize((shape.count() + 1) * shape.core_size());
    }

    // The parameters that moments about `old.means` ask for. False if a covariance is at its floor in a way that takes
    // eigenvalues to mend, or has no inverse; then nothing that was written has a meaning.
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
        for (std::size_t k = 0, i = 0; k < static_cast<std::size_t>(shape_.count()); ++k) {
            double mass = shape_.shared ? total : safe(s.S0[k]);
            if (shape_.geometry == Geometry::spherical) mass *= static_cast<double>(d);
            for (std::size_t p = 0; p < size; ++p, ++i) moments_[i] = (s.S2[i] - moments_[i]) / mass;
        }
        const bool good = shape_.geometry == Geometry::dense ? factor_matrices(out) : factor_variances(out);
        if (good) out.set_offsets(shape_);
        return good;
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

    bool factor_matrices(State& out) {
        const int m = shape_.count(), d = shape_.d;
        const double* packed = moments_.data();
        for (int k = 0; k < m; ++k) {
            double* c = &out.covariances[k * shape_.core_size()];
            for (int i = 0; i < d; ++i) {
                for (int j = i; j < d; ++j) c[i * d + j] = c[j * d + i] = *packed++;
                c[i * d + i] += reg_.ridge;
            }
        }
        if (reg_.floor) {
            for (std::size_t i = 0; i < out.covariances.size(); ++i) {
                work_[i] = out.covariances[i] - reg_.floor[i % shape_.core_size()];
            }
            if (set_.first_indefinite(m, d, work_.data(), &work_[out.covariances.size()]) >= 0) return false;
        }
        return set_.whiten(m, d, out.covariances.data(), out.U.data(), out.log_det.data(), work_.data()) < 0;
    }

    bool factor_variances(State& out) const {
        const std::size_t size = shape_.core_size();
        const double repeats = shape_.geometry == Geometry::spherical ? shape_.d : 1;
        for (int k = 0; k < shape_.count(); ++k) {
            double sum = 0;
            for (std::size_t j = 0; j < size; ++j) {
                double v = moments_[k * size + j] + reg_.ridge;
                if (reg_.floor && v < reg_.floor[j]) v = reg_.floor[j];
                if (!(v > 0) || !std::isfinite(v)) return false;
                const double u = 1.0 / std::sqrt(v);
                out.covariances[k * size + j] = v;
                out.U[k * size + j] = u;
                sum += std::log(u);
            }
            out.log_det[k] = repeats * sum;
        }
        return true;
    }

    const InstructionSet& set_;
    const Shape shape_;
    const Regularisation reg_;
    std::vector<double> half_;     // (d) S1 / sqrt(S0)
    std::vector<double> moments_;  // as `Moments::S2`
    std::vector<double> work_;
};

}  // namespace mixtura
