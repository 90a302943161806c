// A step of SQUAREM (Varadhan and Roland, 2008): from three states of EM in a row to one further along their path.
//
// Weights go by their logarithms, means and matrices as they are, variances by their logarithms, and lengths are those
// of the Fisher information of the complete data. So the step is the same in all units of the data, and for matrices
// in all linear mixtures of the features; a matrix that it takes too far is a shorter step.
#pragma once

#include <array>

#include "m_step.hpp"

namespace mixtura {

class Leap {
  public:
    Leap(const InstructionSet& set, const Shape& shape, const Regularisation& reg)
        : shape_(shape), factors_(set, shape, reg.floor), delta_(shape.d), z_(shape.d), rows_(shape.core_size()) {}

    // False if there is no step longer than the two of EM.
    bool operator()(const State& s0, const State& s1, const State& s2, State& out) {
        const double r = squared_length({-1, 1, 0}, s0, s1, s2), v = squared_length({1, -2, 1}, s0, s1, s2);
        double alpha = std::sqrt(r / v);
        if (!(alpha > least)) return false;  // v may be 0, and so may both
        at_limit_ = alpha >= limit_;
        alpha = std::min(alpha, limit_);
        for (; alpha > least; alpha = 0.5 * (alpha + 1)) {
            if (extrapolate(alpha, s0, s1, s2, out)) return true;
        }
        return false;
    }

    // What became of the last one.
    void accepted() {
        if (at_limit_) limit_ *= growth;
    }
    void rejected() { limit_ = std::max(growth, limit_ / growth); }

  private:
    using Combination = std::array<double, 3>;
    static constexpr double growth = 4, least = 1.1;
    static constexpr double least_weight = 1e-290;

    static double combined(const Combination& c, double x0, double x1, double x2) {
        return c[0] * x0 + c[1] * x1 + c[2] * x2;
    }
    static double combined_logs(const Combination& c, double x0, double x1, double x2) {
        return combined(c, std::log(x0), std::log(x1), std::log(x2));
    }
    static bool have_logs(double x0, double x1, double x2) { return std::min({x0, x1, x2}) > least_weight; }

    double squared_length(const Combination& c, const State& s0, const State& s1, const State& s2) {
        const int K = shape_.K, d = shape_.d;
        const std::size_t size = shape_.core_size();
        double sum = 0;
        for (int k = 0; k < K; ++k) {
            if (!have_logs(s0.weights[k], s1.weights[k], s2.weights[k])) continue;
            const double log_weight = combined_logs(c, s0.weights[k], s1.weights[k], s2.weights[k]);
            const std::size_t row = static_cast<std::size_t>(k) * d;
            for (int j = 0; j < d; ++j) {
                delta_[j] = combined(c, s0.means[row + j], s1.means[row + j], s2.means[row + j]);
            }
            const double* U = &s1.U[shape_.shared ? 0 : k * size];
            double squares = log_weight * log_weight;
            if (shape_.geometry == Geometry::dense) {
                std::fill(z_.begin(), z_.end(), 0.0);
                for (int i = 0; i < d; ++i) {
                    for (int j = i; j < d; ++j) z_[j] += delta_[i] * U[i * d + j];
                }
                for (const double z : z_) squares += z * z;
            } else {
                for (int j = 0; j < d; ++j) {
                    const double z = delta_[j] * U[shape_.geometry == Geometry::diagonal ? j : 0];
                    squares += z * z;
                }
            }
            sum += s1.weights[k] * squares;
        }
        for (int k = 0; k < shape_.count(); ++k) {
            const double weight = shape_.shared ? 1 : s1.weights[k];
            if (!(weight > least_weight)) continue;
            sum += 0.5 * weight * squared_covariance_length(c, k * size, s0, s1, s2);
        }
        return sum;
    }

    // |U^T D U|^2 of the combination D of matrices; the squares of that of log variances.
    double squared_covariance_length(const Combination& c, std::size_t at, const State& s0, const State& s1,
                                     const State& s2) {
        const int d = shape_.d;
        const double *c0 = &s0.covariances[at], *c1 = &s1.covariances[at], *c2 = &s2.covariances[at];
        double squares = 0;
        if (shape_.geometry != Geometry::dense) {
            const double repeats = shape_.geometry == Geometry::spherical ? d : 1;
            for (std::size_t j = 0; j < shape_.core_size(); ++j) {
                const double change = combined_logs(c, c0[j], c1[j], c2[j]);
                squares += repeats * change * change;
            }
            return squares;
        }
        const double* U = &s1.U[at];
        std::fill(rows_.begin(), rows_.end(), 0.0);
        for (int i = 0; i < d; ++i) {  // D U
            for (int l = 0; l < d; ++l) {
                const double D = combined(c, c0[i * d + l], c1[i * d + l], c2[i * d + l]);
                for (int j = l; j < d; ++j) rows_[i * d + j] += D * U[l * d + j];
            }
        }
        for (int i = 0; i < d; ++i) {  // row i of U^T (D U), which is symmetric
            std::fill(z_.begin(), z_.end(), 0.0);
            for (int l = 0; l <= i; ++l) {
                for (int j = i; j < d; ++j) z_[j] += U[l * d + i] * rows_[l * d + j];
            }
            squares += z_[i] * z_[i];
            for (int j = i + 1; j < d; ++j) squares += 2 * z_[j] * z_[j];
        }
        return squares;
    }

    bool extrapolate(double alpha, const State& s0, const State& s1, const State& s2, State& out) {
        const Combination c{(1 - alpha) * (1 - alpha), 2 * alpha * (1 - alpha), alpha * alpha};
        double total = 0;
        for (int k = 0; k < shape_.K; ++k) {
            const double w0 = s0.weights[k], w1 = s1.weights[k], w2 = s2.weights[k];
            out.weights[k] = have_logs(w0, w1, w2) ? std::exp(combined_logs(c, w0, w1, w2)) : w2;
            total += out.weights[k];
        }
        if (!(total > 0) || !std::isfinite(total)) return false;
        for (double& w : out.weights) w /= total;
        for (std::size_t i = 0; i < out.means.size(); ++i) {
            out.means[i] = combined(c, s0.means[i], s1.means[i], s2.means[i]);
            if (!std::isfinite(out.means[i])) return false;
        }
        const bool dense = shape_.geometry == Geometry::dense;
        for (std::size_t i = 0; i < out.covariances.size(); ++i) {
            const double c0 = s0.covariances[i], c1 = s1.covariances[i], c2 = s2.covariances[i];
            out.covariances[i] = dense ? combined(c, c0, c1, c2) : std::exp(combined_logs(c, c0, c1, c2));
        }
        if (!factors_(out)) return false;
        out.set_offsets(shape_);
        return true;
    }

    const Shape shape_;
    Factors factors_;
    double limit_ = growth;
    bool at_limit_ = false;
    std::vector<double> delta_, z_;  // (d)
    std::vector<double> rows_;       // of one matrix
};

}  // namespace mixtura
