#include "threads.hpp"

#include <algorithm>
#include <system_error>

namespace visema {
namespace {

// Into so many shares for each thread a job is cut: fewer would leave some waiting for others, more would only take turns.
constexpr int kShares = 4;

}  // namespace

int useful_threads(int limit) {
    const int cores = static_cast<int>(std::thread::hardware_concurrency());
    return std::max(1, std::min(cores, limit));
}

Team::Team(int threads) : size_(std::max(threads, 1)) {}

Team::~Team() {
    {
        std::lock_guard<std::mutex> lock(mutex_);
        stop_ = true;
    }
    work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

void Team::start() {
    while (static_cast<int>(threads_.size()) < size_ - 1) {
        const int number = static_cast<int>(threads_.size()) + 1;
        try {
            threads_.emplace_back([this, number] { wait_for_work(number); });
        } catch (const std::system_error&) {
            return;  // the machine gives no more threads: those there are do the work
        }
    }
}

void Team::run(int count, const Job& job) {
    if (count <= 1 || size_ == 1) {
        for (int i = 0; i < count; ++i) job(i, 0);
        return;
    }
    start();
    {
        std::lock_guard<std::mutex> lock(mutex_);
        job_ = &job;
        count_ = count;
        next_ = 0;
        together_ = std::max(1, count / (kShares * size_));
        ++round_;
    }
    work_.notify_all();
    take_numbers(0);
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return busy_ == 0; });
    job_ = nullptr;
}

void Team::take_numbers(int thread) {
    std::unique_lock<std::mutex> lock(mutex_);
    ++busy_;
    while (job_ && next_ < count_) {
        const Job& job = *job_;
        const int first = next_, last = std::min(first + together_, count_);
        next_ = last;
        lock.unlock();
        for (int number = first; number < last; ++number) job(number, thread);
        lock.lock();
    }
    if (--busy_ == 0) done_.notify_all();
}

void Team::wait_for_work(int thread) {
    unsigned seen = 0;
    for (;;) {
        {
            std::unique_lock<std::mutex> lock(mutex_);
            work_.wait(lock, [&] { return stop_ || round_ != seen; });
            if (stop_) return;
            seen = round_;
        }
        take_numbers(thread);
    }
}

}  // namespace visema
