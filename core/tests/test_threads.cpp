// Threads change no bit; passes can be interrupted; errors come to the caller; several callers do not block.
#include <algorithm>
#include <atomic>
#include <numeric>
#include <stdexcept>
#include <thread>

#include "check.hpp"
#include "mixtura/dispatch.hpp"
#include "mixtura/engine.hpp"
#include "oracle.hpp"

#if !defined(_WIN32)
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace {

const mixtura::Kernel& kernel() { return mixtura::current_instruction_set().load()->f64; }

std::vector<double> sums(const oracle::Problem<double>& p, int n_threads) {
    return mixtura::e_step(kernel(), p.rows, p.model, n_threads, nullptr).sums;
}

void same_bits() {
    for (const int n : {3000, 20011}) {
        const oracle::Problem<double> p(n, 5, 7, mixtura::Geometry::dense, false, true, oracle::Layout::rows, 3);
        const auto one = sums(p, 1);
        for (const int n_threads : {2, 5, 16}) {
            for (int repeat = 0; repeat < 5; ++repeat) CHECK(sums(p, n_threads) == one);
        }
    }
}

void interrupts() {
    // Tiles are many and slow enough that 20 ms pass before they end.
    const mixtura::Blocks blocks(1000, 1);
    std::atomic<int> tiles{0};
    bool interrupted = false;
    int polls = 0;
    try {
        mixtura::for_each_block(
            blocks, 2, [&] { return ++polls == 2; }, [] { return 0; },
            [&](int&, std::int64_t, int) {
                ++tiles;
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            },
            [](int&, std::int64_t) {});
    } catch (const mixtura::Interrupted&) {
        interrupted = true;
    }
    CHECK(interrupted);
    CHECK(polls == 2);
    CHECK(tiles < 1000);
}

void errors_reach_the_caller() {
    const mixtura::Blocks blocks(1000, 1);
    for (const int n_threads : {1, 4}) {
        bool caught = false;
        try {
            mixtura::for_each_block(
                blocks, n_threads, nullptr, [] { return 0; },
                [](int&, std::int64_t first, int) {
                    if (first == 700) throw std::bad_alloc();
                },
                [](int&, std::int64_t) {});
        } catch (const std::bad_alloc&) {
            caught = true;
        }
        CHECK(caught);
    }
}

void many_callers() {
    const oracle::Problem<double> p(20011, 3, 4, mixtura::Geometry::dense, false, false, oracle::Layout::rows, 4);
    const auto want = sums(p, 1);
    std::atomic<int> equal{0};
    std::vector<std::thread> callers;
    for (int i = 0; i < 8; ++i) {
        callers.emplace_back([&] {
            for (int repeat = 0; repeat < 5; ++repeat) equal += sums(p, 2) == want;
        });
    }
    for (auto& caller : callers) caller.join();
    CHECK(equal == 40);
}

void forks() {
#if !defined(_WIN32) && !defined(__SANITIZE_THREAD__)
    const oracle::Problem<double> p(20011, 3, 4, mixtura::Geometry::dense, false, false, oracle::Layout::rows, 5);
    const auto want = sums(p, 2);
    const pid_t child = fork();
    if (child == 0) _exit(sums(p, 2) == want ? 0 : 1);
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
#endif
}

void tree_of_any_size() {
    for (std::int64_t count = 1; count <= 70; ++count) {
        mixtura::SumTree tree(count, 1);
        std::vector<std::int64_t> order(count);
        std::iota(order.begin(), order.end(), 0);
        std::shuffle(order.begin(), order.end(), std::mt19937(static_cast<unsigned>(count)));
        double want = 0;
        for (const std::int64_t block : order) {
            auto sum = tree.zeros();
            sum[0] = static_cast<double>(std::int64_t{1} << (block % 50));
            want += sum[0];
            tree.add(block, std::move(sum));
        }
        CHECK(tree.total()[0] == want);
    }
}

}  // namespace

void test_threads() {
    same_bits();
    interrupts();
    errors_reach_the_caller();
    many_callers();
    forks();
    tree_of_any_size();
}
