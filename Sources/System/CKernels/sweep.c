#include "include/ckernels_sweep.h"

#include <string.h>

#include "exponential.h"
#include "row_vectors.h"

/// Points whose rows are fetched in advance.
enum { PREFETCH_DISTANCE = 4 };

/// Fetches the rows of point `i`, unless they are those of the point before.
CK_INLINE void prefetch_point(const ck_sweep_kernel *kernel, size_t i, const int S) {
  const uint32_t *vertices = kernel->vertices + i * (size_t)kernel->corners;
  for (int32_t c = 0; c < kernel->corners; c++) {
    if (vertices[c] == vertices[c - kernel->corners]) continue;
    if (kernel->sliced != NULL) ck_row_prefetch(kernel->sliced + (size_t)vertices[c] * S, S);
    if (kernel->splatted != NULL) ck_row_prefetch(kernel->splatted + (size_t)vertices[c] * S, S);
  }
}

/// Rows of up to CK_ROW_LIMIT floats stay in registers from the unary to the splat.
CK_INLINE void sweep_rows(const float *unary, size_t count, const ck_sweep_kernel *kernels,
                          int32_t kernel_count, float *marginals, float *change, const int S) {
  ck_row largest = {0};
  for (size_t i = 0; i < count; i++) {
    ck_row energy = ck_row_load(unary + i * S, S);
    for (int32_t k = 0; k < kernel_count; k++) {
      const ck_sweep_kernel *kernel = kernels + k;
      if (kernel->prefetches && i + PREFETCH_DISTANCE < count) {
        prefetch_point(kernel, i + PREFETCH_DISTANCE, S);
      }
      if (kernel->sliced == NULL) continue;
      const size_t first = i * (size_t)kernel->corners;
      const float scale = kernel->message_scale == NULL ? 1.0f : kernel->message_scale[i];
      for (int32_t c = 0; c < kernel->corners; c++) {
        const float *row = kernel->sliced + (size_t)kernel->vertices[first + c] * S;
        energy = ck_row_add(energy, scale * kernel->weights[first + c], ck_row_load(row, S), S);
      }
    }
    ck_row marginal = ck_row_exponential(ck_row_lowest(energy, S), energy, S);
    marginal = ck_row_scale(marginal, 1.0f / ck_row_sum(marginal, S), S);
    if (marginals != NULL) {
      float *stored = marginals + i * S;
      if (change != NULL) {
        ck_row moved = ck_row_distance(marginal, ck_row_load(stored, S), S);
#pragma unroll
        for (int w = 0; w < S / 16; w++) largest.wide[w] = CK_MAX(largest.wide[w], moved.wide[w]);
        if (CK_HAS_HALF(S)) largest.half = CK_MAX(largest.half, moved.half);
        if (CK_HAS_QUARTER(S)) largest.quarter = CK_MAX(largest.quarter, moved.quarter);
      }
      ck_row_store(marginal, stored, S);
    }
    for (int32_t k = 0; k < kernel_count; k++) {
      const ck_sweep_kernel *kernel = kernels + k;
      if (kernel->splatted == NULL) continue;
      const size_t first = i * (size_t)kernel->corners;
      const float scale = kernel->marginal_scale == NULL ? 1.0f : kernel->marginal_scale[i];
      for (int32_t c = 0; c < kernel->corners; c++) {
        float *row = kernel->splatted + (size_t)kernel->vertices[first + c] * S;
        const float weight = scale * kernel->weights[first + c];
        ck_row_store(ck_row_add(ck_row_load(row, S), weight, marginal, S), row, S);
      }
    }
  }
  if (change != NULL) *change = ck_row_highest(largest, S);
}

/// Rows of any length, through memory.
CK_INLINE void sweep_long_rows(const float *unary, size_t count, size_t stride,
                               const ck_sweep_kernel *kernels, int32_t kernel_count,
                               float *marginals, float *change, float *scratch) {
  float *restrict energy = scratch;
  float *restrict marginal = scratch + stride;
  float largest = 0.0f;
  for (size_t i = 0; i < count; i++) {
    memcpy(energy, unary + i * stride, stride * sizeof(float));
    for (int32_t k = 0; k < kernel_count; k++) {
      const ck_sweep_kernel *kernel = kernels + k;
      if (kernel->sliced == NULL) continue;
      const size_t first = i * (size_t)kernel->corners;
      const float scale = kernel->message_scale == NULL ? 1.0f : kernel->message_scale[i];
      for (int32_t c = 0; c < kernel->corners; c++) {
        const float *row = kernel->sliced + (size_t)kernel->vertices[first + c] * stride;
        const float weight = scale * kernel->weights[first + c];
        for (size_t l = 0; l < stride; l++) energy[l] += weight * row[l];
      }
    }
    float lowest = energy[0];
    for (size_t l = 1; l < stride; l++) lowest = energy[l] < lowest ? energy[l] : lowest;
    float sums[16] = {0};
    for (size_t l = 0; l < stride; l++) marginal[l] = ck_exp(lowest - energy[l]);
    for (size_t l = 0; l < stride; l++) sums[l % 16] += marginal[l];
    float sum = 0.0f;
    for (int lane = 0; lane < 16; lane++) sum += sums[lane];
    const float inverse = 1.0f / sum;
    for (size_t l = 0; l < stride; l++) marginal[l] *= inverse;
    if (marginals != NULL) {
      float *stored = marginals + i * stride;
      if (change != NULL) {
        for (size_t l = 0; l < stride; l++) {
          const float moved = fabsf(marginal[l] - stored[l]);
          largest = moved > largest ? moved : largest;
        }
      }
      memcpy(stored, marginal, stride * sizeof(float));
    }
    for (int32_t k = 0; k < kernel_count; k++) {
      const ck_sweep_kernel *kernel = kernels + k;
      if (kernel->splatted == NULL) continue;
      const size_t first = i * (size_t)kernel->corners;
      const float scale = kernel->marginal_scale == NULL ? 1.0f : kernel->marginal_scale[i];
      for (int32_t c = 0; c < kernel->corners; c++) {
        float *restrict row = kernel->splatted + (size_t)kernel->vertices[first + c] * stride;
        const float weight = scale * kernel->weights[first + c];
        for (size_t l = 0; l < stride; l++) row[l] += weight * marginal[l];
      }
    }
  }
  if (change != NULL) *change = largest;
}

CK_CLONES
void ck_sweep(const float *unary, size_t count, size_t stride, const ck_sweep_kernel *kernels,
              int32_t kernel_count, float *marginals, float *change, float *scratch) {
#define CK_SWEEP(S) sweep_rows(unary, count, kernels, kernel_count, marginals, change, S)
  CK_FOR_STRIDE(stride, CK_SWEEP,
                sweep_long_rows(unary, count, stride, kernels, kernel_count, marginals, change,
                                scratch))
#undef CK_SWEEP
}
