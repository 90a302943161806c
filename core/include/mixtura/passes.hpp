// The passes over one tile, for one element type and lane count; `make_kernel` lists them for the driver.
#pragma once

#include "assign.hpp"
#include "live.hpp"
#include "prune.hpp"

namespace mixtura::MIXTURA_ISA {

template <class A>
struct Passes {
    using T = typename A::T;
    using V = typename A::V;
    static constexpr int step = kVectors * A::L;

    const Rows& X;
    const Model& m;
    const Prepared<T> p;
    const int rows;  // of the tile
    const int R;     // with those that fill the last panel
    const Buffers<A> b;
    const std::int64_t first;
    const std::int32_t* order = nullptr;

    Passes(const Rows& X_, const Model& m_, const void* prepared, void* scratch, int tile, std::int64_t first_,
           int rows_)
        : X(X_),
          m(m_),
          p(layout<T>(m_, const_cast<void*>(prepared))),
          rows(rows_),
          R(rounded(rows_, tile)),
          b(scratch, m_, R),
          first(first_) {
        load_tile<A>(X, first, rows, R, b.S, nullptr, b.xt);
    }

    static int rounded(int rows, int tile) {
        const int used = (rows + step - 1) / step * step;
        return used < tile ? used : tile;
    }

    std::int64_t row(int r) const { return first + (order ? order[r] : r); }

    MIXTURA_ONCE void distances(int from, int n, T* squared) const {
        diagonal_logits_all<A, false>(m.K, m.d, n, b.S, b.xt + from, p.mu, nullptr, true, p.half, p.offset,
                                      squared ? squared + from : squared, b.logit + from);
    }

    // Logits of n rows.
    MIXTURA_ONCE void logits_of(int from, int n) const {
        const int d = m.d;
        const T* xt = b.xt + from;
        T* logits = b.logit + from;
        if (m.geometry == Geometry::linear) {
            linear_logits_all<A>(m.K, d, n, b.S, xt, p.mu, p.offset, logits);
        } else if (m.geometry == Geometry::spherical) {
            distances(from, n, b.distance);
        } else if (m.geometry == Geometry::diagonal) {
            diagonal_logits_all<A, true>(m.K, d, n, b.S, xt, p.mu, p.u, m.shared, p.half, p.offset, nullptr, logits);
        } else if (m.shared) {
            whiten_tile<A>(d, n, b.S, p.u, xt, b.t + from);
            diagonal_logits_all<A, false>(m.K, d, n, b.S, b.t + from, p.mu_u, nullptr, true, p.half, p.offset, nullptr,
                                          logits);
        } else {
            with_features(d, [&](auto D) MIXTURA_LAMBDA {
                for (int k = 0; k < m.K; ++k) {
                    T* logit = logits + k * b.S;
                    if constexpr (D > 0) {
                        dense_logits_small<A, D>(n, b.S, xt, p.mu_of(k, d), p.u_of(k), p.offset[k], logit);
                    } else {
                        dense_logits_general<A>(d, n, b.S, xt, p.mu_of(k, d), p.u_of(k), p.offset[k], logit);
                    }
                }
            });
        }
    }

    // Logits and what `then(from, n)` does with them, by as many rows as keep all of their logits in the first-level
    // cache; but where a component's parameters are more than that, by all rows.
    template <class Then>
    void by_rows(const Then& then) const {
        constexpr int cache = 12 * 1024;
        const bool small = m.geometry != Geometry::dense || m.shared || m.d <= 4;
        const int fit = cache / (static_cast<int>(sizeof(T)) * m.K) / step * step;
        const int most = small ? (fit > step ? fit : step) : R;
        for (int from = 0; from < R; from += most) {
            const int n = R - from < most ? R - from : most;
            logits_of(from, n);
            then(from, n);
        }
    }

    // The same, but for logits that are negligible: where these are most, rows are sorted and components given up
    // early; `order` then says which row stands where. Some rows of the first tile of a block say whether that pays.
    template <class Then>
    void by_rows_pruned(const Then& then) {
        using Pruning = Learned::Pruning;
        const Pruner<A> pruner{m, p, b};
        Pruning& pruning = b.learned->pruning;
        if (pruning == Pruning::unknown) {
            pruning = Pruning::does_not;
            if (Pruner<A>::applies(m)) {
                const int some = R < 2 * step ? R : 2 * step;
                logits_of(0, some);
                if (pruner.pays(some)) pruning = Pruning::pays;
            }
        }
        if (pruning == Pruning::does_not) {
            by_rows(then);
            return;
        }
        pruner.sort_by_guess(rows, R);
        order = b.order;
        load_tile<A>(X, first, rows, R, b.S, order, b.xt);
        pruner.logits(R);
        then(0, R);
    }

    MIXTURA_ONCE void log_sum_exp(int from, int n, T lowest) const {
        LogSumExp<A, kVectors>{m.K, b.S, lowest}(n, b.logit + from, b.log_prob + from, b.scale + from);
    }

    // The most probable component of each row, to scale.
    MIXTURA_ONCE void most_probable(int from, int n) const {
        first_largest<A>(m.K, n, b.S, b.logit + from, b.log_prob + from, b.scale + from);
    }

    // Adds to L, and makes of each row's 1 / sum the number that its exponentials are to be multiplied with.
    void weigh(double* out) const {
        double L = 0;
        if (X.weight) {
            for (int r = 0; r < rows; ++r) {
                const double w = X.weight[row(r)];
                if (w > 0) L += w * static_cast<double>(b.log_prob[r]);
                b.scale[r] = w > 0 ? b.scale[r] * static_cast<T>(w) : T(0);
            }
        } else {
            for (int r = 0; r < rows; ++r) L += static_cast<double>(b.log_prob[r]);
        }
        for (int r = rows; r < R; ++r) b.scale[r] = T(0);
        *out += L;
    }

    // Exponentials of component k to weighted responsibilities, in place: adds their sum, returns how many are not 0.
    int responsibilities(int k, double* S0) const {
        T* resp = b.logit + k * b.S;
        V sum[kVectors];
        typename A::M live[kVectors];
        each<kVectors>([&](auto v) MIXTURA_LAMBDA {
            sum[v] = V{};
            live[v] = typename A::M{};
        });
        for (int r = 0; r < R; r += step) {
            each<kVectors>([&](auto v) MIXTURA_LAMBDA {
                const V w = A::load(resp + r + v * A::L) * A::load(b.scale + r + v * A::L);
                sum[v] += w;
                live[v] -= w > T(0);
                A::store(resp + r + v * A::L, w);
            });
        }
        each<kVectors - 1>([&](auto v) MIXTURA_LAMBDA {
            sum[0] += sum[v + 1];
            live[0] += live[v + 1];
        });
        int count = 0;
        for (int l = 0; l < A::L; ++l) count += static_cast<int>(live[0][l]);
        if (count) *S0 += static_cast<double>(A::sum(sum[0]));
        return count;
    }

    void e_step(const Sums& out) {
        by_rows_pruned([&](int from, int n) MIXTURA_LAMBDA { log_sum_exp(from, n, negligible<T>); });
        weigh(out.L);
        const bool product = m.shared || m.geometry == Geometry::spherical;
        std::int64_t total = 0;
        for (int k = 0; k < m.K; ++k) {
            const int n = responsibilities(k, out.S0 + k);
            total += n;
            b.count[k] = n;
            if (n && !product) second_moments(k, n, out);
        }
        if (!product) return;
        const bool few = m.d >= A::L && total < std::int64_t{R} * m.K / kFewFlat;
        const bool about_centre = s1_about_centre<T>(m);
        if (!few) {
            const auto sums = about_centre ? first_moments<A, false> : first_moments<A, true>;
            sums(m.K, m.d, R, b.S, b.xt, b.logit, p.mu, out.S1);
        }
        for (int k = 0; k < m.K; ++k) {
            if (!b.count[k]) continue;
            if (few) {
                const T* mu = about_centre ? nullptr : p.mu_of(k, m.d);
                live_first_moments<A>(m.d, live(k), mu, out.S1 + static_cast<std::ptrdiff_t>(k) * m.d);
            }
            if (!m.shared) out.S2[k] += spread(k);
        }
    }

    LiveRows<A> live(int k) const { return LiveRows<A>(X, first, order, R, b.logit + k * b.S, b); }

    // Sum of r |x - mu|^2 from the kept distances.
    double spread(int k) const {
        V s = V{};
        for (int r = 0; r < R; r += A::L) {
            const V w = A::load(b.logit + k * b.S + r);
            // A row infinitely far away belongs to no component, and 0 times its distance is no number.
            s += w > T(0) ? w * A::load(b.distance + k * b.S + r) : V{};
        }
        return static_cast<double>(A::sum(s));
    }

    void second_moments(int k, int n, const Sums& out) const {
        const std::ptrdiff_t d = m.d;
        const T* mu = p.mu_of(k, m.d);
        const T* resp = b.logit + k * b.S;
        double* S1 = out.S1 + k * d;
        double* S2 = out.S2 + (m.geometry == Geometry::diagonal ? k * d : k * d * (d + 1) / 2);
        const int share = m.geometry == Geometry::diagonal ? kFewFlat : kFewDense;
        const bool few = m.d >= A::L && n < R / share;
        if (m.geometry == Geometry::diagonal) {
            if (few) {
                live_diagonal_sums<A>(m.d, live(k), mu, S1, S2);
            } else {
                diagonal_sums<A>(m.d, R, b.S, b.xt, mu, resp, S1, S2);
            }
            return;
        }
        with_features(m.d, [&](auto D) MIXTURA_LAMBDA {
            if constexpr (D > 0) {
                dense_sums_small<A, D>(R, b.S, b.xt, mu, resp, S1, S2);
            } else if (few) {
                live_dense_sums<A>(m.d, live(k), mu, b.t, b.root, S1, S2);
            } else {
                dense_sums_general<A>(m.d, R, b.S, b.xt, mu, resp, b.t, b.root, S1, S2);
            }
        });
    }

    void score(const Scores& out) {
        const auto then = [&](int from, int n) {
            if (out.labels) {
                most_probable(from, n);
                for (int r = from; r < from + n && r < rows; ++r)
                    out.labels[row(r)] = static_cast<std::int64_t>(b.scale[r]);
            }
            if (out.log_prob || out.resp) log_sum_exp(from, n, out.resp ? underflow<T> : negligible<T>);
        };
        if (out.resp) {
            by_rows(then);  // a probability of 1e-100 is not 0
        } else {
            by_rows_pruned(then);
        }
        if (out.log_prob) {
            for (int r = 0; r < rows; ++r) out.log_prob[row(r)] = static_cast<double>(b.log_prob[r]);
        }
        if (out.resp) store_responsibilities(out.resp + first * m.K);
    }

    // Exponentials times scales by rows, to `out` (rows, K).
    void store_responsibilities(double* out) const {
        constexpr int L = A::L;
        const std::ptrdiff_t K = m.K;
        for (int r = 0; r < rows; r += L) {
            const V scale = A::load(b.scale + r);
            for (int k = 0; k < K; k += L) {
                V a[L];
                each<L>([&](auto l)
                            MIXTURA_LAMBDA { a[l] = k + l < K ? A::load(b.logit + (k + l) * b.S + r) * scale : V{}; });
                A::transpose(a);
                each<L>([&](auto l) MIXTURA_LAMBDA {
                    const auto resp = __builtin_convertvector(a[l], Vec<double, L>);
                    double* to = out + (r + l) * K + k;
                    if (r + l >= rows) return;
                    if (k + L <= K) {
                        std::memcpy(to, &resp, sizeof resp);
                    } else {
                        std::memcpy(to, &resp, sizeof(double) * (K - k));
                    }
                });
            }
            for (int l = 0; l < L && r + l < rows; ++l) {
                if (scale[l] > T(0)) continue;
                // A row that is infinitely far from every component says nothing of any.
                for (int k = 0; k < K; ++k) out[(r + l) * K + k] = 1.0 / static_cast<double>(K);
            }
        }
    }

    void squared_distances(double* out /* (K, rows) */) const {
        distances(0, R, nullptr);
        for (int k = 0; k < m.K; ++k) {
            const T* logit = b.logit + k * b.S;
            for (int r = 0; r < rows; ++r) *out++ = -2.0 * static_cast<double>(logit[r]);
        }
    }

    static constexpr Kernel kernel() {
        return Kernel{
            A::L,
            tile_rows<A>,
            prepared_bytes<T>,
            prepare<T>,
            s1_about_centre<T>,
            Buffers<A>::bytes,
            [](const Rows& X, const Model& m, const void* prepared, void* scratch, int tile, std::int64_t first,
               int rows, const Sums& out) { Passes(X, m, prepared, scratch, tile, first, rows).e_step(out); },
            [](const Rows& X, const Model& m, const void* prepared, void* scratch, int tile, std::int64_t first,
               int rows, const Scores& out) { Passes(X, m, prepared, scratch, tile, first, rows).score(out); },
            [](const Rows& X, const Model& m, const void* prepared, void* scratch, int tile, std::int64_t first,
               int rows, double* out) { Passes(X, m, prepared, scratch, tile, first, rows).squared_distances(out); },
            [](const Rows& X, const Model& m, const void* prepared, void* scratch, int tile, std::int64_t first,
               int rows, const Assign& to) { Assigner<A>(X, m, prepared, scratch, tile, first, rows, to)(); },
        };
    }
};

}  // namespace mixtura::MIXTURA_ISA
