#include <math.h>
#include <string.h>

#include "pooling_windows.h"

/// W channels of one window's maximum, or of where it stands.
CK_INLINE void pool_lanes(const float *input, ck_map map, ck_span rows, ck_span columns,
                          float *output, const bool positions, const int W) {
  float best[16], where[16];
  for (int w = 0; w < W; w++) {
    best[w] = -INFINITY;
    where[w] = (float)(rows.first * map.width + columns.first);
  }
  for (size_t y = rows.first; y < rows.end; y++) {
    for (size_t x = columns.first; x < columns.end; x++) {
      const float *values = input + (y * map.width + x) * map.channels;
      const float position = (float)(y * map.width + x);
      for (int w = 0; w < W; w++) {
        if (positions) where[w] = values[w] > best[w] ? position : where[w];
        best[w] = values[w] > best[w] ? values[w] : best[w];
      }
    }
  }
  for (int w = 0; w < W; w++) output[w] = positions ? where[w] : best[w];
}

CK_INLINE void pool_row(const float *input, ck_map map, ck_window window, size_t row,
                        size_t columns, float *output, const bool positions) {
  const ck_span rows =
      within(row, window.rows, window.row_stride, window.row_padding, map.height);
  for (size_t column = 0; column < columns; column++) {
    const ck_span span = within(column, window.columns, window.column_stride,
                                window.column_padding, map.width);
    size_t c = 0;
    for (; c + 16 <= map.channels; c += 16) {
      pool_lanes(input + c, map, rows, span, output + c, positions, 16);
    }
    for (; c < map.channels; c++) {
      pool_lanes(input + c, map, rows, span, output + c, positions, 1);
    }
    output += map.channels;
  }
}

CK_CLONES
void ck_max_pool_row(const float *input, ck_map map, ck_window window, size_t row, size_t columns,
                     float *output) {
  pool_row(input, map, window, row, columns, output, false);
}

CK_CLONES
void ck_max_switches_row(const float *input, ck_map map, ck_window window, size_t row,
                         size_t columns, float *output) {
  pool_row(input, map, window, row, columns, output, true);
}

CK_CLONES
void ck_average_pool_row(const float *input, ck_map map, ck_window window, size_t row,
                         size_t columns, bool counts_padding, float *output) {
  for (size_t column = 0; column < columns; column++) {
    const ck_averaged place = averaged(map, window, row, column, counts_padding);
    memset(output, 0, map.channels * sizeof(float));
    for (size_t y = place.rows.first; y < place.rows.end; y++) {
      for (size_t x = place.columns.first; x < place.columns.end; x++) {
        const float *values = input + (y * map.width + x) * map.channels;
        for (size_t c = 0; c < map.channels; c++) output[c] += values[c];
      }
    }
    for (size_t c = 0; c < map.channels; c++) output[c] /= place.taps;
    output += map.channels;
  }
}

CK_CLONES
void ck_map_means(const float *input, ck_map map, size_t first, size_t count, float *means) {
  memset(means, 0, count * sizeof(float));
  // A sum per row first: partial sums of like size keep the rounding small.
  float sums[64];
  for (size_t begin = 0; begin < count; begin += 64) {
    const size_t block = count - begin < 64 ? count - begin : 64;
    for (size_t y = 0; y < map.height; y++) {
      for (size_t c = 0; c < block; c++) sums[c] = 0.0f;
      for (size_t x = 0; x < map.width; x++) {
        const float *values = input + (y * map.width + x) * map.channels + first + begin;
        for (size_t c = 0; c < block; c++) sums[c] += values[c];
      }
      for (size_t c = 0; c < block; c++) means[begin + c] += sums[c];
    }
    for (size_t c = 0; c < block; c++) means[begin + c] /= (float)(map.height * map.width);
  }
}

void ck_max_unpool(const float *values, const float *switches, size_t count, size_t channels,
                   size_t first, size_t end, size_t positions, float *output) {
  for (size_t i = 0; i < count; i++) {
    for (size_t c = first; c < end; c++) {
      const float position = switches[i * channels + c];
      // Also false for NaN.
      if (!(position >= 0.0f && position < (float)positions)) continue;
      output[(size_t)position * channels + c] = values[i * channels + c];
    }
  }
}
