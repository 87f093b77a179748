// Sums of products over one tile, the same to the last bit on every processor.
#pragma once

namespace visema {

// sums (faces, poses) += deltas (poses, kTile) · rests (faces, kTile).
void add_products(const float* deltas, int poses, const double* rests, int faces, double* sums);
void add_products(const double* deltas, int poses, const double* rests, int faces, double* sums);

}  // namespace visema
