// The rims of glasses, laid over frames: what engines/facemesh/eyes_glasses.py does, but only where there are rims.
#pragma once

#include <vector>

#include "sheet.hpp"
#include "sample.hpp"

namespace visema {

class Rims {
  public:
    // A photo and, of the same size, how far it shows rims.
    Rims(Sheet<3> photo, Sheet<1> cover);
    // Lays the rims over a frame; `place`: px of the photo to px of the frame. May run on several threads at once.
    void paint(const Pixels& frame, const Affine& place) const;

  private:
    static constexpr int kTile = 16, kBlock = 8;
    bool near_rim(float x, float y) const;

    Sheet<3> photo_;
    Sheet<1> cover_;
    int across_, down_;
    std::vector<char> near_;  // by tile of the sheet, of 16 px: whether it or one beside it shows a rim
};

}  // namespace visema
