#include "clones.h"
#include "include/ckernels_lattice.h"

CK_CLONES
void ck_lattice_splat(const float *values, size_t count, size_t stride, const uint32_t *vertices,
                      const float *weights, int32_t corners, float *rows) {
  for (size_t i = 0; i < count; i++) {
    const float *value = values + i * stride;
    for (int32_t k = 0; k < corners; k++) {
      const float weight = weights[i * (size_t)corners + (size_t)k];
      float *row = rows + (size_t)vertices[i * (size_t)corners + (size_t)k] * stride;
      for (size_t c = 0; c < stride; c++) row[c] += weight * value[c];
    }
  }
}

CK_CLONES
void ck_lattice_slice(const float *rows, size_t count, size_t stride, const uint32_t *vertices,
                      const float *weights, int32_t corners, float scale, float *output) {
  for (size_t i = 0; i < count; i++) {
    float *restrict result = output + i * stride;
    for (size_t c = 0; c < stride; c++) result[c] = 0.0f;
    for (int32_t k = 0; k < corners; k++) {
      const float weight = scale * weights[i * (size_t)corners + (size_t)k];
      const float *row = rows + (size_t)vertices[i * (size_t)corners + (size_t)k] * stride;
      for (size_t c = 0; c < stride; c++) result[c] += weight * row[c];
    }
  }
}

CK_CLONES
void ck_lattice_blur(const float *input, float *output, size_t stride, const uint32_t *rows,
                     const uint32_t *up, const uint32_t *down, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const float *centre = input + (size_t)rows[i] * stride;
    const float *above = input + (size_t)up[i] * stride;
    const float *below = input + (size_t)down[i] * stride;
    float *restrict result = output + (size_t)rows[i] * stride;
    for (size_t c = 0; c < stride; c++) result[c] = centre[c] + 0.5f * (above[c] + below[c]);
  }
}
