// 3x3 convolutions of float32 pictures, channels last, with fewer multiplications.
#pragma once

#include <mutex>
#include <vector>

#include "../threads.hpp"
#include "form.hpp"

namespace visema::conv {

// Threads and their working memory, for one convolution at a time.
class Workers {
  public:
    explicit Workers(int threads) : team_(threads), spaces_(team_.size()) {}

    int size() const { return team_.size(); }
    std::mutex& mutex() { return mutex_; }
    Team& team() { return team_; }
    // At least `floats` of memory for each thread, where lines of the cache begin. May throw.
    void provide(std::size_t floats);
    float* space(int thread);

  private:
    Team team_;
    std::vector<std::vector<float>> spaces_;
    std::mutex mutex_;
};

// Pictures of some channels; `picture` is the step from one to the next, in floats. No channels: nothing.
struct Source {
    ConstPixels pixels{};
    std::ptrdiff_t picture = 0;
    int channels = 0;
};

// One run: the channels of two inputs follow each other.
struct Call {
    int batch, height, width;  // of the inputs
    Source inputs[2];
    Source plus;  // added to the result, of its size; or nothing
    Pixels out;
    std::ptrdiff_t out_picture;
    bool relu;
};

enum class Kind { same, doubling };

// Same: stride 1 and one pixel of zeros all around. Doubling: transposed, stride 2, the middle weight on even pixels
// (padding 1 and output padding 1). Safe for several threads with workers of their own, and otherwise too: they take turns.
class Convolution {
  public:
    // weights (outputs, inputs, 3, 3); steps from one output and one input to the next, in floats.
    struct Weights {
        const float* at;
        std::ptrdiff_t output, input;
        int outputs, inputs;
    };

    // bias: one for each output. `portable` leaves out what is made for this processor. May throw bad_alloc.
    Convolution(Kind kind, const Weights& weights, const float* bias, bool portable = false);

    int inputs() const { return inputs_; }
    int outputs() const { return outputs_; }
    // How many times as high and wide the result is.
    int scale() const { return kind_ == Kind::doubling ? 2 : 1; }
    // May throw bad_alloc.
    void run(Workers& workers, const Call& call) const;

  private:
    struct Product {
        int plane, weights;  // which of the tile's numbers is multiplied, and by which weights
    };
    struct Block;

    void pack(const Weights& weights);
    void order();
    void spread(const Call& call, const Block& block) const;
    void spread_tile(const Call& call, int number, float* scratch, float* out, std::ptrdiff_t plane) const;
    void copy_tile(const Call& call, int picture, int top, int left, float* scratch) const;
    void multiply(const Block& block, int group) const;
    void finish(const Call& call, const Block& block, int group) const;
    std::size_t panels_before(int group, int weights, int panel) const;
    int panels_of(int group) const;
    bool inside(const Call& call, int y, int x) const;

    const Kind kind_;
    const Form& form_;
    const int inputs_, outputs_;
    std::vector<float> packed_, bias_;
    std::vector<Product> products_;
    int distinct_ = 0;
};

}  // namespace visema::conv
