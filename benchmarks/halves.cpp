// What each part of a pass over one tile costs a row and component, on one core, with the tile in cache. Built by
// halves.py for the instruction set that mixtura uses; prints JSON.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "mixtura/passes.hpp"

namespace {

using mixtura::Geometry;
using namespace mixtura::MIXTURA_ISA;

template <class Work>
double shortest(int rounds, const Work& work) {
    double best = 1e9;
    for (int i = 0; i < rounds; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        work();
        best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    return best;
}

// K components whose responsibilities all count, so that nothing is left out.
template <class T>
void measure(Geometry geometry, int d, int K, int rounds) {
    using A = Lanes<T, MIXTURA_BYTES / sizeof(T)>;
    std::mt19937 random(0);
    std::normal_distribution<double> normal;
    const std::size_t size = geometry == Geometry::dense ? static_cast<std::size_t>(d) * d : d;
    std::vector<double> mu(static_cast<std::size_t>(K) * d), U(K * size), offset(K), centre(d);
    for (double& x : mu) x = 0.3 * normal(random) / std::sqrt(d);
    for (int k = 0; k < K; ++k) {
        for (std::size_t i = 0; i < size; ++i) U[k * size + i] = geometry != Geometry::dense || i % (d + 1) == 0;
    }
    const mixtura::Model model{K, d, geometry, geometry == Geometry::linear, mu.data(), U.data(), offset.data()};
    const int R = tile_rows<A>(model);
    std::vector<T> X(static_cast<std::size_t>(R) * d);
    for (T& x : X) x = static_cast<T>(normal(random));
    const std::int64_t item = sizeof(T);
    const mixtura::Rows rows{reinterpret_cast<const char*>(X.data()), R, d, d * item, item, nullptr, centre.data()};
    std::vector<char> prepared(prepared_bytes<T>(model)), scratch(Buffers<A>::bytes(model, R));
    prepare<T>(model, prepared.data());
    std::vector<double> sums(static_cast<std::size_t>(K) * (1 + d + d * (d + 1) / 2) + 1);
    double* s = sums.data();
    const mixtura::Sums out{s, s + K, s + K + static_cast<std::ptrdiff_t>(K) * d, s + sums.size() - 1};

    const int repeats = std::max(1, static_cast<int>(3e7 / (static_cast<double>(R) * K * d)));
    const auto each_pair = [&](const auto& work) {
        const double t = shortest(rounds, [&] {
            for (int i = 0; i < repeats; ++i) work();
        });
        return 1e9 * t / repeats / (static_cast<double>(R) * K);
    };
    const auto tile = [&] { return Passes<A>(rows, model, prepared.data(), scratch.data(), R, 0, R); };
    const double load = each_pair(tile);
    const double logits = each_pair([&] { tile().logits_of(0, R); }) - load;
    const double weighed = each_pair([&] {
                               const auto pass = tile();
                               pass.by_rows([&](int from, int n) { pass.log_sum_exp(from, n, negligible<T>); });
                           }) -
                           load - logits;
    const double all = each_pair([&] { tile().e_step(out); });
    std::printf("{\"load\": %.4f, \"logits\": %.4f, \"log_sum_exp\": %.4f, \"sums\": %.4f}\n", load, logits, weighed,
                all - load - logits - weighed);
}

}  // namespace

int main(int, char** words) {
    const std::string structure = words[1];
    const Geometry geometry = structure == "full"   ? Geometry::dense
                              : structure == "diag" ? Geometry::diagonal
                              : structure == "tied" ? Geometry::linear
                                                    : Geometry::spherical;
    const int d = std::atoi(words[3]), K = std::atoi(words[4]), rounds = std::atoi(words[5]);
    if (std::string(words[2]) == "float64") {
        measure<double>(geometry, d, K, rounds);
    } else {
        measure<float>(geometry, d, K, rounds);
    }
}
