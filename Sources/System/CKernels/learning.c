#include "include/ckernels_learning.h"

#include <string.h>

#include "row_vectors.h"

/// Points whose products are summed in float.
enum { RUN = 32 };

CK_INLINE void add_outer_run(const float *left, const float *right, size_t count, size_t channels,
                             float *scratch, const int S) {
  for (size_t l = 0; l < channels; l++) {
    ck_row sum = {0};
    for (size_t i = 0; i < count; i++) {
      sum = ck_row_add(sum, left[i * S + l], ck_row_load(right + i * S, S), S);
    }
    ck_row_store(sum, scratch + l * S, S);
  }
}

CK_INLINE void add_long_outer_run(const float *left, const float *right, size_t count,
                                  size_t stride, size_t channels, float *scratch) {
  memset(scratch, 0, channels * stride * sizeof(float));
  for (size_t i = 0; i < count; i++) {
    for (size_t l = 0; l < channels; l++) {
      const float factor = left[i * stride + l];
      for (size_t k = 0; k < stride; k++) scratch[l * stride + k] += factor * right[i * stride + k];
    }
  }
}

CK_CLONES
void ck_add_outer_products(const float *left, const float *right, size_t count, size_t stride,
                           size_t channels, float *scratch, double *sums) {
  for (size_t first = 0; first < count; first += RUN) {
    const size_t run = count - first < RUN ? count - first : RUN;
    const float *a = left + first * stride, *b = right + first * stride;
#define CK_OUTER(S) \
  (S) != 0 ? add_outer_run(a, b, run, channels, scratch, S) \
           : add_long_outer_run(a, b, run, stride, channels, scratch)
    CK_FOR_STRIDE(stride, CK_OUTER)
    for (size_t l = 0; l < channels; l++) {
      for (size_t k = 0; k < channels; k++) {
        sums[l * channels + k] += (double)scratch[l * stride + k];
      }
    }
  }
}

/// Channels whose products are summed together.
enum { PIECE = 16 };

CK_CLONES
void ck_add_channel_products(const float *left, const float *right, size_t count, size_t stride,
                             size_t channels, double *sums) {
  for (size_t start = 0; start < channels; start += PIECE) {
    const size_t width = channels - start < PIECE ? channels - start : PIECE;
    for (size_t first = 0; first < count; first += RUN) {
      const size_t end = first + (count - first < RUN ? count - first : RUN);
      float products[PIECE] = {0};
      for (size_t i = first; i < end; i++) {
        const float *a = left + i * stride + start, *b = right + i * stride + start;
        for (size_t c = 0; c < width; c++) products[c] += a[c] * b[c];
      }
      for (size_t c = 0; c < width; c++) sums[start + c] += (double)products[c];
    }
  }
}

CK_CLONES
void ck_add_row_products(const float *left, const float *right, const float *factors, double sign,
                         size_t count, size_t stride, double *output, size_t pitch) {
  for (size_t i = 0; i < count; i++) {
    const float *a = left + i * stride, *b = right + i * stride;
    float lanes[4] = {0};
    for (size_t c = 0; c < stride; c += 4) {
      for (int lane = 0; lane < 4; lane++) lanes[lane] += a[c + lane] * b[c + lane];
    }
    const double sum =
        ((double)lanes[0] + (double)lanes[1]) + ((double)lanes[2] + (double)lanes[3]);
    output[i * pitch] += sign * (factors == NULL ? 1.0 : (double)factors[i]) * sum;
  }
}
