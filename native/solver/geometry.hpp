// From what the Audio2Face-3D networks give to where a face's points are; SDK: animator.cpp, animator_cuda.cu.
#pragma once

#include <cstddef>

namespace visema {

// out (frames, size) = coefficients (frames, count) · shapes (count, size), added shape after shape.
template <class Value>
void mix_shapes(const Value* coefficients, const Value* shapes, int frames, int count, std::size_t size, Value* out, int threads);

// How the skin follows the network: out = neutral + upper·upper_shares + lower·lower_shares, where upper and lower are
// d = strength·moves + offset, smoothed twice each. Per-frame arrays and `neutral`, `offset` are (vertices, 3), shares (vertices,).
template <class Value>
struct Skin {
    const Value *neutral, *offset, *lower_shares, *upper_shares;
    std::size_t vertices;
    Value strength, lower_alpha, upper_alpha;
};

// `state` (4, vertices, 3): both stages of lower, then of upper; taken from the first frame if `fresh`.
template <class Value>
void move_skin(const Skin<Value>& skin, const Value* moves, int frames, Value* state, bool fresh, Value* out, int threads);

// How much a vertex belongs to the lower face: 1 / (1 + exp(-(level - height) / softness)), height from 0 to 1.
template <class Value>
void lower_face(const Value* neutral, std::size_t vertices, double level, double softness, Value* out);

// The rotation and shift (4, 4), rows first, that best carry `from` to `to`, (count, 3) each.
void rigid_transform(const double* from, const double* to, int count, double* out);

// Degrees of the right eye's x, y, z and the left one's: offset + strength·found + saccade.
template <class Value>
void eye_angles(const Value* found, const Value* saccades, const Value* offsets, Value strength, Value saccade_strength, int frames,
                Value* out);

}  // namespace visema
