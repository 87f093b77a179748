// Triangles to a backward map: for every pixel of a box, where its colour lies in the source picture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace visema {

// Pixels [left, right) x [top, bottom); pixel centres lie at whole numbers.
struct Box {
    int left, top, right, bottom;
    int width() const { return right - left; }
    int height() const { return bottom - top; }
    bool empty() const { return right <= left || bottom <= top; }
};

// vertices: (x, y, depth) each; values: way to the source in x and in y, and shade; triangles: three vertex numbers each.
struct TriangleMesh {
    const float* vertices;
    const float* values;
    const std::int32_t* triangles;
    std::size_t vertex_count, triangle_count;
};

// One value per pixel of some whole rows of a box: where its colour lies in the source, its shade, and scratch for the
// depth test.
struct Map {
    float* x;
    float* y;
    float* shade;
    float* depth;
};

// A quantity that is linear over a triangle: at + x * dx + y * dy, relative to one corner.
struct Plane {
    float at, dx, dy;
    float operator()(float x, float y) const { return at + x * dx + y * dy; }
};

// How fast the distance from an edge grows from column to column.
struct Edge {
    float slope, inverse_slope;
};

// A triangle made ready: the pixels it may touch (ends included), and what is linear over it, from its first corner.
struct SetTriangle {
    int left, right, top, bottom;
    float x0, y0;
    Edge edge0, edge1, edge2;
    Plane weight1, weight2, far, way_x, way_y, shade;
};

// Rows are worked on in bands of this many, so that a band's map stays in the processor's cache.
constexpr int kBandRows = 8;

// The triangles of a mesh, ready to be filled in band by band. Keeps its memory from frame to frame.
class Raster {
  public:
    void set(const TriangleMesh& mesh, const Box& box);
    const Box& box() const { return box_; }
    int bands() const { return (box_.height() + kBandRows - 1) / kBandRows; }
    // The rows of one band.
    Box band(int number) const;
    // Fills the map of `rows`, all or some columns of one band, from the nearest triangle at each pixel. Where there is
    // none, a pixel is its own source. May run on several threads at once.
    void fill(int number, const Box& rows, const Map& map) const;

  private:
    void add(const TriangleMesh& mesh, const std::int32_t* corner);
    void sort_into_bands();
    void fill(const SetTriangle& triangle, const Box& rows, const Map& map) const;

    Box box_{};
    std::vector<SetTriangle> triangles_;
    std::vector<std::uint32_t> first_, order_;
};

// The part of a picture of width x height that triangles with a moving corner can touch; empty if nothing moves.
Box moving_box(const TriangleMesh& mesh, int width, int height);

}  // namespace visema
