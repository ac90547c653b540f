#include <float.h>

#include "exponential.h"
#include "include/ckernels_field.h"

/// `W` lanes at a time; rows are whole numbers of them.
CK_INLINE void convert_logits(float *rows, size_t count, size_t stride, size_t channels,
                              float ceiling, const int W) {
  for (size_t i = 0; i < count; i++) {
    float *row = rows + i * stride;
    for (size_t l = channels; l < stride; l++) row[l] = -FLT_MAX;
    float peaks[16], sums[16];
    for (int w = 0; w < W; w++) peaks[w] = row[w];
    for (size_t l = (size_t)W; l < stride; l += (size_t)W) {
      for (int w = 0; w < W; w++) peaks[w] = row[l + w] > peaks[w] ? row[l + w] : peaks[w];
    }
    float peak = peaks[0];
    for (int w = 1; w < W; w++) peak = peaks[w] > peak ? peaks[w] : peak;
    for (int w = 0; w < W; w++) sums[w] = 0.0f;
    for (size_t l = 0; l < stride; l += (size_t)W) {
      for (int w = 0; w < W; w++) sums[w] += ck_exp(row[l + w] - peak);
    }
    float sum = 0.0f;
    for (int w = 0; w < W; w++) sum += sums[w];
    const float origin = logf(sum);
    for (size_t l = 0; l < stride; l += (size_t)W) {
      for (int w = 0; w < W; w++) {
        const float energy = origin - (row[l + w] - peak);
        row[l + w] = energy < ceiling ? energy : ceiling;
      }
    }
  }
}

CK_CLONES
void ck_convert_logits(float *rows, size_t count, size_t stride, size_t channels, float ceiling) {
  if (stride % 8 == 0) {
    convert_logits(rows, count, stride, channels, ceiling, 8);
  } else {
    convert_logits(rows, count, stride, channels, ceiling, 4);
  }
}

/// The same way for energies, of which the least is subtracted.
CK_INLINE void convert_energies(float *rows, size_t count, size_t stride, size_t channels,
                                const int W) {
  for (size_t i = 0; i < count; i++) {
    float *row = rows + i * stride;
    for (size_t l = channels; l < stride; l++) row[l] = FLT_MAX;
    float least[16], sums[16];
    for (int w = 0; w < W; w++) least[w] = row[w];
    for (size_t l = (size_t)W; l < stride; l += (size_t)W) {
      for (int w = 0; w < W; w++) least[w] = row[l + w] < least[w] ? row[l + w] : least[w];
    }
    float origin = least[0];
    for (int w = 1; w < W; w++) origin = least[w] < origin ? least[w] : origin;
    for (int w = 0; w < W; w++) sums[w] = 0.0f;
    for (size_t l = 0; l < stride; l += (size_t)W) {
      for (int w = 0; w < W; w++) {
        row[l + w] = ck_exp(origin - row[l + w]);
        sums[w] += row[l + w];
      }
    }
    float sum = 0.0f;
    for (int w = 0; w < W; w++) sum += sums[w];
    const float scale = 1.0f / sum;
    for (size_t l = 0; l < stride; l++) row[l] *= scale;
  }
}

CK_CLONES
void ck_convert_energies(float *rows, size_t count, size_t stride, size_t channels) {
  if (stride % 8 == 0) {
    convert_energies(rows, count, stride, channels, 8);
  } else {
    convert_energies(rows, count, stride, channels, 4);
  }
}
