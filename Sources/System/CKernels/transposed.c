#include <stdint.h>

#include "clones.h"
#include "include/ckernels_layers.h"
#include "row_vectors.h"

/// Columns that share the weights while these are in registers.
enum { COLUMNS = 6 };

/// The input position that tap number `tap` of output position `index` reads, or −1 where none is.
CK_INLINE int64_t source(size_t index, size_t tap, size_t stride, size_t padding, size_t rate,
                         size_t length) {
  const int64_t moved = (int64_t)(index + padding) - (int64_t)(tap * rate);
  if (moved < 0 || moved % (int64_t)stride != 0) return -1;
  const int64_t position = moved / (int64_t)stride;
  return position < (int64_t)length ? position : -1;
}

/// Adds one tap's products: `inputs` values of each of COLUMNS positions with the tap's weights.
CK_INLINE void add_products(const float *const values[COLUMNS], const float *weights,
                            size_t inputs, ck_v16 sums[COLUMNS]) {
  ck_v16 s[COLUMNS];
  for (int p = 0; p < COLUMNS; p++) s[p] = sums[p];
  for (size_t i = 0; i < inputs; i++) {
    const ck_v16 weight = *(const ck_v16 *)(weights + i * CK_TRANSPOSED_PANEL);
#pragma unroll
    for (int p = 0; p < COLUMNS; p++) s[p] += values[p][i] * weight;
  }
  for (int p = 0; p < COLUMNS; p++) sums[p] = s[p];
}

/// A panel of outputs at `count` columns, `column_stride` apart, which see the same taps.
CK_INLINE void add_block(const float *input, const ck_transposed *layer, const float *weights,
                         const float *zeros, size_t row, size_t column, size_t count,
                         size_t first_input, ck_v16 sums[COLUMNS]) {
  const ck_window window = layer->window;
  const size_t inputs = layer->input.channels / layer->groups;
  for (size_t i = 0; i < window.rows; i++) {
    const int64_t y = source(row, i, window.row_stride, window.row_padding, layer->row_rate,
                             layer->input.height);
    if (y < 0) continue;
    for (size_t j = 0; j < window.columns; j++) {
      const float *values[COLUMNS];
      bool any = false;
      for (size_t p = 0; p < COLUMNS; p++) {
        const int64_t x = p < count ? source(column + p * window.column_stride, j,
                                             window.column_stride, window.column_padding,
                                             layer->column_rate, layer->input.width)
                                    : -1;
        const size_t position = (size_t)y * layer->input.width + (size_t)(x < 0 ? 0 : x);
        values[p] = x < 0 ? zeros : input + position * layer->input.channels + first_input;
        any |= x >= 0;
      }
      if (!any) continue;
      add_products(values, weights + (i * window.columns + j) * inputs * CK_TRANSPOSED_PANEL,
                   inputs, sums);
    }
  }
}

CK_INLINE void transposed_row(const float *input, const ck_transposed *layer, const float *weights,
                              const float *bias, const float *zeros, size_t row, size_t columns,
                              float *output) {
  const size_t stride = layer->window.column_stride;
  const size_t inputs = layer->input.channels / layer->groups;
  const size_t outputs = layer->outputs / layer->groups;
  const size_t panels = (outputs + CK_TRANSPOSED_PANEL - 1) / CK_TRANSPOSED_PANEL;
  const size_t panel_size =
      layer->window.rows * layer->window.columns * inputs * CK_TRANSPOSED_PANEL;
  for (size_t panel = 0; panel < layer->groups * panels; panel++) {
    const size_t group = panel / panels, lane = panel % panels * CK_TRANSPOSED_PANEL;
    const size_t channel = group * outputs + lane;
    const size_t lanes =
        outputs - lane < CK_TRANSPOSED_PANEL ? outputs - lane : CK_TRANSPOSED_PANEL;
    for (size_t phase = 0; phase < stride; phase++) {
      for (size_t column = phase; column < columns; column += COLUMNS * stride) {
        const size_t left = (columns - column + stride - 1) / stride;
        const size_t count = left < COLUMNS ? left : COLUMNS;
        ck_v16 sums[COLUMNS] = {0};
        add_block(input, layer, weights + panel * panel_size, zeros, row, column, count,
                  group * inputs, sums);
        for (size_t p = 0; p < count; p++) {
          float *to = output + (column + p * stride) * layer->outputs + channel;
          for (size_t l = 0; l < lanes; l++) to[l] = sums[p][l] + (bias ? bias[channel + l] : 0.0f);
        }
      }
    }
  }
}

CK_DEFINE_WIDE(ck_transposed_row,
               (const float *input, const ck_transposed *layer, const float *weights,
                const float *bias, const float *zeros, size_t row, size_t columns, float *output),
               (input, layer, weights, bias, zeros, row, columns, output), transposed_row)
