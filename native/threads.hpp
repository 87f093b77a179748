// A few threads that wait for work: row bands of one picture at a time.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace visema {

// Runs a job once for every number from 0 to count - 1, on this thread and on waiting ones. Threads start with the
// first job that is shared out and end with the object. One job at a time; the owner must see to that.
class Team {
  public:
    explicit Team(int threads);
    ~Team();
    Team(const Team&) = delete;
    Team& operator=(const Team&) = delete;

    // The job is told its number and which thread of size() it runs on. It must not throw.
    using Job = std::function<void(int number, int thread)>;
    void run(int count, const Job& job);
    int size() const { return size_; }

  private:
    void start();
    void wait_for_work(int thread);
    void take_numbers(int thread);

    const int size_;
    std::vector<std::thread> threads_;
    std::mutex mutex_;
    std::condition_variable work_, done_;
    const Job* job_ = nullptr;
    int count_ = 0, next_ = 0, together_ = 1, busy_ = 0;
    unsigned round_ = 0;
    bool stop_ = false;
};

// How many threads are worth having on this machine, at most `limit`.
int useful_threads(int limit);

}  // namespace visema
