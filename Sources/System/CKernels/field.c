#include "clones.h"
#include "include/ckernels_field.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

CK_CLONES
void ck_scale_rows(const float *input, const float *scale, size_t count, size_t stride,
                   float *output) {
  for (size_t i = 0; i < count; i++) {
    const float factor = scale[i];
    for (size_t c = 0; c < stride; c++) output[i * stride + c] = factor * input[i * stride + c];
  }
}

CK_CLONES
void ck_add_weighted(const float *messages, const float *scale, const float *weights, size_t count,
                     size_t stride, float *energies) {
  for (size_t i = 0; i < count; i++) {
    const float factor = scale == NULL ? 1.0f : scale[i];
    const float *message = messages + i * stride;
    float *energy = energies + i * stride;
    for (size_t c = 0; c < stride; c++) energy[c] += factor * (weights[c] * message[c]);
  }
}

CK_CLONES
void ck_scale(const float *values, float weight, size_t count, float *output) {
  for (size_t i = 0; i < count; i++) output[i] = weight * values[i];
}

CK_CLONES
void ck_add_scaled(const float *values, float weight, size_t count, float *output) {
  for (size_t i = 0; i < count; i++) output[i] += weight * values[i];
}

/// Points whose rows are written together: few enough that the rows stay in the first-level cache.
enum { TRANSPOSED_POINTS = 128 };

CK_CLONES
void ck_planes_to_rows(const float *planes, size_t points, size_t first, size_t count,
                       size_t channels, size_t stride, float padding, float *rows) {
  for (size_t start = 0; start < count; start += TRANSPOSED_POINTS) {
    const size_t block = count - start < TRANSPOSED_POINTS ? count - start : TRANSPOSED_POINTS;
    float *restrict target = rows + start * stride;
    size_t channel = 0;
    for (; channel + 4 <= channels; channel += 4) {
      const float *a = planes + channel * points + first + start;
      const float *b = a + points, *c = b + points, *d = c + points;
      for (size_t i = 0; i < block; i++) {
        float *row = target + i * stride + channel;
        row[0] = a[i];
        row[1] = b[i];
        row[2] = c[i];
        row[3] = d[i];
      }
    }
    for (; channel < stride; channel++) {
      const float *plane = planes + channel * points + first + start;
      for (size_t i = 0; i < block; i++) {
        target[i * stride + channel] = channel < channels ? plane[i] : padding;
      }
    }
  }
}

CK_CLONES
void ck_rows_to_planes(const float *rows, size_t points, size_t first, size_t count,
                       size_t channels, size_t stride, float factor, float *planes) {
  for (size_t start = 0; start < count; start += TRANSPOSED_POINTS) {
    const size_t block = count - start < TRANSPOSED_POINTS ? count - start : TRANSPOSED_POINTS;
    const float *source = rows + start * stride;
    for (size_t channel = 0; channel < channels; channel++) {
      float *restrict plane = planes + channel * points + first + start;
      for (size_t i = 0; i < block; i++) plane[i] = factor * source[i * stride + channel];
    }
  }
}

CK_CLONES
float ck_marginal_errors(const float *marginals, size_t count, size_t stride, size_t channels,
                         float *errors) {
  // Enough to turn any marginal into any other; e^2η still fits into a float.
  const float largest_energy_error = 20.0f;
  float largest = 0;
  for (size_t i = 0; i < count; i++) {
    const float *row = marginals + i * stride;
    float error = 1.0f;
    if (errors[i] < largest_energy_error) {
      const float x = expm1f(2.0f * errors[i]);
      error = 0.0f;
      for (size_t c = 0; c < channels; c++) {
        const float q = row[c], rest = 1.0f - q;
        const float smaller = q < rest ? q : rest;
        const float change = q * rest * x / (1.0f + smaller * x);
        error = change > error ? change : error;
      }
    }
    errors[i] = error;
    largest = error > largest ? error : largest;
  }
  return largest;
}

CK_CLONES
bool ck_all_finite(const float *values, size_t count) {
  uint32_t wrong = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, values + i, sizeof bits);
    wrong |= (bits & 0x7F800000) == 0x7F800000;
  }
  return wrong == 0;
}

CK_INLINE void scale_groups(float *values, const float *scales, size_t count, const size_t size) {
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < size; k++) values[i * size + k] *= scales[i];
  }
}

/// Constants for lattices of positions and of positions with three colours.
CK_CLONES
void ck_scale_groups(float *values, const float *scales, size_t count, size_t size) {
  switch (size) {
    case 3: scale_groups(values, scales, count, 3); break;
    case 6: scale_groups(values, scales, count, 6); break;
    default: scale_groups(values, scales, count, size); break;
  }
}
