// A photo bent by a mesh: rasterising, sampling and shading in one go, a few rows at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "raster.hpp"
#include "sample.hpp"
#include "threads.hpp"

namespace visema {

// A sharper version of (a part of) a photo: its pixel (i, j) lies at ((i, j) + origin) / finer in the photo.
struct Detail {
    std::unique_ptr<Picture> picture;
    float finer = 1.f, left = 0.f, top = 0.f;
};

// Bends one photo, frame after frame, without taking memory once it is warm. Not for two threads at a time.
class Warper {
  public:
    Warper(const std::uint8_t* photo, int width, int height, Detail detail, int threads);
    int width() const { return width_; }
    int height() const { return height_; }
    // Writes a frame of the photo's size; rows packed. Pixels outside the moving triangles are the photo's own.
    Box warp(const TriangleMesh& mesh, std::uint8_t* frame);

  private:
    // What one thread needs for a band of rows.
    struct Bench {
        std::vector<float> planes;
        std::vector<std::uint8_t> colours;
    };
    void fill(int band, Bench& bench, std::uint8_t* frame) const;
    void to_detail(float* x, float* y, std::size_t count) const;
    void copy_still(const Box& box, std::uint8_t* frame) const;

    const int width_, height_;
    std::vector<std::uint8_t> photo_;
    Detail detail_;
    Raster raster_;
    Team team_;
    std::vector<Bench> benches_;
};

}  // namespace visema
