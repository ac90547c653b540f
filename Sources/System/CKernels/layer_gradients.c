#include "include/ckernels_gradients.h"
#include "pooling_windows.h"

CK_CLONES
void ck_clamp_gradient(const float *values, const float *gradient, size_t count, float low,
                       float high, float slope, float *output) {
  for (size_t i = 0; i < count; i++) {
    output[i] = values[i] > low && values[i] < high ? slope * gradient[i] : 0.0f;
  }
}

CK_CLONES
void ck_hard_swish_gradient(const float *values, const float *gradient, size_t count,
                            float *output) {
  for (size_t i = 0; i < count; i++) {
    const float x = values[i];
    const float slope = x >= 3.0f ? 1.0f : x / 3.0f + 0.5f;
    output[i] = x > -3.0f ? slope * gradient[i] : 0.0f;
  }
}

CK_CLONES
void ck_take_maxima(const float *values, const float *maxima, size_t count, float *rest,
                    float *output) {
  for (size_t i = 0; i < count; i++) {
    const bool is_largest = values[i] == maxima[i];
    output[i] = is_largest ? rest[i] : 0.0f;
    rest[i] = is_largest ? 0.0f : rest[i];
  }
}

CK_CLONES
void ck_softmax_gradient(const float *probabilities, const float *gradient, size_t count,
                         size_t channels, float *output) {
  for (size_t i = 0; i < count; i++) {
    const float *p = probabilities + i * channels, *g = gradient + i * channels;
    float *to = output + i * channels;
    float mean = 0.0f;
    for (size_t c = 0; c < channels; c++) mean += p[c] * g[c];
    for (size_t c = 0; c < channels; c++) to[c] = p[c] * (g[c] - mean);
  }
}

CK_CLONES
void ck_normalization_sums(const float *rows, const float *gradient, size_t count,
                           size_t channels, const float *mean, double *products, double *sums) {
  for (size_t i = 0; i < count; i++) {
    const float *row = rows + i * channels, *g = gradient + i * channels;
    for (size_t c = 0; c < channels; c++) {
      products[c] += (double)g[c] * ((double)row[c] - (double)mean[c]);
      sums[c] += g[c];
    }
  }
}

CK_CLONES
void ck_channel_sums(const float *rows, size_t count, size_t channels, double *sums) {
  for (size_t i = 0; i < count; i++) {
    for (size_t c = 0; c < channels; c++) sums[c] += rows[i * channels + c];
  }
}

CK_CLONES
void ck_average_pool_gradient(const float *gradient, ck_map pooled, ck_window window,
                              bool counts_padding, size_t first, size_t end, ck_map map,
                              float *output) {
  for (size_t row = 0; row < pooled.height; row++) {
    for (size_t column = 0; column < pooled.width; column++) {
      const ck_averaged place = averaged(map, window, row, column, counts_padding);
      const float *from = gradient + (row * pooled.width + column) * map.channels;
      for (size_t y = place.rows.first; y < place.rows.end; y++) {
        for (size_t x = place.columns.first; x < place.columns.end; x++) {
          float *to = output + (y * map.width + x) * map.channels;
          for (size_t c = first; c < end; c++) to[c] += from[c] / place.taps;
        }
      }
    }
  }
}

void ck_max_pool_gradient(const float *gradient, const float *switches, size_t count,
                          size_t channels, size_t first, size_t end, float *output) {
  for (size_t i = 0; i < count; i++) {
    for (size_t c = first; c < end; c++) {
      output[(size_t)switches[i * channels + c] * channels + c] += gradient[i * channels + c];
    }
  }
}

void ck_max_unpool_gradient(const float *switches, size_t count, size_t channels, size_t first,
                            size_t end, size_t positions, float *rest, float *output) {
  for (size_t i = count; i-- > 0;) {
    for (size_t c = first; c < end; c++) {
      const float position = switches[i * channels + c];
      // Also false for NaN.
      const bool is_inside = position >= 0.0f && position < (float)positions;
      float *place = is_inside ? rest + (size_t)position * channels + c : 0;
      output[i * channels + c] = place ? *place : 0.0f;
      if (place) *place = 0.0f;
    }
  }
}

CK_CLONES
void ck_resize_row_gradient(const float *gradient, float weight, const ck_tap *taps,
                            size_t columns, size_t channels, float *output) {
  for (size_t x = 0; x < columns; x++) {
    const float right = weight * taps[x].weight, left = weight * (1.0f - taps[x].weight);
    float *near = output + taps[x].lower * channels, *far = output + taps[x].upper * channels;
    const float *from = gradient + x * channels;
    for (size_t c = 0; c < channels; c++) near[c] += left * from[c];
    for (size_t c = 0; c < channels; c++) far[c] += right * from[c];
  }
}
