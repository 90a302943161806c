// Components that share U, and first moments about the centre for all components at once.
#pragma once

#include "dense.hpp"

namespace mixtura::MIXTURA_ISA {

// z (d, S) = x U by columns, from the packed U: rows are whitened once, and compared with the whitened means.
template <class A>
inline void whiten_tile(int d, int R, std::ptrdiff_t S, const typename A::T* u, const typename A::T* xt,
                        typename A::T* z) {
    using V = typename A::V;
    const Parts blocks(d, kColumns);
    for (int part = 0, j = 0; part < blocks.count; j += blocks.size(part++)) {
        with_size<kColumns>(blocks.size(part), [&](auto n) MIXTURA_LAMBDA {
            for (int r = 0; r < R; r += kVectors * A::L) {
                V y[n][kVectors];
                whiten_block<A, n, false>(j, u, xt + r, S, nullptr, y);
                each<n>([&](auto c) MIXTURA_LAMBDA {
                    each<kVectors>([&](auto v) MIXTURA_LAMBDA { A::store(z + (j + c) * S + r + v * A::L, y[c][v]); });
                });
            }
            u += (j + n) * n;
        });
    }
}

// Logits of NK components that are linear in x: offset + x mu.
template <class A, int NK>
MIXTURA_INLINE void linear_logits(int d, int R, std::ptrdiff_t S, const typename A::T* xt,
                                  const typename A::T* mu /* (NK, d) */, const typename A::T* offset /* (NK) */,
                                  typename A::T* logit /* (NK, S) */) {
    using V = typename A::V;
    constexpr int vectors = 2;
    for (int r = 0; r < R; r += vectors * A::L) {
        V s[NK][vectors];
        each<NK>([&](auto k)
                     MIXTURA_LAMBDA { each<vectors>([&](auto v) MIXTURA_LAMBDA { s[k][v] = A::all(offset[k]); }); });
        for (int j = 0; j < d; ++j) {
            V x[vectors];
            each<vectors>([&](auto v) MIXTURA_LAMBDA { x[v] = A::load(xt + j * S + r + v * A::L); });
            each<NK>([&](auto k) MIXTURA_LAMBDA {
                const V m = A::all(mu[static_cast<std::ptrdiff_t>(k) * d + j]);
                each<vectors>([&](auto v) MIXTURA_LAMBDA { s[k][v] += x[v] * m; });
            });
        }
        each<NK>([&](auto k) MIXTURA_LAMBDA {
            each<vectors>([&](auto v) MIXTURA_LAMBDA { A::store(logit + k * S + r + v * A::L, s[k][v]); });
        });
    }
}

template <class A>
inline void linear_logits_all(int K, int d, int R, std::ptrdiff_t S, const typename A::T* xt, const typename A::T* mu,
                              const typename A::T* offset, typename A::T* logit) {
    const Parts parts(K, kLinear);
    for (int part = 0, k = 0; part < parts.count; k += parts.size(part++)) {
        with_size<kLinear>(parts.size(part), [&](auto n) MIXTURA_LAMBDA {
            linear_logits<A, n>(d, R, S, xt, mu + static_cast<std::ptrdiff_t>(k) * d, offset + k, logit + k * S);
        });
    }
}

// Sums of r x for NK components and NF features; if Centred, of r (x - mu).
template <class A, int NK, int NF, bool Centred>
MIXTURA_INLINE void moment_block(int d, int R, std::ptrdiff_t S, const typename A::T* xt /* (NF, S) */,
                                 const typename A::T* resp /* (NK, S) */, const typename A::T* mu, double* S1) {
    using V = typename A::V;
    V s[NK * NF];
    each<NK * NF>([&](auto p) MIXTURA_LAMBDA { s[p] = V{}; });
    for (int r = 0; r < R; r += A::L) {
        V w[NK];
        each<NK>([&](auto k) MIXTURA_LAMBDA { w[k] = A::load(resp + k * S + r); });
        each<NF>([&](auto f) MIXTURA_LAMBDA {
            const V x = A::load(xt + f * S + r);
            each<NK>([&](auto k) MIXTURA_LAMBDA {
                if constexpr (Centred) {
                    s[k * NF + f] += w[k] * (x - mu[static_cast<std::ptrdiff_t>(k) * d + f]);
                } else {
                    s[k * NF + f] += w[k] * x;
                }
            });
        });
    }
    typename A::T sums[A::template room<NK * NF>];
    A::sums(s, sums);
    for (int k = 0; k < NK; ++k)
        for (int f = 0; f < NF; ++f)
            S1[static_cast<std::ptrdiff_t>(k) * d + f] += static_cast<double>(sums[k * NF + f]);
}

// S1 += sums over the tile of r x, a matrix product; if Centred, of r (x - mu).
template <class A, bool Centred>
inline void first_moments(int K, int d, int R, std::ptrdiff_t S, const typename A::T* xt,
                          const typename A::T* resp /* (K, S) */, const typename A::T* mu /* (K, d) */, double* S1) {
    const Parts rows(K, kPairRows), columns(d, kPairColumns);
    for (int part = 0, k = 0; part < rows.count; k += rows.size(part++)) {
        with_size<kPairRows>(rows.size(part), [&](auto n) MIXTURA_LAMBDA {
            for (int q = 0, j = 0; q < columns.count; j += columns.size(q++)) {
                with_size<kPairColumns>(columns.size(q), [&](auto m) MIXTURA_LAMBDA {
                    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(k) * d + j;
                    moment_block<A, n, m, Centred>(d, R, S, xt + j * S, resp + k * S, mu + at, S1 + at);
                });
            }
        });
    }
}

}  // namespace mixtura::MIXTURA_ISA
