// A small pool of threads that sleep between jobs. No OpenMP: its runtime hangs in forked children.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#if defined(_WIN32)
#include <process.h>
#else
#include <unistd.h>
#endif

namespace mixtura {

inline long process_id() {
#if defined(_WIN32)
    return _getpid();
#else
    return static_cast<long>(getpid());
#endif
}

class Pool {
  public:
    Pool() = default;
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    ~Pool() {
        {
            std::lock_guard lock(mutex_);
            stop_ = true;
        }
        wake_.notify_all();
        for (auto& thread : threads_) thread.join();
    }

    // Runs job(0) here and job(1) … job(n - 1) on other threads; `idle` is called here while those go on, until
    // all have ended. If another thread has the pool, or threads cannot be had, the job runs here alone: jobs
    // share work through a counter, so fewer threads do the same.
    template <class Idle>
    void run(int n, const std::function<void(int)>& job, Idle idle) {
        // One thread needs no pool, and may stand inside of a job that has it.
        if (n <= 1) {
            job(0);
            return;
        }
        std::unique_lock owner(owner_, std::try_to_lock);
        if (!owner.owns_lock()) {
            job(0);
            return;
        }
        const int helpers = grow(n - 1);
        {
            std::lock_guard lock(mutex_);
            job_ = &job;
            wanted_ = helpers;
            running_ = helpers;
            ++generation_;
        }
        wake_.notify_all();
        job(0);
        std::unique_lock lock(mutex_);
        while (!done_.wait_for(lock, std::chrono::milliseconds(20), [this] { return running_ == 0; })) {
            lock.unlock();
            idle();
            lock.lock();
        }
        job_ = nullptr;
    }

    // The pool of this process. A forked child has none of its parent's threads: it forgets the parent's pool,
    // whose locks may be in any state, and makes its own.
    static Pool& instance() {
        // No lock: a child may be forked while another thread of its parent holds it. Pools that are in use are never
        // destroyed: threads asleep at exit end with the process.
        static std::atomic<Pool*> current{nullptr};
        const long process = process_id();
        Pool* found = current.load(std::memory_order_acquire);
        while (!found || found->process_ != process) {
            auto own = std::make_unique<Pool>();
            if (current.compare_exchange_strong(found, own.get(), std::memory_order_acq_rel)) found = own.release();
        }
        return *found;
    }

  private:
    // Has at least n threads if the system gives them; says how many there are, at most n.
    int grow(int n) {
        while (static_cast<int>(threads_.size()) < n) {
            try {
                const int index = static_cast<int>(threads_.size());
                threads_.emplace_back([this, index] { work(index); });
            } catch (const std::system_error&) {  // no more threads
                break;
            } catch (const std::bad_alloc&) {  // no memory for one: the job may still do without
                break;
            }
        }
        const int have = static_cast<int>(threads_.size());
        return have < n ? have : n;
    }

    void work(int index) {
        std::uint64_t seen = 0;
        std::unique_lock lock(mutex_);
        for (;;) {
            wake_.wait(lock, [&] { return stop_ || (generation_ != seen && index < wanted_ && job_ != nullptr); });
            if (stop_) return;
            seen = generation_;
            const auto* job = job_;
            lock.unlock();
            (*job)(index + 1);
            lock.lock();
            if (--running_ == 0) done_.notify_one();
        }
    }

    const long process_ = process_id();
    std::mutex owner_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable done_;
    std::vector<std::thread> threads_;
    const std::function<void(int)>* job_ = nullptr;
    std::uint64_t generation_ = 0;
    int wanted_ = 0;
    int running_ = 0;
    bool stop_ = false;
};

}  // namespace mixtura
