// The passes over one tile, for one element type and lane count; `make_kernel` lists them for the driver.
#pragma once

#include "diagonal.hpp"
#include "shared.hpp"

namespace mixtura::MIXTURA_ISA {

// Parameters as the kernels read them: in T, U packed.
template <class T>
struct Prepared {
    T* mu;               // (K, d)
    T* u;                // dense: (K or 1) packed triangles; diagonal: (K or 1, d); else none
    T* offset;           // (K)
    T* mu_u;             // (K, d): mu U, for shared dense
    T* half;             // (K): half the square of a component's one scale
    std::size_t u_size;  // of one component
};

// Numbers that stand for the U of one component.
inline std::size_t packed_u(const Model& m) {
    if (m.geometry == Geometry::dense) return packed_size(m.d);
    return m.geometry == Geometry::diagonal ? static_cast<std::size_t>(m.d) : 0;
}

template <class T>
inline Prepared<T> layout(const Model& m, void* memory) {
    const std::size_t kd = static_cast<std::size_t>(m.K) * m.d;
    Prepared<T> p;
    p.u_size = packed_u(m);
    p.mu = static_cast<T*>(memory);
    p.mu_u = p.mu + kd;
    p.offset = p.mu_u + kd;
    p.half = p.offset + m.K;
    p.u = p.half + m.K;
    return p;
}

template <class A>
struct Passes {
    using T = typename A::T;
    using V = typename A::V;
    static constexpr int step = kVectors * A::L;
    static constexpr bool is_double = sizeof(T) == 8;

    static std::size_t prepared_bytes(const Model& m) {
        const std::size_t kd = static_cast<std::size_t>(m.K) * m.d;
        return sizeof(T) * (2 * kd + 2 * m.K + packed_u(m) * (m.shared ? 1 : m.K));
    }

    static void prepare(const Model& m, void* memory) {
        const Prepared<T> p = layout<T>(m, memory);
        const std::ptrdiff_t kd = static_cast<std::ptrdiff_t>(m.K) * m.d;
        for (std::ptrdiff_t i = 0; i < kd; ++i) p.mu[i] = static_cast<T>(m.mu[i]);
        for (int k = 0; k < m.K; ++k) {
            p.offset[k] = static_cast<T>(m.offset[k]);
            const double scale = m.geometry == Geometry::spherical ? m.U[m.shared ? 0 : k] : 1.0;
            p.half[k] = static_cast<T>(0.5 * scale * scale);
        }
        const int count = m.shared ? 1 : m.K;
        const std::ptrdiff_t size = m.geometry == Geometry::dense ? static_cast<std::ptrdiff_t>(m.d) * m.d : m.d;
        for (int k = 0; k < count; ++k) {
            T* u = p.u + static_cast<std::ptrdiff_t>(k) * p.u_size;
            if (m.geometry == Geometry::dense) {
                pack_upper<T>(m.d, m.U + k * size, u);
            } else if (m.geometry == Geometry::diagonal) {
                for (int j = 0; j < m.d; ++j) u[j] = static_cast<T>(m.U[k * size + j]);
            }
        }
        if (m.geometry == Geometry::dense && m.shared) whiten_means(m, p);
    }

    static void whiten_means(const Model& m, const Prepared<T>& p) {
        const std::ptrdiff_t d = m.d;
        for (int k = 0; k < m.K; ++k) {
            for (int j = 0; j < m.d; ++j) {
                double s = 0;
                for (int i = 0; i <= j; ++i) s += m.mu[k * d + i] * m.U[i * d + j];
                p.mu_u[k * d + j] = static_cast<T>(s);
            }
        }
    }

    // As many rows as keep a tile's buffers within the smallest second-level cache that is common, and a group of
    // its features within the first-level one; but enough of them to be worth a sum over lanes at the end.
    static int tile_rows(const Model& m) {
        constexpr std::size_t cache = 320 * 1024;
        constexpr std::size_t most = 2048 / sizeof(T), least = 768 / sizeof(T);
        std::size_t rows = cache / (sizeof(T) * (2 * static_cast<std::size_t>(m.d) + m.K + 3));
        rows = rows > most ? most : rows < least ? least : rows;
        return static_cast<int>((rows + step - 1) / step * step);
    }

    static bool keeps_distances(const Model& m) { return m.geometry == Geometry::spherical && !m.shared; }

    static std::size_t scratch_bytes(const Model& m, int R) {
        const std::size_t arrays = 2 * static_cast<std::size_t>(m.d) + (keeps_distances(m) ? 2 : 1) * m.K + 3;
        return sizeof(T) * (padded<T>(R) * arrays + m.K) + 64;
    }

    struct Buffers {
        std::ptrdiff_t S;  // distance between features or components, at least R
        T* xt;             // (d, S) rows about the centre
        T* t;              // (d, S) about one mean, or whitened
        T* logit;          // (K, S)
        T* distance;       // (K, S) squared lengths, or null
        T* log_prob;       // (R)
        T* scale;          // (R)
        T* root;           // (R)
        T* alive;          // (K) above 0 if a row of the tile belongs to the component
    };

    static Buffers split(void* scratch, const Model& m, int R) {
        const auto address = reinterpret_cast<std::uintptr_t>(scratch);
        T* base = reinterpret_cast<T*>((address + 63) & ~static_cast<std::uintptr_t>(63));
        Buffers b;
        b.S = padded<T>(R);
        const std::ptrdiff_t dS = m.d * b.S;
        b.xt = base;
        b.t = b.xt + dS;
        b.logit = b.t + dS;
        b.log_prob = b.logit + m.K * b.S;
        b.scale = b.log_prob + b.S;
        b.root = b.scale + b.S;
        b.distance = keeps_distances(m) ? b.root + b.S : nullptr;
        b.alive = b.root + b.S + (keeps_distances(m) ? m.K * b.S : 0);
        return b;
    }

    static void distances(const Model& m, const Prepared<T>& p, const Buffers& b, int R) {
        diagonal_logits_all<A, false>(m.K, m.d, R, b.S, b.xt, p.mu, nullptr, true, p.half, p.offset, b.distance,
                                      b.logit);
    }

    static void logits(const Model& m, const Prepared<T>& p, const Buffers& b, int R) {
        const int d = m.d;
        if (m.geometry == Geometry::linear) {
            linear_logits_all<A>(m.K, d, R, b.S, b.xt, p.mu, p.offset, b.logit);
        } else if (m.geometry == Geometry::spherical) {
            distances(m, p, b, R);
        } else if (m.geometry == Geometry::diagonal) {
            diagonal_logits_all<A, true>(m.K, d, R, b.S, b.xt, p.mu, p.u, m.shared, p.half, p.offset, nullptr, b.logit);
        } else if (m.shared) {
            whiten_tile<A>(d, R, b.S, p.u, b.xt, b.t);
            diagonal_logits_all<A, false>(m.K, d, R, b.S, b.t, p.mu_u, nullptr, true, p.half, p.offset, nullptr,
                                          b.logit);
        } else {
            for (int k = 0; k < m.K; ++k) {
                const T* mu = p.mu + static_cast<std::ptrdiff_t>(k) * d;
                const T* u = p.u + static_cast<std::ptrdiff_t>(k) * p.u_size;
                T* logit = b.logit + k * b.S;
                switch (d) {
                    case 1:
                        dense_logits_small<A, 1>(R, b.S, b.xt, mu, u, p.offset[k], logit);
                        break;
                    case 2:
                        dense_logits_small<A, 2>(R, b.S, b.xt, mu, u, p.offset[k], logit);
                        break;
                    case 3:
                        dense_logits_small<A, 3>(R, b.S, b.xt, mu, u, p.offset[k], logit);
                        break;
                    case 4:
                        dense_logits_small<A, 4>(R, b.S, b.xt, mu, u, p.offset[k], logit);
                        break;
                    default:
                        dense_logits_general<A>(d, R, b.S, b.xt, mu, u, p.offset[k], b.t, logit);
                }
            }
        }
    }

    // The first largest logit of each row, to log_prob, and its component, to scale (exact in T for K < 2^24).
    static void first_largest(int K, int R, const Buffers& b) {
        for (int r = 0; r < R; r += A::L) {
            V top = A::load(b.logit + r);
            V best = V{};
            for (int k = 1; k < K; ++k) {
                const V v = A::load(b.logit + k * b.S + r);
                const auto higher = v > top;
                top = higher ? v : top;
                best = higher ? A::all(static_cast<T>(k)) : best;
            }
            A::store(b.log_prob + r, top);
            A::store(b.scale + r, best);
        }
    }

    static int rounded(int rows, int R) {
        const int used = (rows + step - 1) / step * step;
        return used < R ? used : R;
    }

    static void e_step(const Rows& X, const Model& m, const void* prepared, void* scratch, int tile, std::int64_t first,
                       int rows, const Sums& out) {
        const int R = rounded(rows, tile);
        const Prepared<T> p = layout<T>(m, const_cast<void*>(prepared));
        const Buffers b = split(scratch, m, R);
        load_tile<A>(X, first, rows, R, b.S, b.xt);
        logits(m, p, b, R);
        log_sum_exp<A, kVectors>(m.K, R, b.S, b.logit, b.log_prob, b.scale);
        const double* w = X.weight ? X.weight + first : nullptr;
        double L = 0;
        if (w) {
            for (int r = 0; r < rows; ++r) {
                if (w[r] > 0) L += w[r] * static_cast<double>(b.log_prob[r]);
                b.scale[r] = w[r] > 0 ? b.scale[r] * static_cast<T>(w[r]) : T(0);
            }
        } else {
            for (int r = 0; r < rows; ++r) L += static_cast<double>(b.log_prob[r]);
        }
        for (int r = rows; r < R; ++r) b.scale[r] = T(0);
        *out.L += L;
        for (int k = 0; k < m.K; ++k) {
            T* resp = b.logit + k * b.S;
            V most[kVectors], sum[kVectors];
            each<kVectors>([&](auto v) MIXTURA_LAMBDA { most[v] = sum[v] = V{}; });
            for (int r = 0; r < R; r += step) {
                each<kVectors>([&](auto v) MIXTURA_LAMBDA {
                    const V e = A::load(resp + r + v * A::L);
                    const V w = e * A::load(b.scale + r + v * A::L);
                    most[v] = A::max(most[v], e);
                    sum[v] += w;
                    A::store(resp + r + v * A::L, w);
                });
            }
            each<kVectors - 1>([&](auto v) MIXTURA_LAMBDA {
                most[0] = A::max(most[0], most[v + 1]);
                sum[0] += sum[v + 1];
            });
            // What is left out is below 1e-30 of each row: beyond the last bit of any sum, also times a distance.
            T top = T(0);
            for (int l = 0; l < A::L; ++l) top = most[0][l] > top ? most[0][l] : top;
            b.alive[k] = top > T(1e-30) ? T(1) : T(0);
            if (!(top > T(1e-30))) continue;
            out.S0[k] += static_cast<double>(A::sum(sum[0]));
            accumulate(m, p, b, R, k, out);
        }
        if (m.shared || m.geometry == Geometry::spherical)
            first_moments<A>(m.K, m.d, R, b.S, b.xt, b.logit, b.alive, out.S1);
    }

    // Sum of r |x - mu|^2 from the kept distances.
    static double spread(const Buffers& b, int R, int k) {
        V s = V{};
        for (int r = 0; r < R; r += A::L) s += A::load(b.logit + k * b.S + r) * A::load(b.distance + k * b.S + r);
        return static_cast<double>(A::sum(s));
    }

    static void accumulate(const Model& m, const Prepared<T>& p, const Buffers& b, int R, int k, const Sums& out) {
        const int d = m.d;
        const T* mu = p.mu + static_cast<std::ptrdiff_t>(k) * d;
        const T* resp = b.logit + k * b.S;
        double* S1 = out.S1 + static_cast<std::ptrdiff_t>(k) * d;
        if (m.shared) return;
        if (m.geometry == Geometry::spherical) {
            out.S2[k] += spread(b, R, k);
        } else if (m.geometry == Geometry::diagonal) {
            diagonal_sums<A>(d, R, b.S, b.xt, mu, resp, S1, out.S2 + static_cast<std::ptrdiff_t>(k) * d);
        } else {
            double* S2 = out.S2 + static_cast<std::ptrdiff_t>(k) * d * (d + 1) / 2;
            switch (d) {
                case 1:
                    dense_sums_small<A, 1>(R, b.S, b.xt, mu, resp, S1, S2);
                    break;
                case 2:
                    dense_sums_small<A, 2>(R, b.S, b.xt, mu, resp, S1, S2);
                    break;
                case 3:
                    dense_sums_small<A, 3>(R, b.S, b.xt, mu, resp, S1, S2);
                    break;
                case 4:
                    dense_sums_small<A, 4>(R, b.S, b.xt, mu, resp, S1, S2);
                    break;
                default:
                    dense_sums_general<A>(d, R, b.S, b.xt, mu, resp, b.t, b.root, S1, S2);
            }
        }
    }

    static void score(const Rows& X, const Model& m, const void* prepared, void* scratch, int tile, std::int64_t first,
                      int rows, const Scores& out) {
        const int R = rounded(rows, tile);
        const Prepared<T> p = layout<T>(m, const_cast<void*>(prepared));
        const Buffers b = split(scratch, m, R);
        load_tile<A>(X, first, rows, R, b.S, b.xt);
        logits(m, p, b, R);
        if (out.labels) {
            first_largest(m.K, R, b);
            for (int r = 0; r < rows; ++r) out.labels[first + r] = static_cast<std::int64_t>(b.scale[r]);
        }
        if (!out.log_prob && !out.resp) return;
        log_sum_exp<A, kVectors>(m.K, R, b.S, b.logit, b.log_prob, b.scale);
        if (out.log_prob) {
            for (int r = 0; r < rows; ++r) out.log_prob[first + r] = static_cast<double>(b.log_prob[r]);
        }
        if (out.resp) {
            for (int r = 0; r < rows; ++r) {
                double* row = out.resp + (first + r) * m.K;
                const double s = static_cast<double>(b.scale[r]);
                for (int k = 0; k < m.K; ++k) {
                    const double e = static_cast<double>(b.logit[k * b.S + r]);
                    // A row that is infinitely far from every component says nothing of any.
                    row[k] = s > 0 ? e * s : 1.0 / m.K;
                }
            }
        }
    }

    static void nearest(const Rows& X, const Model& m, const void* prepared, void* scratch, int tile,
                        std::int64_t first, int rows, const Nearest& out) {
        const int R = rounded(rows, tile);
        const Prepared<T> p = layout<T>(m, const_cast<void*>(prepared));
        const Buffers b = split(scratch, m, R);
        load_tile<A>(X, first, rows, R, b.S, b.xt);
        distances(m, p, b, R);
        if (out.all) {
            for (int k = 0; k < m.K; ++k) {
                const T* logit = b.logit + k * b.S;
                for (int r = 0; r < rows; ++r)
                    out.all[static_cast<std::ptrdiff_t>(k) * rows + r] = -2.0 * static_cast<double>(logit[r]);
            }
        }
        if (!out.labels && !out.distance) return;
        first_largest(m.K, R, b);
        for (int r = 0; r < rows; ++r) {
            if (out.labels) out.labels[r] = static_cast<std::int32_t>(b.scale[r]);
            if (out.distance) out.distance[r] = -2.0 * static_cast<double>(b.log_prob[r]);
        }
    }

    static constexpr Kernel kernel() {
        return Kernel{A::L, tile_rows, prepared_bytes, prepare, scratch_bytes, e_step, score, nearest};
    }
};

}  // namespace mixtura::MIXTURA_ISA
