#include "convolution.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace visema::conv {
namespace {

constexpr int kLine = 16;  // floats of a line of the cache
constexpr int kGroup = kPanels * kPanel;
constexpr int kTogether = 48;  // tiles: more leave the cache, fewer fetch the weights more often
constexpr int kMiddle[] = {0, 0, 0, 1, 2, 3, 4};  // which weights the products of a doubling take, along one dimension

int rounded_up(int value, int to) { return (value + to - 1) / to * to; }
int divided_up(int value, int by) { return (value + by - 1) / by; }

int tiles_along(const Form& form, int side) { return divided_up(side, form.step); }

int tiles_together(int tiles, int threads) {
    return std::max(1, std::min(kTogether, divided_up(tiles, threads)));
}

// Which of a call's pictures a tile lies in, and where among its tiles.
struct Place {
    int picture, down, across;

    Place(const Form& form, const Call& call, int number) {
        const int rows = tiles_along(form, call.height), columns = tiles_along(form, call.width);
        picture = number / (rows * columns);
        down = number % (rows * columns) / columns;
        across = number % columns;
    }
};

ConstPixels moved(const Source& source, int picture, int y, int x, int channel = 0) {
    return {source.pixels(y, x) + picture * source.picture + channel, source.pixels.row, source.pixels.pixel};
}

// What the rows of a form make of three weights.
using Row = double[3];
constexpr Row kSameRows[] = {{1. / 4, 0, 0},           {-1. / 6, -1. / 6, -1. / 6}, {-1. / 6, 1. / 6, -1. / 6},
                             {1. / 24, 1. / 12, 1. / 6}, {1. / 24, -1. / 12, 1. / 6}, {0, 0, 1}};
constexpr Row kDoublingRows[] = {{0, 1, 0}, {0, 0, 1}, {.5, 0, .5}, {-.5, 0, .5}, {1, 0, 0}};

double mixed(const float* weights, const Row& down, const Row& across) {
    double sum = 0;
    for (int y = 0; y < 3; ++y)
        for (int x = 0; x < 3; ++x) sum += down[y] * across[x] * weights[3 * y + x];
    return sum;
}

}  // namespace

void Workers::provide(std::size_t floats) {
    for (std::vector<float>& space : spaces_)
        if (space.size() < floats + kLine) space.assign(floats + kLine, 0.f);
}

float* Workers::space(int thread) {
    const auto at = reinterpret_cast<std::uintptr_t>(spaces_[thread].data());
    return spaces_[thread].data() + (64 - at % 64) % 64 / sizeof(float);
}

// Tiles that are worked on together, and where their numbers lie in a thread's memory: steps are in floats.
struct Convolution::Block {
    int first, count, rows;                  // rows: tiles, and empty ones up to whole kRows
    std::ptrdiff_t depth;                    // from one tile to the next
    std::ptrdiff_t plane, made_plane;        // from one of a tile's numbers to the next
    std::ptrdiff_t scratch_size, tiles_size, made_size;
    float *scratch = nullptr, *tiles = nullptr, *made = nullptr;

    Block(const Form& form, int inputs, int first_tile, int tiles_count)
        : first(first_tile), count(tiles_count), rows(rounded_up(tiles_count, kRows)), depth(rounded_up(inputs, kLanes)) {
        const std::ptrdiff_t products = form.products * form.products;
        // A line more, lest all planes fall onto the same few lines of the cache.
        plane = rounded_up(static_cast<int>(rows * depth), kLine) + kLine;
        made_plane = rows * kGroup + kLine;
        scratch_size = rounded_up(static_cast<int>(form.inputs * form.inputs * depth), kLine);
        tiles_size = products * plane;
        made_size = products * made_plane;
    }

    std::size_t size() const { return static_cast<std::size_t>(scratch_size + tiles_size + made_size); }

    void lie_at(float* space) {
        scratch = space;
        tiles = scratch + scratch_size;
        made = tiles + tiles_size;
    }
};

Convolution::Convolution(Kind kind, const Weights& weights, const float* bias, bool portable)
    : kind_(kind),
      form_(kind == Kind::same ? same_form(portable) : doubling_form(portable)),
      inputs_(weights.inputs),
      outputs_(weights.outputs),
      bias_(rounded_up(weights.outputs, kGroup)) {
    std::copy_n(bias, outputs_, bias_.begin());
    order();
    pack(weights);
}

void Convolution::order() {
    const int along = form_.products, own = kind_ == Kind::same ? along : 5;
    for (int y = 0; y < along; ++y)
        for (int x = 0; x < along; ++x) {
            const int weights = kind_ == Kind::same ? y * along + x : kMiddle[y] * own + kMiddle[x];
            products_.push_back({y * along + x, weights});
        }
    std::stable_sort(products_.begin(), products_.end(), [](const Product& a, const Product& b) { return a.weights < b.weights; });
    distinct_ = own * own;
}

std::size_t Convolution::panels_before(int group, int weights, int panel) const {
    const int before = group * kPanels * distinct_ + weights * panels_of(group) + panel;
    return static_cast<std::size_t>(before) * inputs_ * kPanel;
}

int Convolution::panels_of(int group) const { return std::min(divided_up(outputs_, kPanel) - group * kPanels, kPanels); }

void Convolution::pack(const Weights& weights) {
    const Row* rows = kind_ == Kind::same ? kSameRows : kDoublingRows;
    const int own = kind_ == Kind::same ? form_.products : 5;
    packed_.assign(static_cast<std::size_t>(divided_up(outputs_, kPanel)) * distinct_ * inputs_ * kPanel, 0.f);
    for (int output = 0; output < outputs_; ++output) {
        const int group = output / kGroup, panel = output % kGroup / kPanel, lane = output % kPanel;
        for (int each = 0; each < distinct_; ++each) {
            float* out = packed_.data() + panels_before(group, each, panel) + lane;
            for (int input = 0; input < inputs_; ++input, out += kPanel)
                *out = static_cast<float>(mixed(weights.at + output * weights.output + input * weights.input, rows[each / own], rows[each % own]));
        }
    }
}

void Convolution::run(Workers& workers, const Call& call) const {
    const int tiles = call.batch * tiles_along(form_, call.height) * tiles_along(form_, call.width);
    std::lock_guard<std::mutex> lock(workers.mutex());
    const int together = tiles_together(tiles, workers.size());
    workers.provide(Block(form_, inputs_, 0, together).size());
    workers.team().run(divided_up(tiles, together), [&](int number, int thread) {
        Block block(form_, inputs_, number * together, std::min(together, tiles - number * together));
        block.lie_at(workers.space(thread));
        spread(call, block);
        for (int group = 0; group * kGroup < outputs_; ++group) {
            multiply(block, group);
            finish(call, block, group);
        }
    });
}

void Convolution::spread(const Call& call, const Block& block) const {
    for (int i = 0; i < block.count; ++i) spread_tile(call, block.first + i, block.scratch, block.tiles + i * block.depth, block.plane);
    const std::size_t empty = static_cast<std::size_t>((block.rows - block.count) * block.depth);
    for (int plane = 0; empty && plane < form_.products * form_.products; ++plane)
        std::memset(block.tiles + plane * block.plane + block.count * block.depth, 0, empty * sizeof(float));
}

bool Convolution::inside(const Call& call, int y, int x) const {
    return y >= 0 && x >= 0 && y + form_.inputs <= call.height && x + form_.inputs <= call.width;
}

void Convolution::spread_tile(const Call& call, int number, float* scratch, float* out, std::ptrdiff_t plane) const {
    const Place place(form_, call, number);
    const int top = place.down * form_.step - form_.margin, left = place.across * form_.step - form_.margin;
    const bool whole = call.inputs[0].channels % kLanes == 0 && call.inputs[1].channels % kLanes == 0;
    if (!whole || !inside(call, top, left)) {
        const int depth = rounded_up(inputs_, kLanes);
        copy_tile(call, place.picture, top, left, scratch);
        form_.there({scratch, static_cast<std::ptrdiff_t>(form_.inputs) * depth, depth}, depth / kLanes, out, plane);
        return;
    }
    for (const Source& input : call.inputs) {
        if (input.channels) form_.there(moved(input, place.picture, top, left), input.channels / kLanes, out, plane);
        out += input.channels;
    }
}

void Convolution::copy_tile(const Call& call, int picture, int top, int left, float* scratch) const {
    const std::ptrdiff_t depth = rounded_up(inputs_, kLanes);
    std::memset(scratch, 0, sizeof(float) * static_cast<std::size_t>(form_.inputs * form_.inputs * depth));
    for (int y = std::max(top, 0); y < std::min(top + form_.inputs, call.height); ++y)
        for (int x = std::max(left, 0); x < std::min(left + form_.inputs, call.width); ++x) {
            float* to = scratch + ((y - top) * form_.inputs + x - left) * depth;
            for (const Source& input : call.inputs) {
                if (input.channels) std::memcpy(to, moved(input, picture, y, x).at, input.channels * sizeof(float));
                to += input.channels;
            }
        }
}

void Convolution::multiply(const Block& block, int group) const {
    for (const Product& product : products_) {
        const float* tiles = block.tiles + product.plane * block.plane;
        float* made = block.made + product.plane * block.made_plane;
        for (int panel = 0; panel < panels_of(group); ++panel) {
            const float* weights = packed_.data() + panels_before(group, product.weights, panel);
            for (int row = 0; row < block.rows; row += kRows)
                form_.multiply(tiles + row * block.depth, block.depth, weights, inputs_, made + row * kGroup + panel * kPanel, kGroup);
        }
    }
}

void Convolution::finish(const Call& call, const Block& block, int group) const {
    const int first = group * kGroup;
    for (int i = 0; i < block.count; ++i) {
        const Place place(form_, call, block.first + i);
        const int top = place.down * form_.outputs, left = place.across * form_.outputs;
        Patch patch{};
        patch.out = {call.out(top, left) + place.picture * call.out_picture + first, call.out.row, call.out.pixel};
        if (call.plus.channels) patch.plus = moved(call.plus, place.picture, top, left, first);
        patch.bias = bias_.data() + first;
        patch.height = std::min(form_.outputs, scale() * call.height - top);
        patch.width = std::min(form_.outputs, scale() * call.width - left);
        patch.channels = std::min(kGroup, outputs_ - first);
        patch.relu = call.relu;
        form_.back(block.made + i * kGroup, block.made_plane, patch);
    }
}

}  // namespace visema::conv
