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

// Calls use(sums, first, rows, Nearest) for every tile; returns the tree sum of (size) numbers.
template <class Use>
std::vector<double> nearest_pass(const Kernel& kernel, const Rows& X, const Centres& centres, bool all,
                                 std::size_t size, int n_threads, const Poll& poll, Use use) {
    const Model& m = centres.model;
    const int tile = kernel.tile_rows(m);
    const Memory prepared(kernel.prepared_bytes(m));
    kernel.prepare(m, prepared.get());
    const Blocks blocks(X.n, tile);
    SumTree tree(blocks.count, size);
    struct State {
        Memory scratch;
        std::vector<std::int32_t> labels;
        std::vector<double> distance;
        std::vector<double> all;
        std::vector<double> sums;
    };
    for_each_block(
        blocks, flops(X, m) < kInlineFlops ? 1 : n_threads, poll,
        [&] {
            const std::size_t rows = static_cast<std::size_t>(tile);
            return State{Memory(kernel.scratch_bytes(m, tile)), std::vector<std::int32_t>(rows),
                         std::vector<double>(rows), std::vector<double>(all ? rows * m.K : 0), tree.zeros()};
        },
        [&](State& s, std::int64_t first, int rows) {
            const Nearest out{all ? nullptr : s.labels.data(), all ? nullptr : s.distance.data(),
                              all ? s.all.data() : nullptr};
            kernel.nearest(X, m, prepared.get(), s.scratch.get(), tile, first, rows, out);
            use(s.sums.data(), first, rows, out);
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
    return nearest_pass(kernel, X, Centres(1, X.d, point), false, 1, n_threads, poll,
                        [&](double* sum, std::int64_t first, int rows, const Nearest& near) {
                            for (int r = 0; r < rows; ++r) {
                                float& c = closest[first + r];
                                c = std::min(c, as_closest(near.distance[r], scale));
                                *sum += (X.weight ? X.weight[first + r] : 1.0) * static_cast<double>(c);
                            }
                        })[0];
}

// For each candidate: the weighted sum of min(closest, scale |x - candidate|^2).
inline std::vector<double> potential(const Kernel& kernel, const Rows& X, int count,
                                     const double* candidates /* (count, d) */, double scale,
                                     const float* closest /* (n) */, int n_threads, const Poll& poll) {
    return nearest_pass(kernel, X, Centres(count, X.d, candidates), true, count, n_threads, poll,
                        [&](double* sum, std::int64_t first, int rows, const Nearest& near) {
                            for (int k = 0; k < count; ++k) {
                                const double* distance = near.all + static_cast<std::ptrdiff_t>(k) * rows;
                                for (int r = 0; r < rows; ++r) {
                                    const float c = std::min(closest[first + r], as_closest(distance[r], scale));
                                    sum[k] += (X.weight ? X.weight[first + r] : 1.0) * static_cast<double>(c);
                                }
                            }
                        });
}

// One step of Lloyd's algorithm. Returns S0 (K), S1 (K, d) about the centres, inertia, count of changed labels.
template <class T>
std::vector<double> lloyd_step(const Kernel& kernel, const Rows& X, int K, const double* centres /* (K, d) */,
                               std::int32_t* labels /* (n) in and out */, int n_threads, const Poll& poll) {
    const std::size_t d = static_cast<std::size_t>(X.d);
    const std::size_t s1 = K, inertia = s1 + K * d, changed = inertia + 1;
    return nearest_pass(
        kernel, X, Centres(K, X.d, centres), false, changed + 1, n_threads, poll,
        [&](double* sum, std::int64_t first, int rows, const Nearest& near) {
            for (int r = 0; r < rows; ++r) {
                const std::int64_t n = first + r;
                const std::size_t k = static_cast<std::size_t>(near.labels[r]);
                const double w = X.weight ? X.weight[n] : 1.0;
                sum[changed] += labels[n] != near.labels[r];
                labels[n] = near.labels[r];
                sum[inertia] += w * near.distance[r];
                sum[k] += w;
                const char* row = X.data + n * X.row_stride;
                for (std::size_t j = 0; j < d; ++j) {
                    const double x = *reinterpret_cast<const T*>(row + static_cast<std::int64_t>(j) * X.column_stride);
                    sum[s1 + k * d + j] += w * ((x - X.centre[j]) - centres[k * d + j]);
                }
            }
        });
}

}  // namespace mixtura
