// Logits of own whiteners where most components are too far from a row to matter: a component is given up, for a panel
// of rows, as soon as the columns of y that are done put it out of reach. Rows of a tile are first put in the order of
// the component that seems theirs, so that a panel has few.
#pragma once

#include "buffers.hpp"

namespace mixtura::MIXTURA_ISA {

// Below this many features a component is whitened about as fast as it is given up.
constexpr int kPruneFrom = 12;

template <class A>
struct Pruner {
    using T = typename A::T;
    using V = typename A::V;
    static constexpr int step = kVectors * A::L;
    const Model& m;
    const Prepared<T>& p;
    const Buffers<A>& b;

    static bool applies(const Model& m) {
        return m.geometry == Geometry::dense && !m.shared && m.d >= kPruneFrom && m.K > 2;
    }

    // Whether R rows whose logits are known say that it pays: |y|^2 grows about evenly with the
    // columns, and the work with their square.
    MIXTURA_ONCE bool pays(int R) const {
        const T infinity = static_cast<T>(__builtin_inf());
        V work{};
        for (int r = 0; r < R; r += A::L) {
            V top = A::load(b.logit + r);
            for (int k = 1; k < m.K; ++k) top = A::max(top, A::load(b.logit + k * b.S + r));
            for (int k = 0; k < m.K; ++k) {
                const V logit = A::load(b.logit + k * b.S + r);
                V share = (p.offset[k] - top - negligible<T>) / (p.offset[k] - logit);
                share = share < T(1) ? share : A::all(T(1));
                share = share > T(0) ? share : V{};
                work += logit > -infinity ? share * share : V{};
            }
        }
        return static_cast<double>(A::sum(work)) < 0.4 * R * m.K;
    }

    // Puts rows together that seem to belong to one component, by the first columns of y; the rows that only fill the
    // tile stay at its end. Leaves where each component's begin in b.count.
    MIXTURA_ONCE void sort_by_guess(int rows, int R) const {
        const Parts blocks(m.d, kColumns);
        const int some = (blocks.count + 7) / 8;
        for (int k = 0; k < m.K; ++k) {
            for (int r = 0; r < R; r += step) {
                V q[kVectors];
                dense_panel<A, false>(blocks, some, b.S, b.xt + r, p.mu_of(k, m.d), p.u_of(k), q, q);
                each<kVectors>([&](auto v) MIXTURA_LAMBDA {
                    A::store(b.logit + k * b.S + r + v * A::L, to_logit<A>(q[v], p.offset[k]));
                });
            }
        }
        first_largest<A>(m.K, R, b.S, b.logit, b.log_prob, b.scale);
        for (int k = 0; k <= m.K; ++k) b.count[k] = 0;
        for (int r = 0; r < rows; ++r) ++b.count[static_cast<int>(b.scale[r]) + 1];
        for (int k = 0; k < m.K; ++k) b.count[k + 1] += b.count[k];
        for (int r = 0; r < rows; ++r) b.order[b.count[static_cast<int>(b.scale[r])]++] = r;
        for (int k = m.K; k > 0; --k) b.count[k] = b.count[k - 1];
        b.count[0] = 0;
    }

    // Logits of the sorted rows; -inf where they are negligible. First those of each panel with the components it was
    // sorted by, then all others against these.
    MIXTURA_ONCE void logits(int R) const {
        for (int r = 0; r < R; r += A::L) A::store(b.log_prob + r, A::all(-static_cast<T>(__builtin_inf())));
        for (int k = 0; k < m.K; ++k) {
            for (int r = own_begin(k); r < own_end(k); r += step) panel<false>(k, r);
        }
        for (int k = 0; k < m.K; ++k) {
            for (int r = 0; r < R; r += step) {
                if (r < own_begin(k) || r >= own_end(k)) panel<true>(k, r);
            }
        }
    }

  private:
    int own_begin(int k) const { return b.count[k] / step * step; }
    int own_end(int k) const { return b.count[k] == b.count[k + 1] ? own_begin(k) : b.count[k + 1]; }

    template <bool Bounded>
    void panel(int k, int r) const {
        V top[kVectors], reach[kVectors], q[kVectors];
        each<kVectors>([&](auto v) MIXTURA_LAMBDA {
            top[v] = A::load(b.log_prob + r + v * A::L);
            reach[v] = T(2) * (p.offset[k] - top[v] - negligible<T>);
        });
        T* const logit = b.logit + k * b.S + r;
        const Parts blocks(m.d, kColumns);
        if (!dense_panel<A, Bounded>(blocks, blocks.count, b.S, b.xt + r, p.mu_of(k, m.d), p.u_of(k), reach, q)) {
            each<kVectors>(
                [&](auto v) MIXTURA_LAMBDA { A::store(logit + v * A::L, A::all(-static_cast<T>(__builtin_inf()))); });
            return;
        }
        each<kVectors>([&](auto v) MIXTURA_LAMBDA {
            const V value = to_logit<A>(q[v], p.offset[k]);
            A::store(logit + v * A::L, value);
            A::store(b.log_prob + r + v * A::L, A::max(top[v], value));
        });
    }
};

}  // namespace mixtura::MIXTURA_ISA
