#include "include/ckernels_winograd.h"

#include <stdbool.h>

#include "product_tile.h"

enum { SIDE = CK_PATCH, OUTPUTS = CK_PATCH_OUTPUTS };

static size_t panel_count(size_t channels) {
  return (channels + CK_TILE_COLUMNS - 1) / CK_TILE_COLUMNS;
}

size_t ck_winograd_weight_count(size_t output_channels, size_t channels) {
  return CK_PATCH_VALUES * panel_count(output_channels) * channels * CK_TILE_COLUMNS;
}


/// G g for three weights of a line, of all output channels of a panel; F(4, 3) of Lavin & Gray, §4.2.
/// In float64: the weights are transformed once, and their rounding is part of every result.
CK_INLINE void transform_weights(double (*g)[CK_TILE_COLUMNS], size_t step, double (*u)[CK_TILE_COLUMNS],
                                 size_t target_step) {
  for (size_t j = 0; j < CK_TILE_COLUMNS; j++) {
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
    const size_t first = panel * CK_TILE_COLUMNS;
    const size_t left = output_channels - first, lanes = left < CK_TILE_COLUMNS ? left : CK_TILE_COLUMNS;
    for (size_t channel = 0; channel < channels; channel++) {
      double g[9][CK_TILE_COLUMNS] = {0}, half[SIDE * 3][CK_TILE_COLUMNS], u[SIDE * SIDE][CK_TILE_COLUMNS];
      for (size_t j = 0; j < lanes; j++) {
        const float *given = weights + ((first + j) * channels + channel) * 9;
        for (size_t k = 0; k < 9; k++) g[k][j] = given[k];
      }
      for (size_t k = 0; k < 3; k++) transform_weights(g + k, 3, half + k, 3);
      for (size_t k = 0; k < SIDE; k++) transform_weights(half + 3 * k, 1, u + SIDE * k, 1);
      for (size_t k = 0; k < SIDE * SIDE; k++) {
        float *target = panels + ((k * all + panel) * channels + channel) * CK_TILE_COLUMNS;
        for (size_t j = 0; j < CK_TILE_COLUMNS; j++) target[j] = (float)u[k][j];
      }
    }
  }
}

/// Where a patch's inputs are.
static void find_inputs(const ck_winograd *w, const int32_t *origin, const float **inputs) {
  for (int32_t i = 0; i < SIDE; i++) {
    const int32_t row = origin[0] - w->padding_rows + i * w->rate_rows;
    for (int32_t j = 0; j < SIDE; j++) {
      const int32_t column = origin[1] - w->padding_columns + j * w->rate_columns;
      const bool is_inside = row >= 0 && row < w->height && column >= 0 && column < w->width;
      const size_t pixel = (size_t)row * (size_t)w->width + (size_t)column;
      inputs[i * SIDE + j] = is_inside ? w->input + pixel * w->channels : w->zeros;
    }
  }
}

#define CK_NAME(name) name##_512
#define VECTOR ck_v16
#include "winograd_transforms.h"
#undef CK_NAME
#undef VECTOR

#define CK_NAME(name) name##_256
#define VECTOR ck_v8
#include "winograd_transforms.h"
#undef CK_NAME
#undef VECTOR

CK_INLINE void multiply_patches(const ck_winograd *w, size_t value, size_t rows, const float *values,
                                size_t first_panel, size_t panels, float *sums, const bool is_wide) {
  const size_t all = panel_count(w->output_channels);
  const float *weights = w->weights + (value * all + first_panel) * w->channels * CK_TILE_COLUMNS;
  const size_t pieces = (w->channels + CK_STRETCH - 1) / CK_STRETCH;
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

CK_INLINE void transform_inputs(const ck_winograd *w, const int32_t *origins, size_t first, size_t end,
                                size_t rows, float *values, const bool is_wide) {
  for (size_t t = first; t < end; t++) {
    const float *inputs[SIDE * SIDE];
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

CK_INLINE void transform_sums(const ck_winograd *w, const int32_t *origins, size_t first, size_t end,
                              size_t rows, const float *sums, size_t first_panel, size_t panels,
                              const bool is_wide) {
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
