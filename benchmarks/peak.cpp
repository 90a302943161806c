// The two limits of this machine, over all its cores: fused multiply-adds a second from registers, and bytes a second
// read from memory. Prints one line of JSON. Compiled by machine.py for the machine it runs on.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#if defined(__AVX512F__)
constexpr int kBytes = 64;
#elif defined(__AVX__)
constexpr int kBytes = 32;
#else
constexpr int kBytes = 16;
#endif
constexpr int kChains = 12;  // more than latency times units, fewer than registers

template <class T>
struct VecOf {
    typedef T type __attribute__((vector_size(kBytes)));
};

template <class T>
void multiply_add(long rounds, T* out) {
    using V = typename VecOf<T>::type;
    V a[kChains], x = V{} + T(0.999), y = V{} + T(0.001);
    for (int c = 0; c < kChains; ++c) a[c] = V{} + T(c);
    for (long i = 0; i < rounds; ++i) {
        for (int c = 0; c < kChains; ++c) a[c] = a[c] * x + y;
        asm volatile("" : "+x"(x), "+x"(y));  // not to be computed ahead
    }
    V sum{};
    for (int c = 0; c < kChains; ++c) sum += a[c];
    *out = sum[0];
}

double read_all(const double* from, std::size_t count) {
    using V = typename VecOf<double>::type;
    V s[8] = {};
    const V* v = reinterpret_cast<const V*>(from);
    const std::size_t vectors = count * sizeof(double) / kBytes;
    for (std::size_t i = 0; i + 8 <= vectors; i += 8)
        for (int c = 0; c < 8; ++c) s[c] += v[i + c];
    double sum = 0;
    for (int c = 0; c < 8; ++c) sum += s[c][0];
    return sum;
}

// Least seconds of several runs of work(thread) on all threads at once.
template <class Work>
double best_time(int threads, Work work) {
    double best = 1e300;
    for (int repeat = 0; repeat < 7; ++repeat) {
        std::vector<std::thread> others;
        const auto begin = std::chrono::steady_clock::now();
        for (int t = 1; t < threads; ++t) others.emplace_back(work, t);
        work(0);
        for (auto& other : others) other.join();
        best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    return best;
}

template <class T>
double gigaflops(int threads, long rounds) {
    std::vector<T> out(static_cast<std::size_t>(threads) * 64);
    const double seconds = best_time(threads, [&](int t) { multiply_add<T>(rounds, &out[t * 64]); });
    return 2.0 * kChains * (kBytes / sizeof(T)) * static_cast<double>(rounds) * threads / seconds * 1e-9;
}

int main(int argc, char** argv) {
    const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
    const long rounds = argc > 2 ? std::atol(argv[2]) : 20'000'000;
    const std::size_t count = std::size_t{1} << 24;  // 128 MiB a thread, beyond any cache
    std::vector<double> data(count * static_cast<std::size_t>(threads), 1.0);
    std::vector<double> sums(static_cast<std::size_t>(threads) * 8);
    const double seconds = best_time(
        threads, [&](int t) { sums[t * 8] = read_all(data.data() + static_cast<std::size_t>(t) * count, count); });
    std::printf("{\"float64\": %.4g, \"float32\": %.4g, \"bandwidth\": %.4g}\n", gigaflops<double>(threads, rounds),
                gigaflops<float>(threads, rounds), 8e-9 * static_cast<double>(count) * threads / seconds);
}
