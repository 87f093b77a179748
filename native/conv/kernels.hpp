// The inner loops, once for every kind of processor: no guard, VISEMA_TARGET and VISEMA_KERNELS say for which.
namespace visema::conv::VISEMA_KERNELS {

VISEMA_TARGET inline Lanes load(const float* at) {
    Lanes lanes;
    std::memcpy(&lanes, at, sizeof lanes);
    return lanes;
}

VISEMA_TARGET inline void store(float* at, const Lanes& lanes) { std::memcpy(at, &lanes, sizeof lanes); }

VISEMA_TARGET inline void multiply(const float* tiles, std::ptrdiff_t step, const float* weights, int depth, float* out, std::ptrdiff_t out_step) {
    Lanes sums[kRows][2] = {};
    for (int k = 0; k < depth; ++k) {
        const Lanes left = load(weights + k * kPanel), right = load(weights + k * kPanel + kLanes);
        VISEMA_UNROLL(6)
        for (int row = 0; row < kRows; ++row) {
            const Lanes value = all(tiles[row * step + k]);
            sums[row][0] = fused(value, left, sums[row][0]);
            sums[row][1] = fused(value, right, sums[row][1]);
        }
    }
    VISEMA_UNROLL(6)
    for (int row = 0; row < kRows; ++row) {
        store(out + row * out_step, sums[row][0]);
        store(out + row * out_step + kLanes, sums[row][1]);
    }
}

// 3x3 with margins of zeros, 4x4 results at once: Winograd's F(4x4, 3x3), on the points 0, 1, -1, 2, -2.
struct Same {
    static constexpr int kInputs = 6, kMargin = 1, kStep = 4, kOutputs = 4, kProducts = 6;

    VISEMA_TARGET static inline void there(const Lanes* x, int step, Lanes* out) {
        const Lanes a = x[4 * step] - all(4.f) * x[2 * step], b = x[3 * step] - all(4.f) * x[step];
        const Lanes c = x[4 * step] - x[2 * step], d = all(2.f) * (x[3 * step] - x[step]);
        out[0] = all(4.f) * x[0] - all(5.f) * x[2 * step] + x[4 * step];
        out[1] = a + b;
        out[2] = a - b;
        out[3] = c + d;
        out[4] = c - d;
        out[5] = all(4.f) * x[step] - all(5.f) * x[3 * step] + x[5 * step];
    }

    VISEMA_TARGET static inline void back(const Lanes* m, int step, Lanes* out) {
        const Lanes a = m[step] + m[2 * step], b = m[step] - m[2 * step];
        const Lanes c = m[3 * step] + m[4 * step], d = m[3 * step] - m[4 * step];
        out[0] = m[0] + a + c;
        out[1] = b + all(2.f) * d;
        out[2] = a + all(4.f) * c;
        out[3] = b + all(8.f) * d + m[5 * step];
    }
};

// Transposed 3x3 that doubles each side, 6x6 results from 4x4 pixels. Along one dimension, even results are a pixel
// times the middle weight; odd ones are a convolution of two weights, F(3, 2) on the points 0, 1, -1.
struct Doubling {
    static constexpr int kInputs = 4, kMargin = 0, kStep = 3, kOutputs = 6, kProducts = 7;

    VISEMA_TARGET static inline void there(const Lanes* x, int step, Lanes* out) {
        out[0] = x[0];
        out[1] = x[step];
        out[2] = x[2 * step];
        out[3] = x[0] - x[2 * step];
        out[4] = x[step] + x[2 * step];
        out[5] = x[2 * step] - x[step];
        out[6] = x[3 * step] - x[step];
    }

    VISEMA_TARGET static inline void back(const Lanes* m, int step, Lanes* out) {
        const Lanes sum = m[4 * step] + m[5 * step];
        out[0] = m[0];
        out[1] = m[3 * step] + sum;
        out[2] = m[step];
        out[3] = m[4 * step] - m[5 * step];
        out[4] = m[2 * step];
        out[5] = sum + m[6 * step];
    }
};

template <class Kind>
VISEMA_TARGET void there(ConstPixels tile, int count, float* out, std::ptrdiff_t plane) {
    for (int group = 0; group < count; ++group, tile.at += kLanes, out += kLanes) {
        Lanes across[Kind::kInputs * Kind::kProducts];
        for (int y = 0; y < Kind::kInputs; ++y) {
            Lanes row[Kind::kInputs];
            for (int x = 0; x < Kind::kInputs; ++x) row[x] = load(tile(y, x));
            Kind::there(row, 1, across + y * Kind::kProducts);
        }
        for (int x = 0; x < Kind::kProducts; ++x) {
            Lanes column[Kind::kProducts];
            Kind::there(across + x, Kind::kProducts, column);
            for (int y = 0; y < Kind::kProducts; ++y) store(out + (y * Kind::kProducts + x) * plane, column[y]);
        }
    }
}

VISEMA_TARGET inline Lanes load_some(const float* at, int count) {
    float some[kLanes] = {};
    std::memcpy(some, at, count * sizeof(float));
    return load(some);
}

VISEMA_TARGET inline void store_some(float* at, const Lanes& lanes, int count) {
    float some[kLanes];
    store(some, lanes);
    std::memcpy(at, some, count * sizeof(float));
}

// One group of channels of a patch, from `first` on.
template <int kOutputs>
VISEMA_TARGET inline void finish(const Lanes (&made)[kOutputs * kOutputs], const Patch& patch, int first) {
    const int count = patch.channels - first;
    const Lanes bias = load(patch.bias + first), none = all(0.f);
    for (int y = 0; y < patch.height; ++y)
        for (int x = 0; x < patch.width; ++x) {
            Lanes value = made[y * kOutputs + x] + bias;
            if (patch.plus.at) {
                const float* plus = patch.plus(y, x) + first;
                value += count < kLanes ? load_some(plus, count) : load(plus);
            }
            if (patch.relu) value = larger(none, value);
            float* out = patch.out(y, x) + first;
            count < kLanes ? store_some(out, value, count) : store(out, value);
        }
}

template <class Kind>
VISEMA_TARGET void back(const float* products, std::ptrdiff_t plane, const Patch& patch) {
    constexpr int kAlong = Kind::kProducts, kOutputs = Kind::kOutputs;
    for (int first = 0; first < patch.channels; first += kLanes) {
        Lanes down[kAlong * kOutputs], made[kOutputs * kOutputs];
        for (int x = 0; x < kAlong; ++x) {
            Lanes column[kAlong], short_column[kOutputs];
            for (int y = 0; y < kAlong; ++y) column[y] = load(products + first + (y * kAlong + x) * plane);
            Kind::back(column, 1, short_column);
            for (int y = 0; y < kOutputs; ++y) down[y * kAlong + x] = short_column[y];
        }
        for (int y = 0; y < kOutputs; ++y) Kind::back(down + y * kAlong, 1, made + y * kOutputs);
        finish<kOutputs>(made, patch, first);
    }
}

template <class Kind>
constexpr Form form() {
    return {Kind::kInputs, Kind::kMargin, Kind::kStep, Kind::kOutputs, Kind::kProducts, &there<Kind>, &back<Kind>, &multiply};
}

}  // namespace visema::conv::VISEMA_KERNELS
