#include "geometry.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "../simd.hpp"
#include "../threads.hpp"

namespace visema {
namespace {

// Values that are worked on together: a few kilobytes.
constexpr std::size_t kChunk = 1536;

int chunks(std::size_t size) { return static_cast<int>((size + kChunk - 1) / kChunk); }

template <class Value>
void add_shape(const Value* shape, Value share, int count, Value* VISEMA_APART out) {
    for (int i = 0; i < count; ++i) out[i] += share * shape[i];
}

// Two one-pole filters, one after the other.
template <class Value>
inline Value smoothed(Value d, Value alpha, Value& first, Value& second) {
    first += (d - first) * alpha;
    second += (first - second) * alpha;
    return second;
}

template <class Value>
struct Stages {
    Value *lower[2], *upper[2];
};

template <class Value>
Stages<Value> stages_at(Value* state, std::size_t size, std::size_t start) {
    return {{state + start, state + size + start}, {state + 2 * size + start, state + 3 * size + start}};
}

template <class Value>
void begin(const Skin<Value>& skin, const Value* moves, std::size_t start, std::size_t count, const Stages<Value>& stages) {
    for (std::size_t i = 0; i < count; ++i) {
        const Value d = skin.strength * moves[start + i] + skin.offset[start + i];
        stages.lower[0][i] = stages.lower[1][i] = stages.upper[0][i] = stages.upper[1][i] = d;
    }
}

template <class Value>
void move_part(const Skin<Value>& skin, const Value* moves, std::size_t start, std::size_t count, const Stages<Value>& stages, Value* out) {
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = start + i, vertex = at / 3;
        const Value d = skin.strength * moves[at] + skin.offset[at];
        const Value lower = smoothed(d, skin.lower_alpha, stages.lower[0][i], stages.lower[1][i]);
        const Value upper = smoothed(d, skin.upper_alpha, stages.upper[0][i], stages.upper[1][i]);
        out[at] = skin.neutral[at] + upper * skin.upper_shares[vertex] + lower * skin.lower_shares[vertex];
    }
}

struct Centre {
    double at[3] = {0, 0, 0};
};

Centre centre_of(const double* points, int count) {
    Centre centre;
    for (int i = 0; i < 3 * count; ++i) centre.at[i % 3] += points[i] / count;
    return centre;
}

// Turns the plane of rows p and q of a symmetric matrix until entry (p, q) is nothing; `axes` turn along.
void turn_plane(double (&m)[4][4], double (&axes)[4][4], int p, int q) {
    if (m[p][q] == 0) return;
    const double theta = (m[q][q] - m[p][p]) / (2 * m[p][q]);
    const double t = std::copysign(1 / (std::abs(theta) + std::hypot(theta, 1.0)), theta), c = 1 / std::hypot(t, 1.0), s = t * c;
    for (int k = 0; k < 4; ++k) {
        const double one = m[k][p], other = m[k][q];
        m[k][p] = c * one - s * other, m[k][q] = s * one + c * other;
    }
    for (int k = 0; k < 4; ++k) {
        const double one = m[p][k], other = m[q][k], axis = axes[k][p];
        m[p][k] = c * one - s * other, m[q][k] = s * one + c * other;
        axes[k][p] = c * axis - s * axes[k][q], axes[k][q] = s * axis + c * axes[k][q];
    }
}

// The quaternion of the best rotation is the longest axis of a matrix of the covariances (Horn 1987).
int longest_axis(double (&m)[4][4], double (&axes)[4][4]) {
    constexpr int kSweeps = 12;
    for (int sweep = 0; sweep < kSweeps; ++sweep)
        for (int p = 0; p < 3; ++p)
            for (int q = p + 1; q < 4; ++q) turn_plane(m, axes, p, q);
    int longest = 0;
    for (int k = 1; k < 4; ++k)
        if (m[k][k] > m[longest][longest]) longest = k;
    return longest;
}

void rotate_by(double w, double x, double y, double z, double* out) {
    const double rows[3][3] = {{1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
                               {2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)},
                               {2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)}};
    for (int row = 0; row < 3; ++row) std::copy(rows[row], rows[row] + 3, out + 4 * row);
}

}  // namespace

template <class Value>
void mix_shapes(const Value* coefficients, const Value* shapes, int frames, int count, std::size_t size, Value* out, int threads) {
    Team team(std::min(threads, chunks(size)));
    team.run(chunks(size), [&](int number, int) {
        const std::size_t start = static_cast<std::size_t>(number) * kChunk;
        const int here = static_cast<int>(std::min(kChunk, size - start));
        for (int frame = 0; frame < frames; ++frame) {
            Value* to = out + frame * size + start;
            std::fill(to, to + here, Value(0));
            for (int shape = 0; shape < count; ++shape)
                add_shape(shapes + shape * size + start, coefficients[static_cast<std::size_t>(frame) * count + shape], here, to);
        }
    });
}

template <class Value>
void move_skin(const Skin<Value>& skin, const Value* moves, int frames, Value* state, bool fresh, Value* out, int threads) {
    const std::size_t size = 3 * skin.vertices;
    Team team(std::min(threads, chunks(size)));
    team.run(frames ? chunks(size) : 0, [&](int number, int) {
        const std::size_t start = static_cast<std::size_t>(number) * kChunk, here = std::min(kChunk, size - start);
        const Stages<Value> stages = stages_at(state, size, start);
        if (fresh) begin(skin, moves, start, here, stages);
        for (int frame = 0; frame < frames; ++frame) move_part(skin, moves + frame * size, start, here, stages, out + frame * size);
    });
}

template <class Value>
void lower_face(const Value* neutral, std::size_t vertices, double level, double softness, Value* out) {
    if (vertices == 0) return;
    Value low = neutral[1], high = neutral[1];
    for (std::size_t i = 0; i < vertices; ++i) low = std::min(low, neutral[3 * i + 1]), high = std::max(high, neutral[3 * i + 1]);
    const Value range = high > low ? high - low : Value(1);
    for (std::size_t i = 0; i < vertices; ++i) {
        const Value height = (neutral[3 * i + 1] - low) / range;
        out[i] = 1 / (1 + std::exp(-(static_cast<Value>(level) - height) / static_cast<Value>(softness)));
    }
}

void rigid_transform(const double* from, const double* to, int count, double* out) {
    const Centre a = centre_of(from, count), b = centre_of(to, count);
    double h[3][3] = {}, axes[4][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}};
    for (int i = 0; i < count; ++i)
        for (int row = 0; row < 3; ++row)
            for (int column = 0; column < 3; ++column)
                h[row][column] += (from[3 * i + row] - a.at[row]) * (to[3 * i + column] - b.at[column]);
    const double x = h[1][2] - h[2][1], y = h[2][0] - h[0][2], z = h[0][1] - h[1][0];
    const double xy = h[0][1] + h[1][0], zx = h[2][0] + h[0][2], yz = h[1][2] + h[2][1];
    double m[4][4] = {{h[0][0] + h[1][1] + h[2][2], x, y, z},
                      {x, h[0][0] - h[1][1] - h[2][2], xy, zx},
                      {y, xy, h[1][1] - h[0][0] - h[2][2], yz},
                      {z, zx, yz, h[2][2] - h[0][0] - h[1][1]}};
    const int k = longest_axis(m, axes);
    rotate_by(axes[0][k], axes[1][k], axes[2][k], axes[3][k], out);
    for (int row = 0; row < 3; ++row)
        out[4 * row + 3] = b.at[row] - (out[4 * row] * a.at[0] + out[4 * row + 1] * a.at[1] + out[4 * row + 2] * a.at[2]);
    const double last[4] = {0, 0, 0, 1};
    std::copy(last, last + 4, out + 12);
}

template <class Value>
void eye_angles(const Value* found, const Value* saccades, const Value* offsets, Value strength, Value saccade_strength, int frames,
                Value* out) {
    for (int frame = 0; frame < frames; ++frame, found += 4, saccades += 2, out += 6)
        for (int eye = 0; eye < 2; ++eye) {
            for (int axis = 0; axis < 2; ++axis) {
                const int at = 2 * eye + axis;
                out[3 * eye + axis] = offsets[at] + strength * found[at] + saccade_strength * saccades[axis];
            }
            out[3 * eye + 2] = 0;
        }
}

#define FOR(Value)                                                                                                                \
    template void mix_shapes(const Value*, const Value*, int, int, std::size_t, Value*, int);                                      \
    template void move_skin(const Skin<Value>&, const Value*, int, Value*, bool, Value*, int);                                     \
    template void lower_face(const Value*, std::size_t, double, double, Value*);                                                   \
    template void eye_angles(const Value*, const Value*, const Value*, Value, Value, int, Value*);
FOR(float)
FOR(double)
#undef FOR

}  // namespace visema
