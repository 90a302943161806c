// What a pass keeps in memory: parameters as the kernels read them, and the arrays of one tile.
#pragma once

#include "dense.hpp"

namespace mixtura::MIXTURA_ISA {

// Parameters as the kernels read them: in T, U packed.
template <class T>
struct Prepared {
    T* mu;               // (K, d)
    T* mu_u;             // (K, d): mu U, for shared dense
    T* offset;           // (K)
    T* half;             // (K): half the square of a component's one scale
    T* u;                // dense: (K or 1) packed triangles; diagonal: (K or 1, d); else none
    std::size_t u_size;  // of one component
    const T* mu_of(int k, int d) const { return mu + static_cast<std::ptrdiff_t>(k) * d; }
    const T* u_of(int k) const { return u + static_cast<std::ptrdiff_t>(k) * static_cast<std::ptrdiff_t>(u_size); }
};

// Numbers that stand for the U of one component.
inline std::size_t packed_u(const Model& m) {
    if (m.geometry == Geometry::dense) return packed_size(m.d);
    return m.geometry == Geometry::diagonal ? static_cast<std::size_t>(m.d) : 0;
}

// A vector may be read past the last of the numbers.
constexpr std::size_t kPast = 64;

template <class T>
inline std::size_t prepared_bytes(const Model& m) {
    const std::size_t kd = static_cast<std::size_t>(m.K) * m.d;
    return sizeof(T) * (2 * kd + 2 * m.K + packed_u(m) * (m.shared ? 1 : m.K)) + kPast;
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

template <class T>
inline void whiten_means(const Model& m, const Prepared<T>& p) {
    const std::ptrdiff_t d = m.d;
    for (int k = 0; k < m.K; ++k) {
        for (int j = 0; j < m.d; ++j) {
            double s = 0;
            for (int i = 0; i <= j; ++i) s += m.mu[k * d + i] * m.U[i * d + j];
            p.mu_u[k * d + j] = static_cast<T>(s);
        }
    }
}

template <class T>
inline void prepare(const Model& m, void* memory) {
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

// Without second moments of matrices or features, first moments of all components are one matrix product, if they are
// about one point. In float that point would have to be near: the digits of a mean far from it would be lost.
template <class T>
inline bool s1_about_centre(const Model& m) {
    return m.geometry == Geometry::linear || (sizeof(T) == 8 && (m.shared || m.geometry == Geometry::spherical));
}

inline bool keeps_distances(const Model& m) { return m.geometry == Geometry::spherical && !m.shared; }

// As many rows as keep a tile's buffers within the smallest second-level cache that is common, and a group of
// its features within the first-level one; but enough of them to be worth a sum over lanes at the end.
template <class A>
inline int tile_rows(const Model& m) {
    using T = typename A::T;
    constexpr std::size_t step = kVectors * A::L;
    constexpr std::size_t cache = 320 * 1024;
    constexpr std::size_t most = 2048 / sizeof(T), least = 768 / sizeof(T);
    std::size_t rows = cache / (sizeof(T) * (2 * static_cast<std::size_t>(m.d) + m.K + 3));
    rows = rows > most ? most : rows < least ? least : rows;
    return static_cast<int>((rows + step - 1) / step * step);
}

// Features of one row in whole vectors.
template <class A>
constexpr std::ptrdiff_t whole(int d) {
    return (d + A::L - 1) / A::L * A::L;
}

template <class A>
struct Buffers {
    using T = typename A::T;
    Learned* learned;
    std::ptrdiff_t S;     // distance between features or components, at least R
    T* xt;                // (d, S) rows about the centre
    T* t;                 // (d, S) about one mean, or whitened
    T* logit;             // (K, S)
    T* log_prob;          // (R)
    T* scale;             // (R)
    T* root;              // (R)
    T* distance;          // (K, S) squared lengths, or null
    T* live_weight;       // (R) of the rows that belong to a component
    const T** live;       // (R) those rows
    std::int32_t* order;  // (R) which row of the tile stands where
    std::int32_t* which;  // (R + 4)
    std::int32_t* count;  // (K + 1)

    static std::size_t bytes(const Model& m, int R) {
        const std::size_t arrays = 2 * static_cast<std::size_t>(m.d) + (keeps_distances(m) ? 2 : 1) * m.K + 4;
        const std::size_t r = static_cast<std::size_t>(R);
        return sizeof(T) * padded<T>(R) * arrays + sizeof(T*) * r + sizeof(std::int32_t) * (2 * r + m.K + 5) +
               sizeof(Learned) + 64;
    }

    Buffers(void* scratch, const Model& m, int R) {
        learned = static_cast<Learned*>(scratch);
        const auto address = reinterpret_cast<std::uintptr_t>(learned + 1);
        S = padded<T>(R);
        const std::ptrdiff_t dS = m.d * S, kS = m.K * S;
        xt = reinterpret_cast<T*>((address + 63) & ~static_cast<std::uintptr_t>(63));
        t = xt + dS;
        logit = t + dS;
        log_prob = logit + kS;
        scale = log_prob + S;
        root = scale + S;
        distance = keeps_distances(m) ? root + S : nullptr;
        live_weight = root + S + (keeps_distances(m) ? kS : 0);
        live = reinterpret_cast<const T**>(live_weight + S);
        order = reinterpret_cast<std::int32_t*>(live + R);
        which = order + R;
        count = which + R + 4;
    }
};

}  // namespace mixtura::MIXTURA_ISA
