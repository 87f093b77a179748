#include "raster.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace visema {
namespace {

// Slack on edges, in barycentric units: neighbouring triangles overlap by a hair instead of leaving a gap.
constexpr float kSlack = 1e-4f;
constexpr float kMinArea = 1e-6f;

// A quantity that is linear over a triangle: at + x * dx + y * dy, relative to one corner.
struct Plane {
    float at, dx, dy;
    float operator()(float x, float y) const { return at + x * dx + y * dy; }
};

struct Corners {
    float x0, y0, x1, y1, x2, y2, inverse_area;

    Plane plane(float v0, float v1, float v2) const {
        const float d1 = v1 - v0, d2 = v2 - v0;
        return {v0, (d1 * (y2 - y0) - d2 * (y1 - y0)) * inverse_area,
                (d2 * (x1 - x0) - d1 * (x2 - x0)) * inverse_area};
    }
};

// Shrinks [first, last] to the columns where value + column * slope >= -kSlack.
void clip_span(float value, float slope, int& first, int& last) {
    if (slope == 0.f) {
        if (value < -kSlack) last = first - 1;
        return;
    }
    const float root = (-kSlack - value) / slope;
    if (slope > 0.f) {
        if (root > static_cast<float>(first))
            first = root > static_cast<float>(last) + 1.f ? last + 1 : static_cast<int>(std::ceil(root));
    } else if (root < static_cast<float>(last)) {
        last = root < static_cast<float>(first) - 1.f ? first - 1 : static_cast<int>(std::floor(root));
    }
}

int clamp_to(float value, int low, int high) {
    return static_cast<int>(std::min(std::max(value, static_cast<float>(low)), static_cast<float>(high)));
}

void fill_triangle(const TriangleMesh& mesh, const std::int32_t* corner, const Box& box, const Map& map) {
    const float* p0 = mesh.vertices + 3 * corner[0];
    const float* p1 = mesh.vertices + 3 * corner[1];
    const float* p2 = mesh.vertices + 3 * corner[2];
    const float area = (p1[0] - p0[0]) * (p2[1] - p0[1]) - (p2[0] - p0[0]) * (p1[1] - p0[1]);
    if (!(std::fabs(area) > kMinArea)) return;
    const int left = clamp_to(std::ceil(std::min({p0[0], p1[0], p2[0]}) - 1e-3f), box.left, box.right);
    const int right = clamp_to(std::floor(std::max({p0[0], p1[0], p2[0]}) + 1e-3f), box.left - 1, box.right - 1);
    const int top = clamp_to(std::ceil(std::min({p0[1], p1[1], p2[1]}) - 1e-3f), box.top, box.bottom);
    const int bottom = clamp_to(std::floor(std::max({p0[1], p1[1], p2[1]}) + 1e-3f), box.top - 1, box.bottom - 1);
    if (left > right || top > bottom) return;

    const Corners corners{p0[0], p0[1], p1[0], p1[1], p2[0], p2[1], 1.f / area};
    const Plane weight1 = corners.plane(0.f, 1.f, 0.f), weight2 = corners.plane(0.f, 0.f, 1.f);
    const Plane far = corners.plane(p0[2], p1[2], p2[2]);
    const float* v0 = mesh.values + 3 * corner[0];
    const float* v1 = mesh.values + 3 * corner[1];
    const float* v2 = mesh.values + 3 * corner[2];
    const Plane way_x = corners.plane(v0[0], v1[0], v2[0]);
    const Plane way_y = corners.plane(v0[1], v1[1], v2[1]);
    const Plane shade = corners.plane(v0[2], v1[2], v2[2]);

    for (int y = top; y <= bottom; ++y) {
        const float dy = static_cast<float>(y) - p0[1];
        int first = 0, last = right - left;
        const float dx0 = static_cast<float>(left) - p0[0];
        const float w1 = weight1(dx0, dy), w2 = weight2(dx0, dy);
        clip_span(w1, weight1.dx, first, last);
        clip_span(w2, weight2.dx, first, last);
        clip_span(1.f - w1 - w2, -weight1.dx - weight2.dx, first, last);
        const std::size_t row = static_cast<std::size_t>(y - box.top) * box.width() + (left - box.left);
        for (int i = first; i <= last; ++i) {
            const float dx = dx0 + static_cast<float>(i);
            const float z = far(dx, dy);
            float& nearest = map.depth[row + i];
            if (z >= nearest) continue;
            nearest = z;
            map.x[row + i] = static_cast<float>(left + i) + way_x(dx, dy);
            map.y[row + i] = static_cast<float>(y) + way_y(dx, dy);
            map.shade[row + i] = shade(dx, dy);
        }
    }
}

void start_map(const Box& box, const Map& map) {
    const int width = box.width();
    const std::size_t pixels = static_cast<std::size_t>(width) * box.height();
    for (std::size_t i = 0; i < pixels; ++i) {
        map.x[i] = static_cast<float>(box.left + static_cast<int>(i % width));
        map.y[i] = static_cast<float>(box.top + static_cast<int>(i / width));
    }
    std::fill(map.shade, map.shade + pixels, 0.f);
    std::fill(map.depth, map.depth + pixels, std::numeric_limits<float>::infinity());
}

}  // namespace

void rasterise(const TriangleMesh& mesh, const Box& box, const Map& map) {
    start_map(box, map);
    for (std::size_t t = 0; t < mesh.triangle_count; ++t) fill_triangle(mesh, mesh.triangles + 3 * t, box, map);
}

}  // namespace visema
