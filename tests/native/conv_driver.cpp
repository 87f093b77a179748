// Runs convolutions of random sizes and layouts, each array with not a float too many, against plain sums; prints the
// largest difference that was found, in parts of the largest value.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "conv/convolution.hpp"

namespace {

using namespace visema::conv;
using Numbers = std::mt19937;

int whole(Numbers& any, int low, int high) { return std::uniform_int_distribution<int>(low, high)(any); }

std::vector<float> noise(Numbers& any, std::size_t count) {
    std::normal_distribution<float> normal;
    std::vector<float> values(count);
    for (float& value : values) value = normal(any);
    return values;
}

// Pictures whose rows and pixels lie apart by chance, and that end with their last channel.
struct Pictures {
    int batch, height, width, channels;
    std::ptrdiff_t pixel, row, picture;
    std::vector<float> values;

    Pictures(Numbers& any, int b, int h, int w, int c)
        : batch(b), height(h), width(w), channels(c), pixel(c + whole(any, 0, 3)), row(w * pixel + whole(any, 0, 5)), picture(h * row + whole(any, 0, 2)) {
        values = noise(any, static_cast<std::size_t>((b - 1) * picture + (h - 1) * row + (w - 1) * pixel + c));
    }

    float& at(int b, int y, int x, int c) { return values[static_cast<std::size_t>(b * picture + y * row + x * pixel + c)]; }
    Source source() const { return {{values.data(), row, pixel}, picture, channels}; }
};

double plain(Pictures* inputs, const std::vector<float>& weights, Kind kind, const int (&at)[4], int outputs) {
    const int all = inputs[0].channels + inputs[1].channels;
    double sum = 0;
    for (int y = 0; y < 3; ++y)
        for (int x = 0; x < 3; ++x) {
            int down = at[1] + y - 1, across = at[2] + x - 1;
            if (kind == Kind::doubling) {
                if ((at[1] + 1 - y) % 2 || (at[2] + 1 - x) % 2) continue;
                down = (at[1] + 1 - y) / 2, across = (at[2] + 1 - x) / 2;
            }
            if (down < 0 || across < 0 || down >= inputs[0].height || across >= inputs[0].width) continue;
            for (int c = 0; c < all; ++c) {
                const int first = inputs[0].channels;
                const float value = c < first ? inputs[0].at(at[0], down, across, c) : inputs[1].at(at[0], down, across, c - first);
                const int pair = kind == Kind::doubling ? c * outputs + at[3] : at[3] * all + c;
                sum += static_cast<double>(value) * weights[static_cast<std::size_t>(pair * 9 + y * 3 + x)];
            }
        }
    return sum;
}

double difference(Numbers& any, bool portable) {
    const Kind kind = whole(any, 0, 1) ? Kind::same : Kind::doubling;
    const int batch = whole(any, 1, 3), height = whole(any, 1, 15), width = whole(any, 1, 15), outputs = whole(any, 1, 70);
    Pictures inputs[2] = {{any, batch, height, width, whole(any, 1, 40)}, {any, batch, height, width, whole(any, 1, 20)}};
    const bool both = whole(any, 0, 1);
    if (!both) inputs[1].channels = 0;
    const int all = inputs[0].channels + inputs[1].channels;
    const auto weights = noise(any, static_cast<std::size_t>(9 * outputs * all)), bias = noise(any, static_cast<std::size_t>(outputs));
    const bool doubling = kind == Kind::doubling;
    const Convolution convolution(kind, {weights.data(), doubling ? 9 : 9 * all, doubling ? 9 * outputs : 9, outputs, all}, bias.data(), portable);
    const int scale = convolution.scale();
    Pictures out(any, batch, scale * height, scale * width, outputs), plus(any, batch, scale * height, scale * width, outputs);
    const bool added = whole(any, 0, 1), relu = whole(any, 0, 1);
    const bool spoilt = whole(any, 0, 5) == 0;
    if (spoilt) inputs[0].values[0] = whole(any, 0, 1) ? std::numeric_limits<float>::quiet_NaN() : 3e38f;
    Workers workers(whole(any, 1, 3));
    convolution.run(workers, {batch, height, width, {inputs[0].source(), both ? inputs[1].source() : Source{}}, added ? plus.source() : Source{},
                              {out.values.data(), out.row, out.pixel}, out.picture, relu});
    if (spoilt) return 0;
    double worst = 0, largest = 1;
    for (int b = 0; b < batch; ++b)
        for (int y = 0; y < out.height; ++y)
            for (int x = 0; x < out.width; ++x)
                for (int k = 0; k < outputs; ++k) {
                    double wanted = plain(inputs, weights, kind, {b, y, x, k}, outputs) + bias[static_cast<std::size_t>(k)];
                    if (added) wanted += plus.at(b, y, x, k);
                    if (relu && wanted < 0) wanted = 0;
                    worst = std::max(worst, std::fabs(wanted - out.at(b, y, x, k)));
                    largest = std::max(largest, std::fabs(wanted));
                }
    return worst / largest;
}

}  // namespace

int main(int, char** arguments) {
    Numbers any(11);
    double worst = 0;
    for (int round = 0; round < std::atoi(arguments[1]); ++round) {
        const double found = difference(any, round % 2);
        worst = found <= worst ? worst : found;
    }
    std::printf("%g\n", worst);
}
