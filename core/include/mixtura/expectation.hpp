// The E-step of parameters as an M-step makes them, for data of either type: means about the origin, and S2 of
// components that share U too.
#pragma once

#include "engine.hpp"

namespace mixtura {

// Rows, and the kernels that read them.
struct Source {
    Rows rows;
    bool f64;
    const InstructionSet& set;
    const Kernel& kernel() const { return f64 ? set.f64 : set.f32; }
};

struct Parameters {
    int K;
    int d;
    Geometry geometry;  // dense, diagonal or spherical
    bool shared;        // of more than one component
    const double* means;
    const double* U;
    const double* offset;
};

// What a pass of components that share U needs of the data; no pass changes it.
struct Scatter {
    const double* total;  // sum of w (x - c)(x - c)^T (d, d), its diagonal (d) or its trace (1)
    const double* reach;  // (d): the largest |x - c| of each feature
};

struct Moments {
    std::vector<double> S0;  // (K)
    std::vector<double> S1;  // (K, d), about the means
    std::vector<double> S2;  // (K or 1) packed upper triangles by rows, (d) or 1, about the means
    double L;
};

// Numbers of one second moment.
inline std::size_t moment_size(Geometry geometry, std::size_t d) {
    return geometry == Geometry::dense ? d * (d + 1) / 2 : geometry == Geometry::diagonal ? d : 1;
}

inline std::vector<double> about_centre(const Source& source, const double* points, std::size_t count) {
    const std::size_t d = static_cast<std::size_t>(source.rows.d);
    std::vector<double> out(count * d);
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = points[i] - source.rows.centre[i % d];
        // The kernels compute in the data's type: let the moments be about the very point that they use.
        if (!source.f64) out[i] = static_cast<double>(static_cast<float>(out[i]));
    }
    return out;
}

// Moments were taken about the means that the kernel used; moves them to the means that were asked for.
inline void recentre(const Source& source, const Parameters& p, const double* mu, Moments& s) {
    const std::size_t K = p.K, d = p.d, size = p.shared ? 0 : moment_size(p.geometry, d);
    const bool dense = p.geometry == Geometry::dense;
    std::vector<double> delta(d);
    for (std::size_t k = 0; k < K; ++k) {
        const double S0 = s.S0[k];
        double* S1 = &s.S1[k * d];
        for (std::size_t j = 0; j < d; ++j) delta[j] = mu[k * d + j] - (p.means[k * d + j] - source.rows.centre[j]);
        double* S2 = s.S2.data() + k * size;
        for (std::size_t i = 0, pair = 0; i < d && !p.shared; ++i) {
            for (std::size_t j = i; j < (dense ? d : i + 1); ++j, ++pair) {
                S2[size == 1 ? 0 : pair] += S1[i] * delta[j] + delta[i] * S1[j] + S0 * delta[i] * delta[j];
            }
        }
        for (std::size_t j = 0; j < d; ++j) S1[j] += S0 * delta[j];
    }
}

// One pass, by the kernels' own parameters; S1 as they leave it.
inline void sum_pass(const Source& source, const Model& model, int n_threads, const Poll& poll, Moments& out) {
    const Statistics s = e_step(source.kernel(), source.rows, model, n_threads, poll);
    const auto part = [&](std::size_t from, std::size_t to) {
        return std::pair(s.sums.begin() + static_cast<std::ptrdiff_t>(from),
                         s.sums.begin() + static_cast<std::ptrdiff_t>(to));
    };
    const auto [s0, s0_end] = part(0, s.s1);
    const auto [s1, s1_end] = part(s.s1, s.s2);
    const auto [s2, s2_end] = part(s.s2, s.l);
    out.S0.assign(s0, s0_end);
    out.S1.assign(s1, s1_end);
    out.S2.assign(s2, s2_end);
    out.L = s.sums[s.l];
}

// Whether logits that are differences of squares err by no more than 1e-8 nats: a bound of |(x - c) U|^2 over all
// rows is below 1e8. Never if a number is not finite.
inline bool within_linear_reach(const Parameters& p, const Scatter& scatter) {
    double squares = 0;
    const std::ptrdiff_t d = p.d;
    for (std::ptrdiff_t j = 0; j < d; ++j) {
        double reach = 0;
        if (p.geometry == Geometry::dense) {
            for (std::ptrdiff_t i = 0; i <= j; ++i) reach += std::fabs(p.U[i * d + j]) * scatter.reach[i];
        } else {
            reach = p.U[p.geometry == Geometry::diagonal ? j : 0] * scatter.reach[j];
        }
        squares += reach * reach;
    }
    return squares < 1e8;
}

// tr(U^T S U) with S the scatter.
inline double whitened_trace(const Parameters& p, const double* total) {
    double trace = 0;
    if (p.geometry != Geometry::dense) {
        const int size = p.geometry == Geometry::diagonal ? p.d : 1;
        for (int j = 0; j < size; ++j) trace += p.U[j] * p.U[j] * total[j];
        return trace;
    }
    const std::ptrdiff_t d = p.d;
    std::vector<double> row(static_cast<std::size_t>(d));
    for (std::ptrdiff_t i = 0; i < d; ++i) {
        std::fill(row.begin(), row.end(), 0.0);
        for (std::ptrdiff_t l = 0; l < d; ++l) {
            for (std::ptrdiff_t j = l; j < d; ++j) row[j] += total[i * d + l] * p.U[l * d + j];
        }
        for (std::ptrdiff_t j = i; j < d; ++j) trace += p.U[i * d + j] * row[j];
    }
    return trace;
}

// x^T P x is the same for all components that share U, so it cancels in the responsibilities: logits are linear in
// x, and its share of L is -tr(P sum of w x x^T) / 2. That loses digits where squares are large.
inline void linear_pass(const Source& source, const Parameters& p, const Scatter& scatter, int n_threads,
                        const Poll& poll, Moments& out) {
    const std::vector<double> mu = about_centre(source, p.means, static_cast<std::size_t>(p.K));
    std::vector<double> slopes(mu.size()), intercepts(static_cast<std::size_t>(p.K)), z(static_cast<std::size_t>(p.d));
    const std::ptrdiff_t d = p.d;
    for (int k = 0; k < p.K; ++k) {
        const double* m = &mu[static_cast<std::size_t>(k) * d];
        double* slope = &slopes[static_cast<std::size_t>(k) * d];
        double squares = 0;
        for (std::ptrdiff_t j = 0; j < d; ++j) {
            z[j] = 0;
            if (p.geometry == Geometry::dense) {
                for (std::ptrdiff_t i = 0; i <= j; ++i) z[j] += m[i] * p.U[i * d + j];
            } else {
                z[j] = m[j] * p.U[p.geometry == Geometry::diagonal ? j : 0];
            }
            squares += z[j] * z[j];
        }
        for (std::ptrdiff_t i = 0; i < d; ++i) {
            slope[i] = 0;
            if (p.geometry == Geometry::dense) {
                for (std::ptrdiff_t j = i; j < d; ++j) slope[i] += z[j] * p.U[i * d + j];
            } else {
                slope[i] = z[i] * p.U[p.geometry == Geometry::diagonal ? i : 0];
            }
        }
        intercepts[k] = p.offset[k] - 0.5 * squares;
    }
    sum_pass(source, Model{p.K, p.d, Geometry::linear, true, slopes.data(), nullptr, intercepts.data()}, n_threads,
             poll, out);
    for (std::size_t i = 0; i < mu.size(); ++i) out.S1[i] -= out.S0[i / d] * mu[i];
    out.L -= 0.5 * whitened_trace(p, scatter.total);
}

// The sum over components of S2 about their means, which follows from the scatter about the centre.
inline void pooled_second_moments(const Source& source, const Parameters& p, const Scatter& scatter, Moments& out) {
    const std::size_t d = p.d;
    const bool dense = p.geometry == Geometry::dense;
    out.S2.assign(moment_size(p.geometry, d), 0.0);
    std::vector<double> delta(d), half(d);
    for (std::size_t k = 0; k < static_cast<std::size_t>(p.K); ++k) {
        for (std::size_t j = 0; j < d; ++j) {
            delta[j] = p.means[k * d + j] - source.rows.centre[j];
            half[j] = out.S1[k * d + j] + 0.5 * out.S0[k] * delta[j];
        }
        for (std::size_t i = 0, pair = 0; i < d; ++i) {
            for (std::size_t j = i; j < (dense ? d : i + 1); ++j, ++pair) {
                out.S2[p.geometry == Geometry::spherical ? 0 : pair] += half[i] * delta[j] + half[j] * delta[i];
            }
        }
    }
    for (std::size_t i = 0, pair = 0; pair < out.S2.size(); ++i) {
        for (std::size_t j = i; j < (dense ? d : i + 1); ++j, ++pair) {
            out.S2[pair] = scatter.total[dense ? i * d + j : pair] - out.S2[pair];
        }
    }
}

// `scatter` is null for components that have a U each.
inline void expectation(const Source& source, const Parameters& p, const Scatter* scatter, int n_threads,
                        const Poll& poll, Moments& out) {
    // float32 has too few digits for linear logits.
    if (scatter && source.f64 && within_linear_reach(p, *scatter)) {
        linear_pass(source, p, *scatter, n_threads, poll, out);
    } else {
        const std::vector<double> mu = about_centre(source, p.means, static_cast<std::size_t>(p.K));
        sum_pass(source, Model{p.K, p.d, p.geometry, p.shared, mu.data(), p.U, p.offset}, n_threads, poll, out);
        if (!source.f64) recentre(source, p, mu.data(), out);
    }
    if (scatter) pooled_second_moments(source, p, *scatter, out);
}

}  // namespace mixtura
