// The nearest centre of each row, and the sums of Lloyd's algorithm. That centre is asked for only where a bound on the
// distances leaves it open, then in float, and in the data's type where float cannot tell.
#pragma once

#include <limits>

#include "buffers.hpp"
#include "diagonal.hpp"
#include "shared.hpp"

namespace mixtura::MIXTURA_ISA {

// The largest and the second largest of K logits of each row, and which is the largest (exact for K < 2^24).
template <class F>
inline void two_largest(int K, int R, std::ptrdiff_t S, const float* logit /* (K, S) */, float* top, float* second,
                        float* which) {
    using V = typename F::V;
    for (int r = 0; r < R; r += F::L) {
        V most = F::load(logit + r), next = F::all(-__builtin_inff()), best = V{};
        for (int k = 1; k < K; ++k) {
            const V v = F::load(logit + k * S + r);
            const auto higher = v > most;
            next = higher ? most : F::max(v, next);
            most = higher ? v : most;
            best = higher ? F::all(static_cast<float>(k)) : best;
        }
        F::store(top + r, most);
        F::store(second + r, next);
        F::store(which + r, best);
    }
}

template <class A>
struct Assigner {
    using T = typename A::T;
    static constexpr int L = A::L * static_cast<int>(sizeof(T)) / 8;
    using D = Lanes<double, L>;
    using F = Lanes<float, 2 * L>;
    static constexpr int group = 2 * F::L;  // rows that are asked for at once, at least

    const Rows& X;
    const Model& m;
    const Prepared<T> p;
    const std::int64_t first;
    const int rows;  // of the tile
    const int panel;
    const Buffers<A> b;
    const Assign& to;
    // Of these logits in float, in units of the filter: where the error of a difference of two cannot reach, for a row
    // of length 1 and for one of length 0; and that of a squared length.
    const float error, offset_error, square_error;

    static constexpr float kHalfUlp = 0x1p-24f, kRoundedDown = 1.0f - 4 * kHalfUlp;

    Assigner(const Rows& X_, const Model& m_, const void* prepared, void* scratch, int tile, std::int64_t first_,
             int rows_, const Assign& to_)
        : X(X_),
          m(m_),
          p(layout<T>(m_, const_cast<void*>(prepared))),
          first(first_),
          rows(rows_),
          panel(tile / group * group),
          b(scratch, m_, tile),
          to(to_),
          error(2.1f * kHalfUlp * static_cast<float>(m_.d + 4) * to_.filter.longest),
          offset_error(0.5f * error * to_.filter.longest),
          square_error(2.1f * kHalfUlp * static_cast<float>(m_.d + 4)) {}

    void operator()() const {
        with_features(m.d, [&](auto D) MIXTURA_LAMBDA {
            if constexpr (D > 0) {
                run(D);
            } else {
                run(m.d);
            }
        });
    }

  private:
    template <class Features>
    MIXTURA_INLINE void run(Features d) const {
        const int open = sift(d);
        for (int from = 0; from < open; from += panel) ask(from, open - from < panel ? open - from : panel);
        if (to.S0 || to.distance) add(d);
    }

    const char* row(int r) const { return X.data + (first + r) * X.row_stride; }

    // Calls whole(x - mu, j) for the features of a row in vectors, and single for the others.
    template <class Features, class Whole, class Single>
    MIXTURA_INLINE void differences(const char* x, Features d, const double* mu, const Whole& whole,
                                    const Single& single) const {
        const std::int64_t step = X.column_stride;
        const bool together = step == static_cast<std::int64_t>(sizeof(T));
        int j = 0;
        for (; j + L <= d; j += L) {
            Vec<T, L> v;
            const char* q = x + j * step;
            if (together) {
                std::memcpy(&v, q, sizeof v);
            } else {
                for (int l = 0; l < L; ++l) v[l] = *reinterpret_cast<const T*>(q + l * step);
            }
            const auto exact = __builtin_convertvector(v, Vec<double, L>);
            whole((exact - D::load(X.centre + j)) - D::load(mu + j), j);
        }
        for (; j < d; ++j) {
            const T v = *reinterpret_cast<const T*>(x + j * step);
            single((static_cast<double>(v) - X.centre[j]) - mu[j], j);
        }
    }

    const double* mu_of(int k) const { return m.mu + static_cast<std::ptrdiff_t>(k) * m.d; }

    template <class Features>
    MIXTURA_INLINE double squared_distance(const char* x, Features d, int k) const {
        typename D::V sum{};
        double rest = 0;
        differences(
            x, d, mu_of(k), [&](typename D::V t, int) MIXTURA_LAMBDA { sum += t * t; },
            [&](double t, int) MIXTURA_LAMBDA { rest += t * t; });
        return d >= L ? D::sum(sum) + rest : rest;
    }

    // Puts rows whose label the bounds leave open into b.order, and returns how many they are.
    template <class Features>
    MIXTURA_INLINE int sift(Features d) const {
        if (!to.bounded) {
            for (int r = 0; r < rows; ++r) b.order[r] = r;
            return rows;
        }
        int open = 0;
        const double square_of_unit = to.filter.unit * to.filter.unit;
        for (int r = 0; r < rows; ++r) {
            const std::int64_t n = first + r;
            const int k = to.labels[n];
            bool settled = false;
            if (k >= 0 && k < m.K) {
                const float drift = k == to.farthest ? to.next_drift : to.drift;
                const float lower = (to.lower[n] - drift) * kRoundedDown;
                to.lower[n] = lower;
                const float bound = lower > to.half_gap[k] ? lower : to.half_gap[k];
                const double square = squared_distance(row(r), d, k) * square_of_unit;
                settled = square * (1 + 1e-6) < static_cast<double>(bound) * bound && bound > 0;
            }
            b.order[open] = r;
            open += !settled;
        }
        return open;
    }

    // Rows b.order[from ...], in the units of the filter.
    void load(int from, int n, int R, float* x) const {
        load_tile<A>(X, first, n, R, b.S, b.order + from, b.xt);
        for (int j = 0; j < m.d; ++j) {
            for (int r = 0; r < R; r += F::L) {
                Vec<T, F::L> v;
                std::memcpy(&v, b.xt + j * b.S + r, sizeof v);
                F::store(x + j * b.S + r, __builtin_convertvector(v * static_cast<T>(to.filter.unit), typename F::V));
            }
        }
    }

    MIXTURA_ONCE void logits(int n, const float* x, float* logit) const {
        linear_logits_all<F>(m.K, m.d, n, b.S, x, to.filter.slope, to.filter.offset, logit);
    }

    void ask(int from, int n) const {
        using V = typename F::V;
        constexpr int cache = 12 * 1024;
        const int R = (n + group - 1) / group * group;
        float* x = reinterpret_cast<float*>(b.t);
        float* logit = reinterpret_cast<float*>(b.logit);
        float* top = reinterpret_cast<float*>(b.log_prob);
        float* second = reinterpret_cast<float*>(b.scale);
        float* which = reinterpret_cast<float*>(b.root);
        float* gap = reinterpret_cast<float*>(b.live_weight);
        load(from, n, R, x);
        const int fit = cache / (4 * m.K) / group * group, most = fit > group ? fit : group;
        for (int r = 0; r < R; r += most) {
            const int some = R - r < most ? R - r : most;
            logits(some, x + r, logit + r);
            two_largest<F>(m.K, some, b.S, logit + r, top + r, second + r, which + r);
        }
        for (int r = 0; r < R; r += F::L) {
            V squares{};
            for (int j = 0; j < m.d; ++j) {
                const V v = F::load(x + j * b.S + r);
                squares += v * v;
            }
            const V best = F::load(top + r), next = F::load(second + r);
            const V doubt = F::sqrt(squares) * error + offset_error;
            // What is no number is in doubt.
            F::store(gap + r, best - next - doubt);
            const V left = squares - 2.0f * next - (2.0f * doubt + square_error * squares);
            F::store(second + r, F::sqrt(left > 0 ? left : V{}) * kRoundedDown);
        }
        int doubtful = 0;
        for (int i = 0; i < n; ++i) {
            const int r = b.order[from + i];
            if (gap[i] > 0) {
                set(r, static_cast<int>(which[i]), second[i]);
            } else {
                b.which[doubtful++] = r;
            }
        }
        if (doubtful) compare(doubtful);
    }

    void set(int r, int k, float lower) const {
        constexpr float most = std::numeric_limits<float>::max();
        to.labels[first + r] = k;
        // What is no number is no bound.
        if (to.lower) to.lower[first + r] = lower < most ? lower : lower >= most ? most : 0.0f;
    }

    // Rows b.which[...] by their distances from all centres.
    MIXTURA_ONCE void compare(int n) const {
        const int R = (n + group - 1) / group * group;
        load_tile<A>(X, first, n, R, b.S, b.which, b.xt);
        diagonal_logits_all<A, false>(m.K, m.d, R, b.S, b.xt, p.mu, nullptr, true, p.half, p.offset, nullptr, b.logit);
        for (int i = 0; i < n; ++i) {
            T best = b.logit[i], next = -static_cast<T>(__builtin_inf());
            int which = 0;
            for (int k = 1; k < m.K; ++k) {
                const T v = b.logit[k * b.S + i];
                if (v > best) {
                    next = best;
                    best = v;
                    which = k;
                } else if (v > next) {
                    next = v;
                }
            }
            double length = 0;
            for (int j = 0; j < m.d; ++j) {
                const double t = static_cast<double>(b.xt[j * b.S + i]);
                length += t * t;
            }
            const double unit = to.filter.unit, reach = std::sqrt(length) * unit + to.filter.longest;
            const double far = std::sqrt(-2.0 * static_cast<double>(next)) * unit;
            set(b.which[i], which,
                static_cast<float>((far - 4 * kHalfUlp * reach) * (1 - square_error)) * kRoundedDown);
        }
    }

    // Distances, and sums of all rows in their order: the same bits whatever the bounds left open.
    template <class Features>
    MIXTURA_INLINE void add(Features d) const {
        double inertia = 0;
        for (int r = 0; r < rows; ++r) {
            const std::int64_t n = first + r;
            const int k = to.labels[n];
            if (!to.S0) {
                to.distance[n] = squared_distance(row(r), d, k);
                continue;
            }
            const double w = X.weight ? X.weight[n] : 1.0;
            double* S1 = to.S1 + static_cast<std::ptrdiff_t>(k) * d;
            typename D::V sum{};
            double rest = 0;
            differences(
                row(r), d, mu_of(k),
                [&](typename D::V t, int j) MIXTURA_LAMBDA {
                    sum += t * t;
                    D::store(S1 + j, D::load(S1 + j) + w * t);
                },
                [&](double t, int j) MIXTURA_LAMBDA {
                    rest += t * t;
                    S1[j] += w * t;
                });
            to.S0[k] += w;
            inertia += w * (d >= L ? D::sum(sum) + rest : rest);
        }
        if (to.S0) *to.inertia += inertia;
    }
};

}  // namespace mixtura::MIXTURA_ISA
