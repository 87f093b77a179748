#include "raster.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "simd.hpp"

namespace visema {
namespace {

// Slack on edges, in barycentric units: neighbouring triangles overlap by a hair instead of leaving a gap.
constexpr float kSlack = 1e-4f;
constexpr float kMinArea = 1e-6f;

struct Corners {
    float x0, y0, x1, y1, x2, y2, inverse_area;

    Plane plane(float v0, float v1, float v2) const {
        const float d1 = v1 - v0, d2 = v2 - v0;
        return {v0, (d1 * (y2 - y0) - d2 * (y1 - y0)) * inverse_area,
                (d2 * (x1 - x0) - d1 * (x2 - x0)) * inverse_area};
    }
};

// Shrinks [first, last] to the columns where value + column * slope >= -kSlack.
void clip_span(float value, const Edge& edge, int& first, int& last) {
    if (edge.slope == 0.f) {
        if (value < -kSlack) last = first - 1;
        return;
    }
    const float root = (-kSlack - value) * edge.inverse_slope;
    if (edge.slope > 0.f) {
        if (root > static_cast<float>(first)) {
            const int whole = static_cast<int>(std::min(root, static_cast<float>(last) + 1.f));
            first = whole + (root > static_cast<float>(whole));
        }
    } else if (root < static_cast<float>(last)) {
        const int whole = static_cast<int>(std::max(root, static_cast<float>(first) - 1.f));
        last = whole - (root < static_cast<float>(whole));
    }
}

int clamp_to(float value, int low, int high) {
    return static_cast<int>(std::min(std::max(value, static_cast<float>(low)), static_cast<float>(high)));
}

Edge edge(float slope) { return {slope, slope == 0.f ? 0.f : 1.f / slope}; }

void start_map(const Box& rows, const Map& map) {
    const int width = rows.width();
    float *x = map.x, *y = map.y;
    for (int row = rows.top; row < rows.bottom; ++row, x += width, y += width)
        for (int i = 0; i < width; ++i) {
            x[i] = static_cast<float>(rows.left + i);
            y[i] = static_cast<float>(row);
        }
    const std::size_t pixels = static_cast<std::size_t>(width) * rows.height();
    std::fill(map.shade, map.shade + pixels, 0.f);
    std::fill(map.depth, map.depth + pixels, std::numeric_limits<float>::infinity());
}

// Columns first to last (ends included) of one row, counted from `left`, which lies `offset` columns into the map; dx0
// and dy: from the triangle's first corner.
struct Span {
    int first, last, offset;
    float left, y, dx0, dy;
};

VISEMA_INLINE void draw(const Span& span, const SetTriangle& t, const Map& map) {
    float *VISEMA_APART depth = map.depth, *VISEMA_APART to_x = map.x, *VISEMA_APART to_y = map.y,
                       *VISEMA_APART to_shade = map.shade;
    const Plane far = t.far, way_x = t.way_x, way_y = t.way_y, shade = t.shade;
    const float left = span.left, y = span.y, dx0 = span.dx0, dy = span.dy;
    const int offset = span.offset;
    for (int i = span.first; i <= span.last; ++i) {
        const int at = i + offset;
        const float column = static_cast<float>(i), dx = dx0 + column;
        const float z = far(dx, dy), was = depth[at], was_x = to_x[at], was_y = to_y[at], was_shade = to_shade[at];
        // Chosen, not jumped over: so the compiler can do several pixels at once.
        const bool nearer = z < was;
        depth[at] = nearer ? z : was;
        to_x[at] = nearer ? left + column + way_x(dx, dy) : was_x;
        to_y[at] = nearer ? y + way_y(dx, dy) : was_y;
        to_shade[at] = nearer ? shade(dx, dy) : was_shade;
    }
}

VISEMA_FASTEST(draw_span, draw, (const Span& span, const SetTriangle& t, const Map& map), (span, t, map))

bool moves(const float* value) { return value[0] != 0.f || value[1] != 0.f || value[2] != 0.f; }

}  // namespace

Box Raster::band(int number) const {
    const int top = box_.top + number * kBandRows;
    return {box_.left, top, box_.right, std::min(top + kBandRows, box_.bottom)};
}

void Raster::set(const TriangleMesh& mesh, const Box& box) {
    box_ = box;
    triangles_.clear();
    if (!box_.empty())
        for (std::size_t t = 0; t < mesh.triangle_count; ++t) add(mesh, mesh.triangles + 3 * t);
    sort_into_bands();
}

void Raster::add(const TriangleMesh& mesh, const std::int32_t* corner) {
    const float* p0 = mesh.vertices + 3 * corner[0];
    const float* p1 = mesh.vertices + 3 * corner[1];
    const float* p2 = mesh.vertices + 3 * corner[2];
    const float area = (p1[0] - p0[0]) * (p2[1] - p0[1]) - (p2[0] - p0[0]) * (p1[1] - p0[1]);
    if (!(std::fabs(area) > kMinArea) || !std::isfinite(area)) return;
    SetTriangle t;
    t.left = clamp_to(std::ceil(std::min({p0[0], p1[0], p2[0]}) - 1e-3f), box_.left, box_.right);
    t.right = clamp_to(std::floor(std::max({p0[0], p1[0], p2[0]}) + 1e-3f), box_.left - 1, box_.right - 1);
    t.top = clamp_to(std::ceil(std::min({p0[1], p1[1], p2[1]}) - 1e-3f), box_.top, box_.bottom);
    t.bottom = clamp_to(std::floor(std::max({p0[1], p1[1], p2[1]}) + 1e-3f), box_.top - 1, box_.bottom - 1);
    if (t.left > t.right || t.top > t.bottom) return;

    const Corners corners{p0[0], p0[1], p1[0], p1[1], p2[0], p2[1], 1.f / area};
    const float* v0 = mesh.values + 3 * corner[0];
    const float* v1 = mesh.values + 3 * corner[1];
    const float* v2 = mesh.values + 3 * corner[2];
    t.x0 = p0[0];
    t.y0 = p0[1];
    t.weight1 = corners.plane(0.f, 1.f, 0.f);
    t.weight2 = corners.plane(0.f, 0.f, 1.f);
    t.edge1 = edge(t.weight1.dx);
    t.edge2 = edge(t.weight2.dx);
    t.edge0 = edge(-t.weight1.dx - t.weight2.dx);
    t.far = corners.plane(p0[2], p1[2], p2[2]);
    t.way_x = corners.plane(v0[0], v1[0], v2[0]);
    t.way_y = corners.plane(v0[1], v1[1], v2[1]);
    t.shade = corners.plane(v0[2], v1[2], v2[2]);
    triangles_.push_back(t);
}

void Raster::sort_into_bands() {
    const auto band_of = [this](int row) { return static_cast<std::size_t>((row - box_.top) / kBandRows); };
    first_.assign(static_cast<std::size_t>(bands()) + 1, 0);
    for (const SetTriangle& t : triangles_)
        for (std::size_t band = band_of(t.top); band <= band_of(t.bottom); ++band) ++first_[band + 1];
    for (std::size_t band = 1; band < first_.size(); ++band) first_[band] += first_[band - 1];
    order_.resize(first_.back());
    // Each band's place moves on as it fills; afterwards every place is where the next band began.
    for (std::size_t i = 0; i < triangles_.size(); ++i)
        for (std::size_t band = band_of(triangles_[i].top); band <= band_of(triangles_[i].bottom); ++band)
            order_[first_[band]++] = static_cast<std::uint32_t>(i);
    for (std::size_t band = first_.size() - 1; band > 0; --band) first_[band] = first_[band - 1];
    first_[0] = 0;
}

void Raster::fill(int number, const Box& rows, const Map& map) const {
    start_map(rows, map);
    const auto index = static_cast<std::size_t>(number);
    for (std::uint32_t i = first_[index]; i < first_[index + 1]; ++i) fill(triangles_[order_[i]], rows, map);
}

void Raster::fill(const SetTriangle& t, const Box& rows, const Map& map) const {
    const float dx0 = static_cast<float>(t.left) - t.x0;
    const int start = std::max(0, rows.left - t.left), end = std::min(t.right, rows.right - 1) - t.left;
    if (start > end) return;
    for (int y = std::max(t.top, rows.top); y <= std::min(t.bottom, rows.bottom - 1); ++y) {
        const float dy = static_cast<float>(y) - t.y0;
        int first = start, last = end;
        const float w1 = t.weight1(dx0, dy), w2 = t.weight2(dx0, dy);
        clip_span(w1, t.edge1, first, last);
        clip_span(w2, t.edge2, first, last);
        clip_span(1.f - w1 - w2, t.edge0, first, last);
        const std::size_t row = static_cast<std::size_t>(y - rows.top) * rows.width();
        const Map part{map.x + row, map.y + row, map.shade + row, map.depth + row};
        const Span span{first, last, t.left - rows.left, static_cast<float>(t.left), static_cast<float>(y), dx0, dy};
        draw_span(span, t, part);
    }
}

Box moving_box(const TriangleMesh& mesh, int width, int height) {
    float low[2] = {1e9f, 1e9f}, high[2] = {-1e9f, -1e9f};
    for (std::size_t t = 0; t < mesh.triangle_count; ++t) {
        const std::int32_t* corner = mesh.triangles + 3 * t;
        if (!moves(mesh.values + 3 * corner[0]) && !moves(mesh.values + 3 * corner[1]) &&
            !moves(mesh.values + 3 * corner[2]))
            continue;
        for (int i = 0; i < 3; ++i)
            for (int axis = 0; axis < 2; ++axis) {
                const float at = mesh.vertices[3 * corner[i] + axis];
                low[axis] = std::min(low[axis], at);
                high[axis] = std::max(high[axis], at);
            }
    }
    if (low[0] > high[0]) return {0, 0, 0, 0};
    const int left = clamp_to(std::floor(low[0]), 0, width), top = clamp_to(std::floor(low[1]), 0, height);
    return {left, top, std::max(left, clamp_to(std::ceil(high[0]) + 1.f, 0, width)),
            std::max(top, clamp_to(std::ceil(high[1]) + 1.f, 0, height))};
}

}  // namespace visema
