// Passes of k-means and of its seeding, over the nearest-centre kernel.
#pragma once

#include <limits>

#include "engine.hpp"

namespace mixtura {

// A "mixture" whose logits are -|x - centre|^2 / 2.
class Centres {
  public:
    Centres(int K, int d, const double* centres /* (K, d) about the rows' centre */)
        : zeros_(K, 0.0), model{K, d, Geometry::spherical, true, centres, &one_, zeros_.data()} {}

  private:
    const double one_ = 1.0;
    std::vector<double> zeros_;

  public:
    const Model model;
};

// Calls use(sums, first, rows, distances to the centres (K, rows)) for every tile; returns the tree sum of (size)
// numbers.
template <class Use>
std::vector<double> distance_pass(const Kernel& kernel, const Rows& X, const Centres& centres, std::size_t size,
                                  int n_threads, const Poll& poll, Use use) {
    const Model& m = centres.model;
    const int tile = kernel.tile_rows(m);
    const Memory prepared(kernel.prepared_bytes(m));
    kernel.prepare(m, prepared.get());
    const Blocks blocks(X.n, tile);
    SumTree tree(blocks.count, size);
    struct State {
        Memory scratch;
        std::vector<double> distances;
        std::vector<double> sums;
    };
    for_each_block(
        blocks, flops(X, m) < kInlineFlops ? 1 : n_threads, poll,
        [&] {
            return State{Memory(kernel.scratch_bytes(m, tile)),
                         std::vector<double>(static_cast<std::size_t>(tile) * m.K), tree.zeros()};
        },
        [&](State& s, std::int64_t first, int rows) {
            kernel.distances(X, m, prepared.get(), s.scratch.get(), tile, first, rows, s.distances.data());
            use(s.sums.data(), first, rows, s.distances.data());
        },
        [&](State& s, std::int64_t block) {
            tree.add(block, std::move(s.sums));
            s.sums = tree.zeros();
        });
    return tree.total();
}

// Squared distances to the closest seed are kept in float, half the memory of all that a start needs, and in a unit
// of the data's own, given by `scale`, so that float can hold them. Seeds are drawn by them: they need no more digits.
inline float as_closest(double distance, double scale) {
    return static_cast<float>(std::min(distance * scale, static_cast<double>(std::numeric_limits<float>::max())));
}

// closest (n) = min(closest, scale |x - point|^2); returns the weighted sum of closest.
inline double min_update(const Kernel& kernel, const Rows& X, const double* point /* (d) */, double scale,
                         float* closest, int n_threads, const Poll& poll) {
    return distance_pass(kernel, X, Centres(1, X.d, point), 1, n_threads, poll,
                         [&](double* sum, std::int64_t first, int rows, const double* distance) {
                             for (int r = 0; r < rows; ++r) {
                                 float& c = closest[first + r];
                                 c = std::min(c, as_closest(distance[r], scale));
                                 *sum += (X.weight ? X.weight[first + r] : 1.0) * static_cast<double>(c);
                             }
                         })[0];
}

// For each candidate: the weighted sum of min(closest, scale |x - candidate|^2).
inline std::vector<double> potential(const Kernel& kernel, const Rows& X, int count,
                                     const double* candidates /* (count, d) */, double scale,
                                     const float* closest /* (n) */, int n_threads, const Poll& poll) {
    return distance_pass(kernel, X, Centres(count, X.d, candidates), count, n_threads, poll,
                         [&](double* sum, std::int64_t first, int rows, const double* distance) {
                             for (int k = 0; k < count; ++k) {
                                 for (int r = 0; r < rows; ++r) {
                                     const float c = std::min(closest[first + r], as_closest(*distance++, scale));
                                     sum[k] += (X.weight ? X.weight[first + r] : 1.0) * static_cast<double>(c);
                                 }
                             }
                         });
}

// Centres as float can compare them.
class Slopes {
  public:
    Slopes(const Model& m, double unit)
        : slope_(static_cast<std::size_t>(m.K) * m.d), offset_(static_cast<std::size_t>(m.K)), unit_(unit) {
        double longest = 0;
        for (std::size_t k = 0, i = 0; k < offset_.size(); ++k) {
            double square = 0;
            for (int j = 0; j < m.d; ++j, ++i) {
                slope_[i] = static_cast<float>(m.mu[i] * unit);
                square += static_cast<double>(slope_[i]) * static_cast<double>(slope_[i]);
            }
            offset_[k] = static_cast<float>(-0.5 * square);
            // A NaN shall win.
            if (!(square <= longest)) longest = square;
        }
        longest_ = static_cast<float>(std::sqrt(longest) * (1 + 1e-6));
    }

    Filter filter() const { return {slope_.data(), offset_.data(), longest_, unit_}; }

  private:
    std::vector<float> slope_, offset_;
    float longest_;
    double unit_;
};

// Says how far the centres have moved, rounded up.
inline void set_drift(const Model& m, const double* before /* (K, d) */, double unit, Assign& to) {
    double most = 0, next = 0;
    to.farthest = 0;
    for (std::size_t k = 0, i = 0; k < static_cast<std::size_t>(m.K); ++k) {
        double square = 0;
        for (int j = 0; j < m.d; ++j, ++i) square += (m.mu[i] - before[i]) * (m.mu[i] - before[i]);
        const double drift = std::sqrt(square) * unit;
        if (!(drift <= most)) {
            next = most;
            most = drift;
            to.farthest = static_cast<int>(k);
        } else if (!(drift <= next)) {
            next = drift;
        }
    }
    to.drift = static_cast<float>(most * (1 + 1e-6));
    to.next_drift = static_cast<float>(next * (1 + 1e-6));
    to.bounded = true;
}

// Half of each centre's distance from the nearest other one, rounded down. Where they would cost more than to look at
// each row once, they are left at 0.
inline std::vector<float> half_gaps(const Model& m, std::int64_t n, double unit) {
    const std::size_t K = m.K, d = m.d;
    if (n / m.K < m.K) return std::vector<float>(K);
    std::vector<double> least(K, std::numeric_limits<double>::infinity());
    for (std::size_t k = 0; k < K; ++k) {
        for (std::size_t other = 0; other < k; ++other) {
            double square = 0;
            for (std::size_t j = 0; j < d; ++j) {
                const double t = m.mu[k * d + j] - m.mu[other * d + j];
                square += t * t;
            }
            least[k] = std::min(least[k], square);
            least[other] = std::min(least[other], square);
        }
    }
    std::vector<float> half(K);
    for (std::size_t k = 0; k < K; ++k) {
        const double gap = 0.5 * std::sqrt(least[k]) * unit * (1 - 1e-6);
        half[k] = static_cast<float>(std::min(gap, static_cast<double>(std::numeric_limits<float>::max())));
    }
    return half;
}

struct LloydArrays {
    std::int32_t* labels;  // (n) in and out
    float* lower;          // (n) in and out, or null
    double* distance;      // (n) or null
};

// The nearest centres; if `sums`, one step of Lloyd's algorithm: S0 (K), S1 (K, d) about the centres, inertia, and the
// count of changed labels. `before` are the centres of the step that left labels and bounds, or null.
inline std::vector<double> assign_pass(const Kernel& kernel, const Rows& X, const Centres& centres,
                                       const double* before, double unit, const LloydArrays& out, bool sums,
                                       int n_threads, const Poll& poll) {
    const Model& m = centres.model;
    const std::size_t s1 = m.K, inertia = s1 + s1 * m.d, changed = inertia + 1;
    const Slopes slopes(m, unit);
    Assign shared{};
    shared.filter = slopes.filter();
    shared.labels = out.labels;
    shared.lower = out.lower;
    shared.distance = out.distance;
    std::vector<float> gaps;
    if (before) {
        gaps = half_gaps(m, X.n, unit);
        shared.half_gap = gaps.data();
        set_drift(m, before, unit, shared);
    }
    const int tile = kernel.tile_rows(m);
    const Memory prepared(kernel.prepared_bytes(m));
    kernel.prepare(m, prepared.get());
    const Blocks blocks(X.n, tile);
    SumTree tree(blocks.count, sums ? changed + 1 : 0);
    struct State {
        Memory scratch;
        std::vector<std::int32_t> labels;
        std::vector<double> sums;
    };
    for_each_block(
        blocks, flops(X, m) < kInlineFlops ? 1 : n_threads, poll,
        [&] { return State{Memory(kernel.scratch_bytes(m, tile)), std::vector<std::int32_t>(tile), tree.zeros()}; },
        [&](State& s, std::int64_t first, int rows) {
            Assign to = shared;
            if (sums) {
                to.S0 = s.sums.data();
                to.S1 = to.S0 + s1;
                to.inertia = to.S0 + inertia;
            }
            const std::int32_t* now = out.labels + first;
            if (sums) std::copy_n(now, rows, s.labels.data());
            kernel.assign(X, m, prepared.get(), s.scratch.get(), tile, first, rows, to);
            for (int r = 0; sums && r < rows; ++r) s.sums[changed] += s.labels[r] != now[r];
        },
        [&](State& s, std::int64_t block) {
            tree.add(block, std::move(s.sums));
            s.sums = tree.zeros();
        });
    return tree.total();
}

}  // namespace mixtura
