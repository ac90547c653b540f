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
                          const float *weights, size_t corners, float gain, float *output,
                           const int S) {
  for (size_t i = 0; i < count; i++) {
    ck_row sum = {0};
    for (size_t k = i * corners; k < (i + 1) * corners; k++) {
      sum = ck_row_add(sum, weights[k], ck_row_load(rows + (size_t)vertices[k] * S, S), S);
    }
    ck_row_store(ck_row_scale(sum, gain, S), output + i * S, S);
  }
}

CK_INLINE void slice_long_rows(const float *rows, size_t count, size_t stride,
                               const uint32_t *vertices, const float *weights, size_t corners,
                               float gain, float *output) {
  for (size_t i = 0; i < count; i++) {
    float *restrict sum = output + i * stride;
    for (size_t c = 0; c < stride; c++) sum[c] = 0.0f;
    for (size_t k = i * corners; k < (i + 1) * corners; k++) {
      const float *row = rows + (size_t)vertices[k] * stride;
      for (size_t c = 0; c < stride; c++) sum[c] += gain * weights[k] * row[c];
    }
  }
}

CK_CLONES
void ck_lattice_slice(const float *rows, size_t count, size_t stride, const uint32_t *vertices,
                      const float *weights, int32_t corners, float gain, float *output) {
#define CK_SLICE(S) slice_rows(rows, count, vertices, weights, (size_t)corners, gain, output, S)
  CK_FOR_STRIDE(stride, CK_SLICE,
                slice_long_rows(rows, count, stride, vertices, weights, (size_t)corners, gain,
                                output))
#undef CK_SLICE
}

/// Rows of a chain that are fetched in advance; they lie anywhere in memory.
enum { PREFETCH_DISTANCE = 12 };

CK_INLINE void blur_rows(float *rows, const uint32_t *chain, size_t count, float *unused,
                         const int S) {
  ck_row before = ck_row_load(rows, S);
  ck_row centre = before;
  ck_row after = ck_row_load(rows + (size_t)chain[1] * S, S);
  for (size_t i = 1; i <= count; i++) {
    if (i + PREFETCH_DISTANCE <= count) {
      ck_row_prefetch(rows + (size_t)chain[i + PREFETCH_DISTANCE] * S, S);
    }
    before = centre;
    centre = after;
    if (i < count) after = ck_row_load(rows + (size_t)chain[i + 1] * S, S);
    // Row 0 between chains is read as absent neighbour, but never written.
    float *target = chain[i] == 0 ? unused : rows + (size_t)chain[i] * S;
    ck_row sum = ck_row_add(before, 1.0f, after, S);
    ck_row_store(ck_row_add(centre, 0.5f, sum, S), target, S);
  }
}

CK_INLINE void blur_long_rows(float *rows, size_t stride, const uint32_t *chain, size_t count,
                              float *before) {
  float *restrict below = before;
  for (size_t c = 0; c < stride; c++) below[c] = 0.0f;
  for (size_t i = 1; i <= count; i++) {
    if (chain[i] == 0) {
      for (size_t c = 0; c < stride; c++) below[c] = 0.0f;
      continue;
    }
    float *restrict centre = rows + (size_t)chain[i] * stride;
    const float *above = rows + (size_t)chain[i + 1] * stride;
    for (size_t c = 0; c < stride; c++) {
      const float value = centre[c];
      centre[c] = value + 0.5f * (below[c] + above[c]);
      below[c] = value;
    }
  }
}

CK_CLONES
void ck_lattice_blur(float *rows, size_t stride, const uint32_t *chain, size_t count,
                     float *scratch) {
#define CK_BLUR(S) blur_rows(rows, chain, count, scratch, S)
  CK_FOR_STRIDE(stride, CK_BLUR, blur_long_rows(rows, stride, chain, count, scratch))
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
