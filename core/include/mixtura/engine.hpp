// Passes over all rows: a kernel's tiles, run by the pool, summed by the tree.
#pragma once

#include <cmath>
#include <memory>

#include "blocks.hpp"
#include "kernel.hpp"

namespace mixtura {

// Fewer flops than this are done before another thread would have woken.
constexpr double kInlineFlops = 2e6;

struct Memory {
    std::unique_ptr<char[]> bytes;
    explicit Memory(std::size_t size) : bytes(new char[size]) {}
    void* get() const { return bytes.get(); }
};

inline double flops(const Rows& X, const Model& m) {
    const double features = static_cast<double>(m.d);
    const bool dense = m.geometry == Geometry::dense && !m.shared;
    const double a_component = dense ? 2 * features * (features + 1) : 8 * features;
    return static_cast<double>(X.n) * m.K * (a_component + 40);
}

inline bool is_inline(const Rows& X, const Model& m) { return flops(X, m) < kInlineFlops; }

struct Statistics {
    std::vector<double> sums;  // S0 (K), S1 (K, d) about the means (linear: about the centre), S2 as `Sums` says, L
    std::size_t s1, s2, l;
};

inline std::size_t second_moments(const Model& m) {
    if (m.shared) return 0;
    const std::size_t d = static_cast<std::size_t>(m.d);
    return m.K * (m.geometry == Geometry::dense ? d * (d + 1) / 2 : m.geometry == Geometry::diagonal ? d : 1);
}

inline Statistics e_step(const Kernel& kernel, const Rows& X, const Model& m, int n_threads, const Poll& poll) {
    const std::size_t K = m.K;
    Statistics out;
    out.s1 = K;
    out.s2 = out.s1 + K * m.d;
    out.l = out.s2 + second_moments(m);
    const int tile = kernel.tile_rows(m);
    const Blocks blocks(X.n, tile);
    const Memory prepared(kernel.prepared_bytes(m));
    kernel.prepare(m, prepared.get());
    SumTree tree(blocks.count, out.l + 1);
    struct State {
        Memory scratch;
        std::vector<double> sums;
    };
    for_each_block(
        blocks, is_inline(X, m) ? 1 : n_threads, poll,
        [&] { return State{Memory(kernel.scratch_bytes(m, tile)), tree.zeros()}; },
        [&](State& state, std::int64_t first, int rows) {
            double* s = state.sums.data();
            if (blocks.begins(first)) *static_cast<Learned*>(state.scratch.get()) = Learned{};
            kernel.e_step(X, m, prepared.get(), state.scratch.get(), tile, first, rows,
                          Sums{s, s + out.s1, s + out.s2, s + out.l});
        },
        [&](State& state, std::int64_t block) {
            tree.add(block, std::move(state.sums));
            state.sums = tree.zeros();
        });
    out.sums = tree.total();
    if (kernel.s1_about_centre(m) && m.geometry != Geometry::linear) {
        for (std::size_t i = 0; i < K * m.d; ++i) out.sums[out.s1 + i] -= out.sums[i / m.d] * m.mu[i];
    }
    return out;
}

inline void score(const Kernel& kernel, const Rows& X, const Model& m, const Scores& out, int n_threads,
                  const Poll& poll) {
    const int tile = kernel.tile_rows(m);
    const Memory prepared(kernel.prepared_bytes(m));
    kernel.prepare(m, prepared.get());
    const Blocks blocks(X.n, tile);
    for_each_block(
        blocks, is_inline(X, m) ? 1 : n_threads, poll, [&] { return Memory(kernel.scratch_bytes(m, tile)); },
        [&](Memory& scratch, std::int64_t first, int rows) {
            if (blocks.begins(first)) *static_cast<Learned*>(scratch.get()) = Learned{};
            kernel.score(X, m, prepared.get(), scratch.get(), tile, first, rows, out);
        },
        [](Memory&, std::int64_t) {});
}

}  // namespace mixtura
