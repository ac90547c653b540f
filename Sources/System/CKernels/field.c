#include "clones.h"
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
void ck_scale(const float *values, float weight, size_t count, float *output) {
  for (size_t i = 0; i < count; i++) output[i] = weight * values[i];
}

CK_CLONES
void ck_add_scaled(const float *values, float weight, size_t count, float *output) {
  for (size_t i = 0; i < count; i++) output[i] += weight * values[i];
}
