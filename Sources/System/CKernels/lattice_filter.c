#include "include/ckernels_lattice.h"
#include "row_vectors.h"

CK_INLINE void splat_rows(const float *values, size_t count, const uint32_t *vertices,
                          const float *weights, size_t corners, float *rows, const int S) {
  for (size_t i = 0; i < count; i++) {
    const ck_row value = ck_row_load(values + i * S, S);
    for (size_t k = i * corners; k < (i + 1) * corners; k++) {
      float *row = rows + (size_t)vertices[k] * S;
      ck_row_store(ck_row_add(ck_row_load(row, S), weights[k], value, S), row, S);
    }
  }
}

CK_INLINE void splat_long_rows(const float *values, size_t count, size_t stride,
                               const uint32_t *vertices, const float *weights, size_t corners,
                               float *rows) {
  for (size_t i = 0; i < count; i++) {
    const float *value = values + i * stride;
    for (size_t k = i * corners; k < (i + 1) * corners; k++) {
      float *restrict row = rows + (size_t)vertices[k] * stride;
      for (size_t c = 0; c < stride; c++) row[c] += weights[k] * value[c];
    }
  }
}

CK_CLONES
void ck_lattice_splat(const float *values, size_t count, size_t stride, const uint32_t *vertices,
                      const float *weights, int32_t corners, float *rows) {
#define CK_SPLAT(S) splat_rows(values, count, vertices, weights, (size_t)corners, rows, S)
  CK_FOR_STRIDE(stride, CK_SPLAT,
                splat_long_rows(values, count, stride, vertices, weights, (size_t)corners, rows))
#undef CK_SPLAT
}

CK_INLINE void slice_rows(const float *rows, size_t count, const uint32_t *vertices,
                          const float *weights, size_t corners, float *output, const int S) {
  for (size_t i = 0; i < count; i++) {
    ck_row sum = {0};
    for (size_t k = i * corners; k < (i + 1) * corners; k++) {
      sum = ck_row_add(sum, weights[k], ck_row_load(rows + (size_t)vertices[k] * S, S), S);
    }
    ck_row_store(sum, output + i * S, S);
  }
}

CK_INLINE void slice_long_rows(const float *rows, size_t count, size_t stride,
                               const uint32_t *vertices, const float *weights, size_t corners,
                               float *output) {
  for (size_t i = 0; i < count; i++) {
    float *restrict sum = output + i * stride;
    for (size_t c = 0; c < stride; c++) sum[c] = 0.0f;
    for (size_t k = i * corners; k < (i + 1) * corners; k++) {
      const float *row = rows + (size_t)vertices[k] * stride;
      for (size_t c = 0; c < stride; c++) sum[c] += weights[k] * row[c];
    }
  }
}

CK_CLONES
void ck_lattice_slice(const float *rows, size_t count, size_t stride, const uint32_t *vertices,
                      const float *weights, int32_t corners, float *output) {
#define CK_SLICE(S) slice_rows(rows, count, vertices, weights, (size_t)corners, output, S)
  CK_FOR_STRIDE(stride, CK_SLICE,
                slice_long_rows(rows, count, stride, vertices, weights, (size_t)corners, output))
#undef CK_SLICE
}

/// Rows whose neighbours are fetched in advance; they lie anywhere in memory.
enum { PREFETCH_DISTANCE = 8 };

CK_INLINE void blur_rows(const float *input, float *output, const uint32_t *rows,
                         const uint32_t *up, const uint32_t *down, size_t count,
                         const float *factors, const int S) {
  for (size_t i = 0; i < count; i++) {
    if (i + PREFETCH_DISTANCE < count) {
      ck_row_prefetch(input + (size_t)up[i + PREFETCH_DISTANCE] * S, S);
      ck_row_prefetch(input + (size_t)down[i + PREFETCH_DISTANCE] * S, S);
    }
    ck_row sum = ck_row_load(input + (size_t)up[i] * S, S);
    sum = ck_row_add(sum, 1.0f, ck_row_load(input + (size_t)down[i] * S, S), S);
    ck_row result = ck_row_add(ck_row_load(input + (size_t)rows[i] * S, S), 0.5f, sum, S);
    if (factors != NULL) result = ck_row_multiply(result, ck_row_load(factors, S), S);
    ck_row_store(result, output + (size_t)rows[i] * S, S);
  }
}

CK_INLINE void blur_long_rows(const float *input, float *output, size_t stride,
                              const uint32_t *rows, const uint32_t *up, const uint32_t *down,
                              size_t count, const float *factors) {
  for (size_t i = 0; i < count; i++) {
    const float *centre = input + (size_t)rows[i] * stride;
    const float *above = input + (size_t)up[i] * stride;
    const float *below = input + (size_t)down[i] * stride;
    float *restrict result = output + (size_t)rows[i] * stride;
    for (size_t c = 0; c < stride; c++) result[c] = centre[c] + 0.5f * (above[c] + below[c]);
    if (factors == NULL) continue;
    for (size_t c = 0; c < stride; c++) result[c] *= factors[c];
  }
}

CK_CLONES
void ck_lattice_blur(const float *input, float *output, size_t stride, const uint32_t *rows,
                     const uint32_t *up, const uint32_t *down, size_t count,
                     const float *factors) {
#define CK_BLUR(S) blur_rows(input, output, rows, up, down, count, factors, S)
  CK_FOR_STRIDE(stride, CK_BLUR,
                blur_long_rows(input, output, stride, rows, up, down, count, factors))
#undef CK_BLUR
}

CK_CLONES
void ck_lattice_merge(float *rows, size_t stride, const uint32_t *owners, const uint32_t *starts,
                      const uint32_t *copies, size_t count) {
  for (size_t i = 0; i < count; i++) {
    float *restrict owner = rows + (size_t)owners[i] * stride;
    for (uint32_t k = starts[i]; k < starts[i + 1]; k++) {
      const float *copy = rows + (size_t)copies[k] * stride;
      for (size_t c = 0; c < stride; c++) owner[c] += copy[c];
    }
  }
}

CK_CLONES
void ck_lattice_spread(float *rows, size_t stride, const uint32_t *owners, const uint32_t *starts,
                       const uint32_t *copies, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const float *owner = rows + (size_t)owners[i] * stride;
    for (uint32_t k = starts[i]; k < starts[i + 1]; k++) {
      float *restrict copy = rows + (size_t)copies[k] * stride;
      for (size_t c = 0; c < stride; c++) copy[c] = owner[c];
    }
  }
}
