#include <math.h>
#include <string.h>

#include "exponential.h"
#include "include/ckernels_layers.h"

CK_INLINE float clamp(float value, float low, float high) {
  const float raised = value > low ? value : low;
  return raised < high ? raised : high;
}

CK_CLONES
void ck_clamp(const float *values, size_t count, float low, float high, float *output) {
  for (size_t i = 0; i < count; i++) output[i] = clamp(values[i], low, high);
}

CK_CLONES
void ck_hard_sigmoid(const float *values, size_t count, float *output) {
  for (size_t i = 0; i < count; i++) output[i] = clamp(values[i] + 3.0f, 0.0f, 6.0f) / 6.0f;
}

CK_CLONES
void ck_hard_swish(const float *values, size_t count, float *output) {
  for (size_t i = 0; i < count; i++) {
    output[i] = values[i] * clamp(values[i] + 3.0f, 0.0f, 6.0f) / 6.0f;
  }
}

CK_CLONES
void ck_scale_shift(const float *rows, size_t count, size_t channels, const float *scale,
                    const float *shift, float *output) {
  for (size_t i = 0; i < count; i++) {
    for (size_t c = 0; c < channels; c++) {
      output[i * channels + c] = rows[i * channels + c] * scale[c] + shift[c];
    }
  }
}

CK_CLONES
void ck_add(const float *first, const float *second, size_t count, float *output) {
  for (size_t i = 0; i < count; i++) output[i] = first[i] + second[i];
}

CK_CLONES
void ck_max(const float *first, const float *second, size_t count, float *output) {
  for (size_t i = 0; i < count; i++) output[i] = first[i] > second[i] ? first[i] : second[i];
}

void ck_copy_rows(const float *input, size_t input_stride, size_t count, size_t length,
                  float *output, size_t output_stride) {
  for (size_t i = 0; i < count; i++) {
    memcpy(output + i * output_stride, input + i * input_stride, length * sizeof(float));
  }
}

CK_CLONES
void ck_softmax(const float *rows, size_t count, size_t channels, float *output) {
  for (size_t i = 0; i < count; i++) {
    const float *row = rows + i * channels;
    float *to = output + i * channels;
    float peak = row[0], sum = 0.0f;
    for (size_t c = 1; c < channels; c++) peak = row[c] > peak ? row[c] : peak;
    for (size_t c = 0; c < channels; c++) to[c] = ck_exp(row[c] - peak);
    for (size_t c = 0; c < channels; c++) sum += to[c];
    for (size_t c = 0; c < channels; c++) to[c] /= sum;
  }
}

CK_CLONES
void ck_resize_row(const float *lower_row, const float *upper_row, float weight,
                   const ck_tap *taps, size_t columns, size_t channels, float *output) {
  const float other = 1.0f - weight;
  for (size_t x = 0; x < columns; x++) {
    const float right = taps[x].weight, left = 1.0f - right;
    const size_t near = taps[x].lower * channels, far = taps[x].upper * channels;
    for (size_t c = 0; c < channels; c++) {
      output[x * channels + c] = other * (left * lower_row[near + c] + right * lower_row[far + c]) +
                                 weight * (left * upper_row[near + c] + right * upper_row[far + c]);
    }
  }
}
