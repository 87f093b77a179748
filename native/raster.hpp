// Triangles to a backward map: for every pixel of a box, where its colour lies in the source picture.
#pragma once

#include <cstddef>
#include <cstdint>

namespace visema {

// Pixels [left, right) x [top, bottom); pixel centres lie at whole numbers.
struct Box {
    int left, top, right, bottom;
    int width() const { return right - left; }
    int height() const { return bottom - top; }
};

// vertices: (x, y, depth) each; values: way to the source in x and in y, and shade; triangles: three vertex numbers each.
struct TriangleMesh {
    const float* vertices;
    const float* values;
    const std::int32_t* triangles;
    std::size_t triangle_count;
};

// One value per pixel of the box: where its colour lies in the source, its shade, and scratch for the depth test.
struct Map {
    float* x;
    float* y;
    float* shade;
    float* depth;
};

// Fills the map from the nearest triangle at each pixel. Where there is none, a pixel is its own source.
void rasterise(const TriangleMesh& mesh, const Box& box, const Map& map);

}  // namespace visema
