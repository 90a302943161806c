// One dense U for all components: rows are whitened once, z = (x - c) U, and compared with the whitened means.
#pragma once

#include "dense.hpp"

namespace mixtura::MIXTURA_ISA {

template <class A, int NC>
inline void whiten_columns(int rows_of_u, int R, const typename A::T* u, const typename A::T* xt /* (d, R) */,
                           typename A::T* z /* (NC, R) */) {
    using V = typename A::V;
    constexpr int step = kVectors * A::L;
    for (int r = 0; r < R; r += step) {
        V y[NC][kVectors] = {};
        for (int i = 0; i < rows_of_u; ++i) {
            V x[kVectors];
            for (int v = 0; v < kVectors; ++v) x[v] = A::load(xt + static_cast<std::ptrdiff_t>(i) * R + r + v * A::L);
            for (int c = 0; c < NC; ++c) {
                const V w = A::all(u[i * kColumns + c]);
                for (int v = 0; v < kVectors; ++v) y[c][v] += x[v] * w;
            }
        }
        for (int c = 0; c < NC; ++c) {
            for (int v = 0; v < kVectors; ++v) A::store(z + static_cast<std::ptrdiff_t>(c) * R + r + v * A::L, y[c][v]);
        }
    }
}

// z (d, R) = x U by columns, from the packed U.
template <class A>
inline void whiten_tile(int d, int R, const typename A::T* u, const typename A::T* xt, typename A::T* z) {
    for (int j = 0; j < d; j += kColumns) {
        const int rows_of_u = j + kColumns < d ? j + kColumns : d;
        typename A::T* out = z + static_cast<std::ptrdiff_t>(j) * R;
        switch (d - j) {
            case 1:
                whiten_columns<A, 1>(rows_of_u, R, u, xt, out);
                break;
            case 2:
                whiten_columns<A, 2>(rows_of_u, R, u, xt, out);
                break;
            case 3:
                whiten_columns<A, 3>(rows_of_u, R, u, xt, out);
                break;
            default:
                whiten_columns<A, 4>(rows_of_u, R, u, xt, out);
                break;
        }
        u += static_cast<std::ptrdiff_t>(rows_of_u) * kColumns;
    }
}

}  // namespace mixtura::MIXTURA_ISA
