// Diagonal geometry: y_j = (x_j - mu_j) u_j, and the sums of r t and r t^2 a feature.
#pragma once

#include "dense.hpp"

namespace mixtura::MIXTURA_ISA {

// Components, times 2 vectors of rows, whose distances are in registers at once; and features whose sums are. Where
// there are few registers, more components are fed from memory, and latency shows with fewer.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kFarScaled = 4, kFar = 4;
constexpr int kSums = 8;
#else
constexpr int kFarScaled = 2, kFar = 4;
constexpr int kSums = 4;
#endif

// For NK components at once, so that one load of the tile serves them all. If Scaled is false, u is 1, and `half` half
// the square of the one scale of a component. Squared lengths are kept in q unless that is null.
template <class A, int NK, bool Scaled>
inline void diagonal_logits(int d, int R, std::ptrdiff_t S, const typename A::T* xt,
                            const typename A::T* mu /* (NK, d) */,
                            const typename A::T* u /* (NK, d), or (1, d) with ustep 0 */, std::ptrdiff_t ustep,
                            const typename A::T* half /* (NK) */, const typename A::T* offset /* (NK) */,
                            typename A::T* q /* (NK, S) or null */, typename A::T* logit /* (NK, S) */) {
    using V = typename A::V;
    constexpr int vectors = 2;
    for (int r = 0; r < R; r += vectors * A::L) {
        V s[NK][vectors];
        each<NK>([&](auto k) MIXTURA_LAMBDA { each<vectors>([&](auto v) MIXTURA_LAMBDA { s[k][v] = V{}; }); });
        for (int j = 0; j < d; ++j) {
            V x[vectors];
            each<vectors>([&](auto v) MIXTURA_LAMBDA {
                x[v] = A::load(xt + j * S + r + v * A::L);
                A::hold(x[v]);
            });
            each<NK>([&](auto k) MIXTURA_LAMBDA {
                const V m = A::all(mu[static_cast<std::ptrdiff_t>(k) * d + j]);
                V w;
                if constexpr (Scaled) w = A::all(u[k * ustep + j]);
                each<vectors>([&](auto v) MIXTURA_LAMBDA {
                    V y = x[v] - m;
                    if constexpr (Scaled) y = y * w;
                    s[k][v] += y * y;
                });
            });
        }
        each<NK>([&](auto k) MIXTURA_LAMBDA {
            each<vectors>([&](auto v) MIXTURA_LAMBDA {
                if (q) A::store(q + k * S + r + v * A::L, s[k][v]);
                A::store(logit + k * S + r + v * A::L, to_logit<A>(s[k][v], offset[k], half[k]));
            });
        });
    }
}

template <class A, bool Scaled>
inline void diagonal_logits_all(int K, int d, int R, std::ptrdiff_t S, const typename A::T* xt, const typename A::T* mu,
                                const typename A::T* u, bool shared, const typename A::T* half,
                                const typename A::T* offset, typename A::T* q, typename A::T* logit) {
    const std::ptrdiff_t ustep = shared ? 0 : d;
    constexpr int most = Scaled ? kFarScaled : kFar;
    const Parts parts(K, most);
    for (int part = 0, k = 0; part < parts.count; k += parts.size(part++)) {
        with_size<most>(parts.size(part), [&](auto n) MIXTURA_LAMBDA {
            diagonal_logits<A, n, Scaled>(d, R, S, xt, mu + static_cast<std::ptrdiff_t>(k) * d, u + k * ustep, ustep,
                                          half + k, offset + k, q ? q + k * S : q, logit + k * S);
        });
    }
}

// Sums of r t and r t^2 for NF features at once.
template <class A, int NF>
inline void feature_sums(int R, std::ptrdiff_t S, const typename A::T* xt /* (NF, S) */, const typename A::T* mu,
                         const typename A::T* resp, double* S1, double* S2) {
    using V = typename A::V;
    V s[2 * NF];
    each<2 * NF>([&](auto i) MIXTURA_LAMBDA { s[i] = V{}; });
    V m[NF];
    each<NF>([&](auto f) MIXTURA_LAMBDA { m[f] = A::all(mu[f]); });
    for (int r = 0; r < R; r += A::L) {
        const V w = A::load(resp + r);
        each<NF>([&](auto f) MIXTURA_LAMBDA {
            const V t = A::load(xt + f * S + r) - m[f];
            const V wt = w * t;
            s[f] += wt;
            s[NF + f] += wt * t;
        });
    }
    typename A::T sums[A::template room<2 * NF>];
    A::sums(s, sums);
    for (int f = 0; f < NF; ++f) {
        S1[f] += static_cast<double>(sums[f]);
        S2[f] += static_cast<double>(sums[NF + f]);
    }
}

template <class A>
inline void diagonal_sums(int d, int R, std::ptrdiff_t S, const typename A::T* xt, const typename A::T* mu,
                          const typename A::T* resp, double* S1, double* S2) {
    const Parts parts(d, kSums);
    for (int part = 0, j = 0; part < parts.count; j += parts.size(part++)) {
        with_size<kSums>(parts.size(part), [&](auto n) MIXTURA_LAMBDA {
            feature_sums<A, n>(R, S, xt + j * S, mu + j, resp, S1 + j, S2 + j);
        });
    }
}

}  // namespace mixtura::MIXTURA_ISA
