// Rows are cut into blocks by their number alone; threads take blocks as they come; sums of blocks are joined in
// a fixed tree. So the number of threads changes no bit of a result.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <vector>

#include "pool.hpp"

namespace mixtura {

// Called now and then on the calling thread; true asks for an end.
using Poll = std::function<bool()>;

// Raised when a poll asked for an end: results are incomplete.
struct Interrupted {};

// Says to the threads of one pass when to stop, and carries their first exception to the caller.
class Control {
  public:
    explicit Control(const Poll& poll) : poll_(poll), last_(std::chrono::steady_clock::now()) {}

    bool stopped() const { return stop_.load(std::memory_order_relaxed); }

    // On the calling thread, between tiles: polls at most every 20 ms.
    void tick() {
        const auto now = std::chrono::steady_clock::now();
        if (now - last_ < std::chrono::milliseconds(20)) return;
        last_ = now;
        if (!stopped() && poll_ && poll_()) {
            interrupted_.store(true);
            stop_.store(true);
        }
    }

    void fail(std::exception_ptr error) {
        std::lock_guard lock(mutex_);
        if (!error_) error_ = error;
        stop_.store(true);
    }

    // Throws what a thread threw, for work that keeps its results when interrupted.
    void rethrow() {
        if (error_) std::rethrow_exception(error_);
    }

    void finish() {
        if (interrupted_.load()) throw Interrupted{};
        rethrow();
    }

  private:
    const Poll& poll_;
    std::chrono::steady_clock::time_point last_;
    std::atomic<bool> stop_{false};
    std::atomic<bool> interrupted_{false};
    std::mutex mutex_;
    std::exception_ptr error_;
};

struct Blocks {
    std::int64_t n;     // rows
    std::int64_t tile;  // rows a tile
    std::int64_t size;  // rows a block, whole tiles
    std::int64_t count;

    // At most 64 blocks, of at least 2 tiles.
    Blocks(std::int64_t rows, std::int64_t tile_rows) : n(rows), tile(tile_rows) {
        const std::int64_t tiles = (rows + tile - 1) / tile;
        const std::int64_t tiles_a_block = std::max<std::int64_t>(2, (tiles + 63) / 64);
        size = tiles_a_block * tile;
        count = (rows + size - 1) / size;
    }
    bool begins(std::int64_t row) const { return row % size == 0; }
};

// Calls tile(state, first, rows) over all tiles, and begin(thread) -> state, end(state, block) around each block.
template <class MakeState, class Tile, class EndBlock>
void for_each_block(const Blocks& blocks, int n_threads, const Poll& poll, MakeState make_state, Tile tile,
                    EndBlock end_block) {
    Control control(poll);
    std::atomic<std::int64_t> next{0};
    const std::function<void(int)> job = [&](int thread) {
        try {
            auto state = make_state();
            for (;;) {
                const std::int64_t block = next.fetch_add(1, std::memory_order_relaxed);
                if (block >= blocks.count) return;
                const std::int64_t last = std::min(blocks.n, (block + 1) * blocks.size);
                for (std::int64_t first = block * blocks.size; first < last; first += blocks.tile) {
                    if (thread == 0) control.tick();
                    if (control.stopped()) return;
                    tile(state, first, static_cast<int>(std::min(blocks.tile, last - first)));
                }
                end_block(state, block);
            }
        } catch (...) {
            control.fail(std::current_exception());
        }
    };
    const int threads = static_cast<int>(std::min<std::int64_t>(n_threads, blocks.count));
    Pool::instance().run(threads, job, [&] { control.tick(); });
    control.finish();
}

// Joins the sums of `count` blocks pairwise: left plus right, in a binary tree over block numbers. At most about
// as many buffers wait as there are threads and levels.
class SumTree {
  public:
    SumTree(std::int64_t count, std::size_t size) : count_(count), size_(size) {
        int levels = 1;
        while ((std::int64_t{1} << (levels - 1)) < count) ++levels;
        waiting_.resize(levels);
        for (int level = 0; level < levels; ++level) waiting_[level].resize(((count - 1) >> level) + 1);
    }

    std::vector<double> zeros() {
        {
            std::lock_guard lock(mutex_);
            if (!free_.empty()) {
                std::vector<double> buffer = std::move(free_.back());
                free_.pop_back();
                std::fill(buffer.begin(), buffer.end(), 0.0);
                return buffer;
            }
        }
        return std::vector<double>(size_, 0.0);
    }

    void add(std::int64_t block, std::vector<double> sum) {
        std::size_t level = 0;
        std::int64_t node = block;
        while (level + 1 < waiting_.size()) {
            const std::int64_t sibling = node ^ 1;
            if (sibling < static_cast<std::int64_t>(waiting_[level].size())) {
                std::vector<double> other;
                {
                    std::lock_guard lock(mutex_);
                    if (waiting_[level][sibling].empty()) {
                        waiting_[level][node] = std::move(sum);
                        return;
                    }
                    other = std::move(waiting_[level][sibling]);
                    waiting_[level][sibling].clear();
                }
                // Addition of two numbers commutes, so left + right needs no order here.
                for (std::size_t i = 0; i < size_; ++i) sum[i] += other[i];
                std::lock_guard lock(mutex_);
                free_.push_back(std::move(other));
            }
            node >>= 1;
            ++level;
        }
        std::lock_guard lock(mutex_);
        total_ = std::move(sum);
    }

    std::vector<double> total() { return std::move(total_); }

  private:
    std::int64_t count_;
    std::size_t size_;
    std::mutex mutex_;
    std::vector<std::vector<std::vector<double>>> waiting_;  // [level][node]
    std::vector<std::vector<double>> free_;
    std::vector<double> total_;
};

}  // namespace mixtura
