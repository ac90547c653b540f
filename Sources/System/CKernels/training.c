#include "include/ckernels_training.h"

#include <math.h>

#include "clones.h"
#include "exponential.h"

CK_CLONES
void ck_moments(const float *rows, size_t count, size_t channels, double *sums, double *squares) {
  for (size_t i = 0; i < count; i++) {
    const float *row = rows + i * channels;
    for (size_t c = 0; c < channels; c++) {
      const double x = row[c];
      sums[c] += x;
      squares[c] += x * x;
    }
  }
}

CK_INLINE float clamped(float x, float low, float high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}

CK_CLONES
void ck_normalize(const float *rows, size_t count, size_t channels, const float *scale,
                  const float *shift, const float *residual, float low, float high,
                  float *output) {
  for (size_t i = 0; i < count; i++) {
    const float *row = rows + i * channels;
    float *to = output + i * channels;
    if (residual == NULL) {
      for (size_t c = 0; c < channels; c++) {
        to[c] = clamped(scale[c] * row[c] + shift[c], low, high);
      }
    } else {
      const float *other = residual + i * channels;
      for (size_t c = 0; c < channels; c++) {
        to[c] = clamped(scale[c] * row[c] + shift[c] + other[c], low, high);
      }
    }
  }
}

CK_CLONES
void ck_normalize_gradient(const float *gradient, const float *rows, size_t count, size_t channels,
                           const float *slope, const float *mean, const float *pull,
                           const float *offset, float *output) {
  for (size_t i = 0; i < count; i++) {
    const float *row = rows + i * channels, *g = gradient + i * channels;
    float *to = output + i * channels;
    for (size_t c = 0; c < channels; c++) {
      to[c] = slope[c] * g[c] + pull[c] * (row[c] - mean[c]) + offset[c];
    }
  }
}

CK_CLONES
void ck_mask(const float *values, size_t count, float low, float high, float *gradient) {
  for (size_t i = 0; i < count; i++) {
    gradient[i] = values[i] > low && values[i] < high ? gradient[i] : 0.0f;
  }
}

CK_CLONES
void ck_dropout(const float *values, size_t count, uint64_t first, uint64_t key,
                uint32_t threshold, float scale, float *output) {
  for (size_t i = 0; i < count; i++) {
    // SplitMix64 (Steele et al. 2014) at a place of its sequence.
    uint64_t z = key + (first + i + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    const uint32_t draw = (uint32_t)((z ^ (z >> 31)) >> 32);
    output[i] = draw < threshold ? 0.0f : scale * values[i];
  }
}

CK_CLONES
double ck_cross_entropy(const float *scores, const uint16_t *labels, size_t count, size_t channels,
                        uint16_t ignored, float scale, float *gradient) {
  double loss = 0.0;
  for (size_t i = 0; i < count; i++) {
    const float *row = scores + i * channels;
    float *to = gradient + i * channels;
    if (labels[i] == ignored) {
      for (size_t c = 0; c < channels; c++) to[c] = 0.0f;
      continue;
    }
    float peak = row[0], sum = 0.0f;
    for (size_t c = 1; c < channels; c++) peak = row[c] > peak ? row[c] : peak;
    for (size_t c = 0; c < channels; c++) to[c] = ck_exp(row[c] - peak);
    for (size_t c = 0; c < channels; c++) sum += to[c];
    const float share = scale / sum;
    for (size_t c = 0; c < channels; c++) to[c] *= share;
    to[labels[i]] -= scale;
    loss += (double)logf(sum) - ((double)row[labels[i]] - (double)peak);
  }
  return loss;
}

CK_CLONES
void ck_descend(float *values, const float *gradient, float *velocity, size_t count, float rate,
                float momentum, float decay, int keeps_rate) {
  const float in = keeps_rate ? rate : 1.0f, out = keeps_rate ? 1.0f : rate;
  for (size_t i = 0; i < count; i++) {
    const float g = gradient[i] + decay * values[i];
    velocity[i] = momentum * velocity[i] + in * g;
    values[i] -= out * velocity[i];
  }
}

CK_CLONES
void ck_adam_step(float *values, const float *gradient, float *first, float *second, size_t count,
                  const ck_adam *step) {
  const ck_adam s = *step;
  for (size_t i = 0; i < count; i++) {
    const float g = gradient[i];
    first[i] = s.first_keep * first[i] + (1.0f - s.first_keep) * g;
    second[i] = s.second_keep * second[i] + (1.0f - s.second_keep) * g * g;
    const float mean = first[i] / s.first_correction;
    const float spread = __builtin_sqrtf(second[i] / s.second_correction) + s.epsilon;
    values[i] -= s.rate * (s.decay * values[i] + mean / spread);
  }
}
