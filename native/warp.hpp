// A photo bent by a mesh: rasterising, sampling and shading in one go, a few rows at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cutout.hpp"
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
    // `cutout`, or null: the photo's person over a background. `painted`: so many vertices, the first ones, outline what
    // is painted on before the person is put over the background; it gets `Cutout::finish` for that.
    Warper(const std::uint8_t* photo, int width, int height, Detail detail, int threads,
           std::unique_ptr<Cutout> cutout = nullptr, std::size_t painted = 0);
    int width() const { return width_; }
    int height() const { return height_; }
    const Cutout* cutout() const { return cutout_.get(); }
    // Writes a frame of the photo's size; rows packed. Pixels outside the moving triangles are the photo's own.
    Box warp(const TriangleMesh& mesh, std::uint8_t* frame);

  private:
    // What one thread needs for a band of rows.
    struct Bench {
        std::vector<float> planes;
        std::vector<std::uint8_t> colours, alpha, stays;
        std::vector<Run> runs, refined;
    };
    Box start(const TriangleMesh& mesh);
    void fill(int band, Bench& bench, std::uint8_t* frame) const;
    void fill_over(int band, Bench& bench, std::uint8_t* frame) const;
    Map fill_map(int band, const Box& rows, Bench& bench) const;
    void draw(const Map& map, std::size_t first, int count, std::uint8_t* colours, std::uint8_t* rgb) const;
    void draw_inside(const Run& run, int y, const Map& map, std::size_t first, Bench& bench, std::uint8_t* rgb) const;
    void draw_edge(const Run& run, int y, const Map& map, std::size_t first, Bench& bench, std::uint8_t* rgb) const;
    void to_detail(float* x, float* y, std::size_t count) const;
    const std::uint8_t* still(int x, int y) const;
    void copy_still(const Box& box, std::uint8_t* frame) const;

    const int width_, height_;
    std::vector<std::uint8_t> photo_;
    Detail detail_;
    std::unique_ptr<Cutout> cutout_;
    const std::size_t painted_;
    float reach_ = 0.f;
    Raster raster_;
    Team team_;
    std::vector<Bench> benches_;
};

}  // namespace visema
