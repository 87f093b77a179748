// A person cut out of a photo, who moves in front of a background that does not.
#pragma once

#include <cstdint>
#include <vector>

#include "raster.hpp"

namespace visema {

// What a Cutout is made of; pictures of one size, rows packed. `inner`, `outer`: by tile of kTile pixels a side, how far
// (pixels) it lies from everything that is not all person, and from everything that is not all background.
struct Layers {
    const std::uint8_t* alpha;
    const std::uint8_t* behind;  // three bytes a pixel; null where there is nothing behind
    const std::uint8_t* still;   // three bytes a pixel: the whole while nothing moves
    const float* inner;
    const float* outer;
};

// Some columns of a row of tiles that are alike: all background, all person, or with some of the edge. What is bare is
// background as well, but may have been person in the photo.
struct Run {
    enum Kind { outside, edge, inside, bare };
    Kind kind;
    int left, right;
};

// Where some pixels' colours lie in the photo.
struct Sources {
    const float *x, *y;
    int count;
};

// Mixes one person with their background. Rows may be worked on by several threads at once.
class Cutout {
  public:
    static constexpr int kTile = kBandRows;

    Cutout(const Layers& layers, int width, int height);
    bool transparent() const { return behind_.empty(); }
    const std::uint8_t* still() const { return still_.data(); }

    // The columns of `rows` (within one row of tiles), from left to right, where nothing comes from further than `reach`.
    void find_runs(const Box& rows, float reach, std::vector<Run>& runs) const;
    // The same once it is known where every pixel of `rows` comes from.
    void refine_runs(const Box& rows, const Map& map, std::vector<Run>& runs, std::vector<Run>& refined) const;
    // Starts a frame that will be painted on inside `painted`.
    void start(const Box& painted);
    // Makes part of row y the whole while nothing moves, whatever is painted on it.
    void keep(int x, int y, int count, std::uint8_t* rgb);
    // Makes part of row y the person alone, who is at hand already.
    void cover(int x, int y, int count);
    // Makes part of row y the background alone.
    void bare(int x, int y, int count, std::uint8_t* rgb);
    // For the pixels of row y from column x on: the person's alpha, and 1 in `stays` where all is as while nothing moves.
    void measure(int x, int y, const Sources& from, std::uint8_t* alpha, std::uint8_t* stays) const;
    // Puts `count` pixels of row y, from column x on, over the background; `rgb`: the person's. Inside of what is painted
    // on, that is left for `finish`.
    void lay(int x, int y, int count, const std::uint8_t* alpha, const std::uint8_t* stays, std::uint8_t* rgb);
    // Puts what was left, painted on by now, over the background. `rgb`: the frame.
    void finish(std::uint8_t* rgb) const;
    // The frame with its alpha, four bytes a pixel.
    void finish(const std::uint8_t* rgb, std::uint8_t* rgba) const;

  private:
    static constexpr std::uint16_t kStays = 256;

    std::size_t index(int x, int y) const { return static_cast<std::size_t>(y) * width_ + x; }
    bool to_be_painted(int x, int y) const {
        return x >= painted_.left && x < painted_.right && y >= painted_.top && y < painted_.bottom;
    }
    void find_kinds();
    Run::Kind kind_of(const Box& tile, const float* x, const float* y, int stride) const;
    std::uint8_t share(int x, int y, int phase_x, int phase_y) const;
    void restore(std::size_t pixel, std::uint8_t* rgb) const;
    void mix(std::size_t pixel, unsigned alpha, std::uint8_t* rgb) const;

    const int width_, height_, tiles_across_;
    std::vector<std::uint8_t> alpha_, behind_, still_;
    std::vector<float> inner_, outer_;
    // By tile: the run that all readings of alpha from there on would make.
    std::vector<std::uint8_t> kinds_;
    Box painted_{};
    // Alpha of the frame, or kStays: of all of it where it is transparent, else of the pixels that `finish` is to mix.
    std::vector<std::uint16_t> left_;
};

}  // namespace visema
