#include "include/ckernels_winograd.h"

#include <stdbool.h>

#include "product_tile.h"

enum { P = CK_PATCH, M = CK_PATCH_OUTPUTS };

/// Products summed in one go, so that the weights stay in the first-level cache while all tiles pass by.
enum { STRETCH = 192 };

static size_t panel_count(size_t channels) {
  return (channels + CK_TILE_COLUMNS - 1) / CK_TILE_COLUMNS;
}

size_t ck_winograd_weight_count(size_t output_channels, size_t channels) {
  return CK_PATCH_VALUES * panel_count(output_channels) * channels * CK_TILE_COLUMNS;
}

enum { LANES = CK_TILE_COLUMNS };

/// G g for three weights of a line, of all output channels of a panel; F(4, 3) of Lavin & Gray, §4.2. In
/// float64: the weights are transformed once, and their rounding is part of every result.
CK_INLINE void transform_weights(double (*g)[LANES], size_t step, double (*u)[LANES],
                                 size_t target_step) {
  for (size_t j = 0; j < LANES; j++) {
    const double g0 = g[0][j], g1 = g[step][j], g2 = g[2 * step][j];
    const double even = (g0 + g2) / 6, far = g0 / 24 + g2 / 6;
    u[0][j] = g0 / 4;
    u[target_step][j] = -even - g1 / 6;
    u[2 * target_step][j] = -even + g1 / 6;
    u[3 * target_step][j] = far + g1 / 12;
    u[4 * target_step][j] = far - g1 / 12;
    u[5 * target_step][j] = g2;
  }
}

CK_CLONES void ck_winograd_weights(const float *weights, size_t output_channels, size_t channels,
                                   size_t first_panel, size_t end_panel, float *panels) {
  const size_t all = panel_count(output_channels);
  for (size_t panel = first_panel; panel < end_panel; panel++) {
    const size_t first = panel * LANES;
    const size_t left = output_channels - first, lanes = left < LANES ? left : LANES;
    for (size_t channel = 0; channel < channels; channel++) {
      double g[9][LANES] = {0}, half[P * 3][LANES], u[P * P][LANES];
      for (size_t j = 0; j < lanes; j++) {
        const float *given = weights + ((first + j) * channels + channel) * 9;
        for (size_t k = 0; k < 9; k++) g[k][j] = given[k];
      }
      for (size_t k = 0; k < 3; k++) transform_weights(g + k, 3, half + k, 3);
      for (size_t k = 0; k < P; k++) transform_weights(half + 3 * k, 1, u + P * k, 1);
      for (size_t k = 0; k < P * P; k++) {
        float *target = panels + ((k * all + panel) * channels + channel) * LANES;
        for (size_t j = 0; j < LANES; j++) target[j] = (float)u[k][j];
      }
    }
  }
}

/// Where a patch's inputs are.
static void find_inputs(const ck_winograd *w, const int32_t *origin, const float **inputs) {
  for (int32_t i = 0; i < P; i++) {
    const int32_t row = origin[0] - w->padding_rows + i * w->rate_rows;
    for (int32_t j = 0; j < P; j++) {
      const int32_t column = origin[1] - w->padding_columns + j * w->rate_columns;
      const bool is_inside = row >= 0 && row < w->height && column >= 0 && column < w->width;
      const size_t pixel = (size_t)row * (size_t)w->width + (size_t)column;
      inputs[i * P + j] = is_inside ? w->input + pixel * w->channels : w->zeros;
    }
  }
}

/// Defines the transforms of patches for vectors of W floats.
#define CK_DEFINE_TRANSFORMS(suffix, vector, W)                                                        \
  /* Bᵀ d for six inputs of a line. */                                                                 \
  CK_INLINE void input_line_##suffix(const vector *d, const size_t step, vector *v) {                  \
    const vector d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step],        \
                 d5 = d[5 * step];                                                                     \
    const vector far = d4 - 4 * d2, odd = d3 - 4 * d1, near = d4 - d2, twice = 2 * (d3 - d1);          \
    v[0] = 4 * d0 - 5 * d2 + d4;                                                                       \
    v[1] = far + odd;                                                                                  \
    v[2] = far - odd;                                                                                  \
    v[3] = near + twice;                                                                               \
    v[4] = near - twice;                                                                               \
    v[5] = 4 * d1 - 5 * d3 + d5;                                                                       \
  }                                                                                                    \
  /* Aᵀ m for six sums of a line. */                                                                   \
  CK_INLINE void output_line_##suffix(const vector *m, const size_t step, vector *y) {                 \
    const vector a = m[step] + m[2 * step], b = m[step] - m[2 * step];                                 \
    const vector c = m[3 * step] + m[4 * step], d = m[3 * step] - m[4 * step];                         \
    y[0] = m[0] + a + c;                                                                               \
    y[1] = b + 2 * d;                                                                                  \
    y[2] = a + 4 * c;                                                                                  \
    y[3] = b + 8 * d + m[5 * step];                                                                    \
  }                                                                                                    \
  /* V = Bᵀ d B for one vector of channels of one patch; its values lie `step` floats apart. */        \
  CK_INLINE void transform_patch_##suffix(const float *const *inputs, size_t channel, float *target,   \
                                          size_t step) {                                               \
    vector half[P * P];                                                                                \
    _Pragma("unroll") for (int j = 0; j < P; j++) {                                                    \
      vector d[P];                                                                                     \
      _Pragma("unroll") for (int i = 0; i < P; i++)                                                    \
          d[i] = *(const vector *)(inputs[i * P + j] + channel);                                       \
      input_line_##suffix(d, 1, half + P * j);                                                         \
    }                                                                                                  \
    _Pragma("unroll") for (int i = 0; i < P; i++) {                                                    \
      vector v[P];                                                                                     \
      input_line_##suffix(half + i, P, v);                                                             \
      _Pragma("unroll") for (int j = 0; j < P; j++)                                                    \
          *(vector *)(target + (size_t)(i * P + j) * step) = v[j];                                     \
    }                                                                                                  \
  }                                                                                                    \
  /* Y = Aᵀ m A, the bias and the rest, for one vector of channels of one patch. */                    \
  CK_INLINE void finish_patch_##suffix(const ck_winograd *w, const int32_t *origin, const float *sums, \
                                       size_t step, size_t channel) {                                  \
    const ck_epilogue e = w->epilogue;                                                                 \
    const vector bias = e.bias == NULL ? (vector){0} : *(const vector *)(e.bias + channel);            \
    const vector lowest = (vector){0} + e.lowest, highest = (vector){0} + e.highest;                   \
    vector half[M * P];                                                                                \
    _Pragma("unroll") for (int j = 0; j < P; j++) {                                                    \
      vector m[P];                                                                                     \
      _Pragma("unroll") for (int i = 0; i < P; i++)                                                    \
          m[i] = *(const vector *)(sums + (size_t)(i * P + j) * step);                                 \
      output_line_##suffix(m, 1, half + M * j);                                                        \
    }                                                                                                  \
    _Pragma("unroll") for (int i = 0; i < M; i++) {                                                    \
      const int32_t row = origin[0] + i * w->rate_rows;                                                \
      if (row >= w->output_height) return;                                                             \
      vector y[M];                                                                                     \
      output_line_##suffix(half + i, M, y);                                                            \
      _Pragma("unroll") for (int j = 0; j < M; j++) {                                                  \
        const int32_t column = origin[1] + j * w->rate_columns;                                        \
        if (column >= w->output_width) break;                                                          \
        const size_t position = (size_t)row * (size_t)w->output_width + (size_t)column;                \
        vector value = y[j] + bias;                                                                    \
        if (e.residual != NULL)                                                                        \
          value += *(const vector *)(e.residual + position * e.residual_pitch + channel);              \
        value = __builtin_elementwise_min(__builtin_elementwise_max(value, lowest), highest);          \
        *(vector *)(w->output + position * w->output_channels + channel) = value;                      \
      }                                                                                                \
    }                                                                                                  \
  }

CK_DEFINE_TRANSFORMS(512, ck_v16, 16)
CK_DEFINE_TRANSFORMS(256, ck_v8, 8)

CK_INLINE void multiply_patches(const ck_winograd *w, size_t value, size_t rows,
                                const float *values, size_t first_panel, size_t panels,
                                float *sums, const bool is_wide) {
  const size_t all = panel_count(w->output_channels);
  const float *weights =
      w->weights + (value * all + first_panel) * w->channels * CK_TILE_COLUMNS;
  const size_t pieces = (w->channels + STRETCH - 1) / STRETCH;
  const size_t piece = (w->channels + pieces - 1) / pieces;
  for (size_t panel = 0; panel < panels; panel++) {
    for (size_t channel = 0; channel < w->channels; channel += piece) {
      const size_t rest = w->channels - channel;
      ck_tile t = {0};
      t.pitch = panels * CK_TILE_COLUMNS;
      t.continues = channel > 0;
      for (size_t row = 0; row < rows; row += CK_TILE_ROWS) {
        const float *pointers[CK_TILE_ROWS];
        for (size_t i = 0; i < CK_TILE_ROWS; i++) pointers[i] = values + (row + i) * w->channels;
        const ck_stretch s = {pointers, channel,
                              weights + (panel * w->channels + channel) * CK_TILE_COLUMNS,
                              rest < piece ? rest : piece};
        t.output = sums + row * t.pitch + panel * CK_TILE_COLUMNS;
        ck_add_products(&s, 1, &t, is_wide);
      }
    }
  }
}

CK_INLINE void transform_inputs(const ck_winograd *w, const int32_t *origins, size_t first,
                                size_t end, size_t rows, float *values, const bool is_wide) {
  for (size_t t = first; t < end; t++) {
    const float *inputs[P * P];
    find_inputs(w, origins + 2 * t, inputs);
    for (size_t channel = 0; channel < w->channels; channel += is_wide ? 16 : 8) {
      float *target = values + t * w->channels + channel;
      if (is_wide) {
        transform_patch_512(inputs, channel, target, rows * w->channels);
      } else {
        transform_patch_256(inputs, channel, target, rows * w->channels);
      }
    }
  }
}

CK_INLINE void transform_sums(const ck_winograd *w, const int32_t *origins, size_t first,
                              size_t end, size_t rows, const float *sums, size_t first_panel,
                              size_t panels, const bool is_wide) {
  const size_t pitch = panels * CK_TILE_COLUMNS, first_channel = first_panel * CK_TILE_COLUMNS;
  const size_t left = w->output_channels - first_channel;
  const size_t channels = left < pitch ? left : pitch;
  for (size_t t = first; t < end; t++) {
    for (size_t channel = 0; channel < channels; channel += is_wide ? 16 : 8) {
      const float *sum = sums + t * pitch + channel;
      if (is_wide) {
        finish_patch_512(w, origins + 2 * t, sum, rows * pitch, first_channel + channel);
      } else {
        finish_patch_256(w, origins + 2 * t, sum, rows * pitch, first_channel + channel);
      }
    }
  }
}

CK_DEFINE_BY_REGISTERS(ck_winograd_inputs,
                       (const ck_winograd *w, const int32_t *origins, size_t first, size_t end,
                        size_t rows, float *values),
                       (w, origins, first, end, rows, values), transform_inputs)

CK_DEFINE_BY_REGISTERS(ck_winograd_products,
                       (const ck_winograd *w, size_t value, size_t rows, const float *values,
                        size_t first_panel, size_t panels, float *sums),
                       (w, value, rows, values, first_panel, panels, sums), multiply_patches)

CK_DEFINE_BY_REGISTERS(ck_winograd_outputs,
                       (const ck_winograd *w, const int32_t *origins, size_t first, size_t end,
                        size_t rows, const float *sums, size_t first_panel, size_t panels),
                       (w, origins, first, end, rows, sums, first_panel, panels), transform_sums)
