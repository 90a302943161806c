// Diagonal geometry: y_j = (x_j - mu_j) u_j, and the sums of r t and r t^2 a feature.
#pragma once

#include "tile.hpp"

namespace mixtura::MIXTURA_ISA {

// For NK components at once, so that one load of the tile serves them all.
template <class A, int NK>
inline void diagonal_logits(int d, int R, const typename A::T* xt, const typename A::T* mu /* (NK, d) */,
                            const typename A::T* u /* (NK, d), or (1, d) with ustep 0 */, std::ptrdiff_t ustep,
                            const typename A::T* offset /* (NK) */, typename A::T* logit /* (NK, R) */) {
    using V = typename A::V;
    constexpr int vectors = 2;
    int r = 0;
    for (; r < R; r += vectors * A::L) {
        V q[NK][vectors] = {};
        for (int j = 0; j < d; ++j) {
            V x[vectors];
            for (int v = 0; v < vectors; ++v) x[v] = A::load(xt + static_cast<std::ptrdiff_t>(j) * R + r + v * A::L);
            for (int k = 0; k < NK; ++k) {
                const typename A::T m = mu[static_cast<std::ptrdiff_t>(k) * d + j];
                const typename A::T w = u[k * ustep + j];
                for (int v = 0; v < vectors; ++v) {
                    const V y = (x[v] - m) * w;
                    q[k][v] += y * y;
                }
            }
        }
        for (int k = 0; k < NK; ++k) {
            for (int v = 0; v < vectors; ++v) {
                A::store(logit + static_cast<std::ptrdiff_t>(k) * R + r + v * A::L, to_logit<A>(q[k][v], offset[k]));
            }
        }
    }
}

template <class A>
inline void diagonal_logits_all(int K, int d, int R, const typename A::T* xt, const typename A::T* mu,
                                const typename A::T* u, bool shared, const typename A::T* offset,
                                typename A::T* logit) {
    const std::ptrdiff_t ustep = shared ? 0 : d;
    int k = 0;
    for (; k + 4 <= K; k += 4) {
        diagonal_logits<A, 4>(d, R, xt, mu + static_cast<std::ptrdiff_t>(k) * d, u + k * ustep, ustep, offset + k,
                              logit + static_cast<std::ptrdiff_t>(k) * R);
    }
    for (; k < K; ++k) {
        diagonal_logits<A, 1>(d, R, xt, mu + static_cast<std::ptrdiff_t>(k) * d, u + k * ustep, ustep, offset + k,
                              logit + static_cast<std::ptrdiff_t>(k) * R);
    }
}

// Sums of r, r t and, if Second, r t^2, for NF features from j at once.
template <class A, int NF, bool Second>
inline void feature_sums(int R, const typename A::T* xt /* (NF, R) */, const typename A::T* mu,
                         const typename A::T* resp, double* S1, double* S2) {
    using V = typename A::V;
    V s1[NF] = {};
    V s2[NF] = {};
    for (int r = 0; r < R; r += A::L) {
        const V w = A::load(resp + r);
        for (int f = 0; f < NF; ++f) {
            const V t = A::load(xt + static_cast<std::ptrdiff_t>(f) * R + r) - mu[f];
            const V wt = w * t;
            s1[f] += wt;
            if constexpr (Second) s2[f] += wt * t;
        }
    }
    for (int f = 0; f < NF; ++f) {
        S1[f] += static_cast<double>(A::sum(s1[f]));
        if constexpr (Second) S2[f] += static_cast<double>(A::sum(s2[f]));
    }
}

template <class A, bool Second>
inline void diagonal_sums(int d, int R, const typename A::T* xt, const typename A::T* mu, const typename A::T* resp,
                          double* S0, double* S1, double* S2) {
    using V = typename A::V;
    V s0 = V{};
    for (int r = 0; r < R; r += A::L) s0 += A::load(resp + r);
    *S0 += static_cast<double>(A::sum(s0));
    int j = 0;
    for (; j + 4 <= d; j += 4) {
        feature_sums<A, 4, Second>(R, xt + static_cast<std::ptrdiff_t>(j) * R, mu + j, resp, S1 + j,
                                   Second ? S2 + j : S2);
    }
    for (; j < d; ++j) {
        feature_sums<A, 1, Second>(R, xt + static_cast<std::ptrdiff_t>(j) * R, mu + j, resp, S1 + j,
                                   Second ? S2 + j : S2);
    }
}

}  // namespace mixtura::MIXTURA_ISA
