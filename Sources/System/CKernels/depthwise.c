#include "include/ckernels_convolution.h"
#include "row_vectors.h"

/// Taps of the largest window.
enum { MOST_TAPS = 49, USUAL_TAPS = 9 };

/// The taps of an output position that do not lie in the padding.
typedef struct {
  size_t count;
  const float *inputs[MOST_TAPS];
  const float *weights[MOST_TAPS];
} position_taps;

static void find_taps(const ck_convolution *c, size_t position, position_taps *taps) {
  const int32_t y = (int32_t)(position / (size_t)c->output_width) * c->stride_rows - c->padding_rows;
  const int32_t x =
      (int32_t)(position % (size_t)c->output_width) * c->stride_columns - c->padding_columns;
  const float *weights = c->weights;
  taps->count = 0;
  for (int32_t ky = 0; ky < c->kernel_rows; ky++) {
    const int32_t row = y + ky * c->rate_rows;
    for (int32_t kx = 0; kx < c->kernel_columns; kx++, weights += c->run) {
      const int32_t column = x + kx * c->rate_columns;
      if (row < 0 || row >= c->height || column < 0 || column >= c->width) continue;
      const size_t pixel = (size_t)row * (size_t)c->width + (size_t)column;
      taps->inputs[taps->count] = c->input + pixel * c->input_pitch;
      taps->weights[taps->count++] = weights;
    }
  }
}

/// The output of W channels from `channel` on; W is 16 or 1.
#define CK_DEFINE_SUM(name, value)                                                               \
  CK_INLINE void name(const ck_convolution *c, const position_taps *taps, const size_t count,    \
                      size_t position, size_t channel) {                                         \
    const ck_epilogue e = c->epilogue;                                                           \
    value sum = {0};                                                                             \
    if (e.bias != NULL) sum = *(const value *)(e.bias + channel);                                \
    for (size_t t = 0; t < count; t++) {                                                         \
      sum += *(const value *)(taps->inputs[t] + channel) *                                       \
             *(const value *)(taps->weights[t] + channel);                                       \
    }                                                                                            \
    if (e.residual != NULL) {                                                                    \
      sum += *(const value *)(e.residual + position * e.residual_pitch + channel);               \
    }                                                                                            \
    const value zero = {0};                                                                      \
    sum = __builtin_elementwise_max(sum, zero + e.lowest);                                       \
    sum = __builtin_elementwise_min(sum, zero + e.highest);                                      \
    *(value *)(c->output + position * c->output_pitch + channel) = sum;                          \
  }

CK_DEFINE_SUM(sum_vector, ck_v16)
CK_DEFINE_SUM(sum_channel, float)

CK_INLINE void convolve_depthwise(const ck_convolution *c, size_t first, size_t count) {
  position_taps taps;
  for (size_t position = first; position < first + count; position++) {
    find_taps(c, position, &taps);
    size_t channel = 0;
    if (taps.count == USUAL_TAPS) {
      for (; channel + 16 <= c->run; channel += 16) {
        sum_vector(c, &taps, USUAL_TAPS, position, channel);
      }
    }
    for (; channel + 16 <= c->run; channel += 16) {
      sum_vector(c, &taps, taps.count, position, channel);
    }
    for (; channel < c->run; channel++) sum_channel(c, &taps, taps.count, position, channel);
  }
}

CK_DEFINE_WIDE(ck_depthwise, (const ck_convolution *c, size_t first, size_t count),
               (c, first, count), convolve_depthwise)
