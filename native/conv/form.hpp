// What the forms of fast convolution have in common, and a convolution as the kernels see it.
#pragma once

#include <cstddef>

namespace visema::conv {

constexpr int kLanes = 8;           // floats that are worked on at once
constexpr int kRows = 6;            // tiles and ...
constexpr int kPanel = 2 * kLanes;  // ... channels whose sums stay in registers
constexpr int kPanels = 2;          // panels between two ways back

// Pixels of channels that lie side by side; rows and pixels may lie apart. Steps are in floats.
struct Pixels {
    float* at;
    std::ptrdiff_t row, pixel;

    float* operator()(int y, int x) const { return at + y * row + x * pixel; }
};

struct ConstPixels {
    const float* at;
    std::ptrdiff_t row, pixel;

    const float* operator()(int y, int x) const { return at + y * row + x * pixel; }
};

// A part of the result: where it goes, what is added to it first (or null), and how much of the tile there is.
struct Patch {
    Pixels out;
    ConstPixels plus;
    const float* bias;
    int height, width, channels;
    bool relu;
};

// One form for one kind of processor. Numbers are those along one dimension: a tile has inputs^2 pixels, of which the
// first tile's begin `margin` outside the picture and each other's `step` after the last; it gives outputs^2 pixels, and
// takes products^2 products for a pair of channels.
struct Form {
    int inputs, margin, step, outputs, products;

    // Tiles' pixels to the form of products: `count` groups of kLanes channels.
    void (*there)(ConstPixels tile, int count, float* out, std::ptrdiff_t plane);
    // Products to pixels, for kPanels * kPanel channels at most.
    void (*back)(const float* products, std::ptrdiff_t plane, const Patch& patch);
    // out (kRows, kPanel) = tiles (kRows, depth) times weights (depth, kPanel).
    void (*multiply)(const float* tiles, std::ptrdiff_t step, const float* weights, int depth, float* out, std::ptrdiff_t out_step);
};

// For this processor; `portable` for any.
const Form& same_form(bool portable);
const Form& doubling_form(bool portable);

// Whether there is code for this very processor.
bool has_own_code();

}  // namespace visema::conv
