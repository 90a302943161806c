// Problems of every shape, and the sums of an E-step by plain loops in long double.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "mixtura/kernel.hpp"

namespace oracle {

enum class Layout { rows, columns, padded, reversed };

template <class T>
struct Problem {
    int n, d, K;
    mixtura::Geometry geometry;
    bool shared;
    std::vector<T> memory;
    std::vector<double> weight, centre, mu, U, offset;
    mixtura::Rows rows;
    mixtura::Model model;

    // If `apart`, rows belong to one component each, or to none that another could be taken for.
    Problem(int n_, int d_, int K_, mixtura::Geometry geometry_, bool shared_, bool weighted, Layout layout,
            unsigned seed, bool apart = false)
        : n(n_), d(d_), K(K_), geometry(geometry_), shared(shared_) {
        std::mt19937 random(seed);
        std::normal_distribution<double> normal;
        const std::int64_t padded = layout == Layout::padded ? d + 3 : d;
        memory.resize(static_cast<std::size_t>(n) * padded + 1);
        const std::int64_t item = sizeof(T);
        rows.row_stride = layout == Layout::columns ? item : padded * item;
        rows.column_stride = layout == Layout::columns ? n * item : item;
        char* first = reinterpret_cast<char*>(memory.data());
        if (layout == Layout::reversed) {
            first += (n - 1) * rows.row_stride;
            rows.row_stride = -rows.row_stride;
        }
        rows.data = first;
        rows.n = n;
        rows.d = d;
        for (int j = 0; j < d; ++j) centre.push_back(static_cast<double>(static_cast<float>(j + normal(random))));
        const double spread = apart ? 20 / std::sqrt(d) : 1;
        for (int i = 0; i < K * d; ++i) mu.push_back(static_cast<double>(static_cast<float>(spread * normal(random))));
        for (int i = 0; i < n; ++i) {
            const int k = static_cast<int>(random() % static_cast<unsigned>(K));
            for (int j = 0; j < d; ++j) {
                const double x = apart ? centre[j] + mu[k * d + j] + normal(random) : 2 * normal(random) + j;
                at(first, i, j) = static_cast<T>(x);
            }
        }
        if (n > 5) at(first, 5, 0) = T(1e5);  // one row far outside
        if (weighted) {
            for (int i = 0; i < n; ++i) weight.push_back(i % 3 == 0 ? 0.0 : 0.5 * (i % 5) + 0.25);
        }
        rows.weight = weighted ? weight.data() : nullptr;
        rows.centre = centre.data();
        const int m = shared ? 1 : K;
        for (int k = 0; k < m; ++k) {
            for (int i = 0; i < (geometry == mixtura::Geometry::spherical ? 1 : d); ++i) {
                if (geometry != mixtura::Geometry::dense) {
                    U.push_back(0.3 + std::fabs(normal(random)));
                    continue;
                }
                for (int j = 0; j < d; ++j) {
                    U.push_back(j < i ? 0.0 : i == j ? 0.5 + std::fabs(normal(random)) : normal(random) / d);
                }
            }
        }
        for (int k = 0; k < K; ++k) offset.push_back(normal(random));
        if (K > 2) offset[1] = -std::numeric_limits<double>::infinity();  // a component of weight 0
        model = mixtura::Model{K, d, geometry, shared, mu.data(), U.data(), offset.data()};
    }
    Problem(const Problem&) = delete;

    T& at(char* first, int i, int j) {
        return *reinterpret_cast<T*>(first + i * rows.row_stride + j * rows.column_stride);
    }
    long double x(int i, int j) const {
        const char* p = rows.data + i * rows.row_stride + j * rows.column_stride;
        return static_cast<long double>(*reinterpret_cast<const T*>(p)) - centre[j];
    }
    // Element (i, j) of the U of component k.
    double u(int k, int i, int j) const {
        if (geometry == mixtura::Geometry::linear) return 0;
        if (shared) k = 0;
        if (geometry == mixtura::Geometry::dense) return U[(static_cast<std::size_t>(k) * d + i) * d + j];
        if (i != j) return 0;
        return geometry == mixtura::Geometry::spherical ? U[k] : U[static_cast<std::size_t>(k) * d + j];
    }
    // Second moments of one component.
    std::size_t moments() const {
        if (geometry == mixtura::Geometry::dense) return static_cast<std::size_t>(d) * (d + 1) / 2;
        return geometry == mixtura::Geometry::diagonal ? d : 1;
    }
    double w(int i) const { return weight.empty() ? 1.0 : weight[i]; }
};

struct Answer {
    std::vector<long double> S0, S1, S2, logits, log_prob;
    long double L = 0;
};

template <class T>
Answer solve(const Problem<T>& p) {
    const int n = p.n, d = p.d, K = p.K;
    Answer a;
    a.S0.resize(K);
    a.S1.resize(static_cast<std::size_t>(K) * d);
    a.S2.resize(K * p.moments());
    const bool linear = p.geometry == mixtura::Geometry::linear;
    for (int i = 0; i < n; ++i) {
        std::vector<long double> logit(K);
        long double top = -std::numeric_limits<long double>::infinity();
        for (int k = 0; k < K; ++k) {
            long double q = 0, product = 0;
            for (int j = 0; j < d; ++j) {
                long double y = 0;
                for (int e = 0; e <= j; ++e) y += (p.x(i, e) - p.mu[k * d + e]) * p.u(k, e, j);
                q += y * y;
                product += p.x(i, j) * p.mu[k * d + j];
            }
            logit[k] = p.offset[k] + (linear ? product : -q / 2);
            top = std::fmax(top, logit[k]);
        }
        long double sum = 0;
        for (int k = 0; k < K; ++k) sum += std::exp(logit[k] - top);
        const long double log_prob = top + std::log(sum);
        a.log_prob.push_back(log_prob);
        a.logits.insert(a.logits.end(), logit.begin(), logit.end());
        if (p.w(i) == 0) continue;
        a.L += p.w(i) * log_prob;
        for (int k = 0; k < K; ++k) {
            const long double r = p.w(i) * std::exp(logit[k] - log_prob);
            a.S0[k] += r;
            std::size_t pair = k * p.moments();
            for (int e = 0; e < d; ++e) {
                const long double t = p.x(i, e) - p.mu[k * d + e];
                a.S1[k * d + e] += r * (linear ? p.x(i, e) : t);
                if (p.geometry == mixtura::Geometry::dense) {
                    for (int f = e; f < d; ++f) a.S2[pair++] += r * t * (p.x(i, f) - p.mu[k * d + f]);
                } else {
                    a.S2[pair] += r * t * t;
                    pair += p.geometry == mixtura::Geometry::diagonal;
                }
            }
        }
    }
    return a;
}

}  // namespace oracle
