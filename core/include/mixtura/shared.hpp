// One dense U for all components: rows are whitened once, z = (x - c) U, and compared with the whitened means.
#pragma once

#include "dense.hpp"

namespace mixtura::MIXTURA_ISA {

// z (d, S) = x U by columns, from the packed U.
template <class A>
inline void whiten_tile(int d, int R, std::ptrdiff_t S, const typename A::T* u, const typename A::T* xt,
                        typename A::T* z) {
    using V = typename A::V;
    const Parts blocks(d, kColumns);
    for (int part = 0, j = 0; part < blocks.count; j += blocks.size(part++)) {
        with_size<kColumns>(blocks.size(part), [&](auto n) MIXTURA_LAMBDA {
            for (int r = 0; r < R; r += kVectors * A::L) {
                V y[n][kVectors];
                whiten_block<A, n>(j, u, xt + r, S, y);
                each<n>([&](auto c) MIXTURA_LAMBDA {
                    each<kVectors>([&](auto v) MIXTURA_LAMBDA { A::store(z + (j + c) * S + r + v * A::L, y[c][v]); });
                });
            }
            u += (j + n) * n;
        });
    }
}

}  // namespace mixtura::MIXTURA_ISA
