#include "clones.h"
#include "exponential.h"
#include "include/ckernels_field.h"

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
float ck_softmax_rows(const float *energies, size_t count, size_t channels, size_t stride,
                      float *marginals) {
  float change = 0.0f;
  for (size_t i = 0; i < count; i++) {
    const float *energy = energies + i * stride;
    float *marginal = marginals + i * stride;
    float lowest = energy[0];
    for (size_t c = 1; c < channels; c++) lowest = energy[c] < lowest ? energy[c] : lowest;
    float sum = 0.0f;
    for (size_t c = 0; c < channels; c++) sum += ck_exp(lowest - energy[c]);
    const float inverse = 1.0f / sum;
    for (size_t c = 0; c < channels; c++) {
      const float value = ck_exp(lowest - energy[c]) * inverse;
      const float difference = value < marginal[c] ? marginal[c] - value : value - marginal[c];
      change = difference > change ? difference : change;
      marginal[c] = value;
    }
    for (size_t c = channels; c < stride; c++) marginal[c] = 0.0f;
  }
  return change;
}

CK_CLONES
void ck_scale(const float *values, float weight, size_t count, float *output) {
  for (size_t i = 0; i < count; i++) output[i] = weight * values[i];
}

CK_CLONES
void ck_add_scaled(const float *values, float weight, size_t count, float *output) {
  for (size_t i = 0; i < count; i++) output[i] += weight * values[i];
}
