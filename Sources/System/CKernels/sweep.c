#include "include/ckernels_sweep.h"

#include <stdbool.h>
#include <string.h>

#include "exponential.h"
#include "row_vectors.h"

/// Points that pass through the stages together; their energies stay in the first-level cache.
enum { BLOCK = 32 };

/// energies = source + one kernel's messages, for `count` points from `first` on.
CK_INLINE void gather_rows(const ck_sweep_kernel *kernel, size_t first, size_t count, const float *source,
                           float *energies, const int32_t corners, const int S) {
  const uint32_t *vertices = kernel->vertices + first * (size_t)corners;
  const float *weights = kernel->weights + first * (size_t)corners;
  const float *scales = kernel->message_scale == NULL ? NULL : kernel->message_scale + first;
  const float *rows = kernel->sliced;
  const float *factors = kernel->label_factors;
  const float factor = kernel->factor;
  for (size_t i = 0; i < count; i++) {
    const float scale = scales == NULL ? factor : factor * scales[i];
    ck_row energy = ck_row_load(source, S);
    ck_row sum = {0};
    if (factors == NULL) sum = energy;
    for (int32_t c = 0; c < corners; c++) {
      const float *row = rows + (size_t)vertices[c] * S;
      sum = ck_row_add(sum, scale * weights[c], ck_row_load(row, S), S);
    }
    if (factors != NULL) {
      sum = ck_row_add(ck_row_multiply(sum, ck_row_load(factors, S), S), 1.0f, energy, S);
    }
    ck_row_store(sum, energies, S);
    source += S;
    energies += S;
    vertices += corners;
    weights += corners;
  }
}

/// Adds the marginals of `count` points from `first` on to one kernel's rows. The marginals are what
/// `values` holds times `inverses`, one a point.
CK_INLINE void spread_rows(const ck_sweep_kernel *kernel, size_t first, size_t count, const float *values,
                           const float *inverses, const int32_t corners, const int S) {
  const uint32_t *vertices = kernel->vertices + first * (size_t)corners;
  const float *weights = kernel->weights + first * (size_t)corners;
  const float *scales = kernel->marginal_scale == NULL ? NULL : kernel->marginal_scale + first;
  float *rows = kernel->splatted;
  for (size_t i = 0; i < count; i++) {
    const float scale = scales == NULL ? inverses[i] : inverses[i] * scales[i];
    const ck_row value = ck_row_load(values, S);
    for (int32_t c = 0; c < corners; c++) {
      float *row = rows + (size_t)vertices[c] * S;
      ck_row_store(ck_row_add(ck_row_load(row, S), scale * weights[c], value, S), row, S);
    }
    values += S;
    vertices += corners;
    weights += corners;
  }
}

/// Sets the rows to 0 that `count` points from `first` on are the first to use.
CK_INLINE void clear_rows(ck_sweep_kernel *kernel, size_t first, size_t count, size_t stride) {
  const uint32_t *vertices = kernel->vertices + first * (size_t)kernel->corners;
  uint32_t end = 0;
  for (size_t k = 0; k < count * (size_t)kernel->corners; k++) {
    end = vertices[k] + 1 > end ? vertices[k] + 1 : end;
  }
  if (end <= kernel->cleared) return;
  memset(kernel->splatted + (size_t)kernel->cleared * stride, 0,
         (size_t)(end - kernel->cleared) * stride * sizeof(float));
  kernel->cleared = end;
}

/// Calls `BODY(corners)` with a constant for what images need: rows that are the points, and lattices
/// of positions, with a gray value, and with three colours.
#define CK_FOR_CORNERS(corners, BODY) \
  switch (corners) {                  \
    case 1: BODY(1); break;           \
    case 3: BODY(3); break;           \
    case 4: BODY(4); break;           \
    case 6: BODY(6); break;           \
    default: BODY(corners); break;    \
  }

/// values = e^(lowest − energy), and inverses = the inverse of each point's sum of them.
///
/// One loop a step: a point's steps depend on one another, and with all of them in one loop few points
/// would be under way at a time.
CK_INLINE void exponentiate_rows(const float *energies, size_t count, float *values,
                                 float *restrict inverses, const int S) {
  for (size_t i = 0; i < count; i++) {
    const ck_row energy = ck_row_load(energies + i * S, S);
    ck_row_store(ck_row_exponents(ck_row_lowest(energy, S), energy, S), values + i * S, S);
  }
  ck_powers_of_two(values, count * S);
  for (size_t i = 0; i < count; i++) inverses[i] = ck_row_sum(ck_row_load(values + i * S, S), S);
  for (size_t i = 0; i < BLOCK; i++) inverses[i] = 1.0f / inverses[i];
}

/// Writes the marginals of `count` points; returns the larger of `largest` and what has changed.
CK_INLINE ck_row store_marginals(const float *values, const float *inverses, size_t count,
                                 float *restrict stored, bool compares, ck_row largest,
                                 const int S) {
  for (size_t i = 0; i < count; i++) {
    const ck_row marginal = ck_row_scale(ck_row_load(values + i * S, S), inverses[i], S);
    if (compares) {
      const ck_row before = ck_row_load(stored + i * S, S);
      largest = ck_row_larger(largest, ck_row_distance(marginal, before, S), S);
    }
    ck_row_store(marginal, stored + i * S, S);
  }
  return largest;
}

/// Rows of up to CK_ROW_LIMIT floats pass through registers, a block of points a stage.
CK_INLINE void sweep_rows(const float *unary, size_t count, ck_sweep_kernel *kernels,
                          int32_t kernel_count, float *marginals, float *change, const int S) {
  float values[BLOCK * CK_ROW_LIMIT] __attribute__((aligned(64)));
  float inverses[BLOCK] = {0};
  ck_row largest = {0};
  for (size_t first = 0; first < count; first += BLOCK) {
    const size_t block = count - first < BLOCK ? count - first : BLOCK;
    const size_t ahead = first + block < count ? first + block : first;
    for (size_t f = 0; f < BLOCK * (size_t)S; f += 16) __builtin_prefetch(unary + ahead * S + f);
    const float *energies = unary + first * S;
    for (int32_t k = 0; k < kernel_count; k++) {
      if (kernels[k].sliced == NULL) continue;
#define CK_GATHER(C) gather_rows(kernels + k, first, block, energies, values, C, S)
      CK_FOR_CORNERS(kernels[k].corners, CK_GATHER)
#undef CK_GATHER
      energies = values;
    }
    exponentiate_rows(energies, block, values, inverses, S);
    if (marginals != NULL) {
      largest = store_marginals(values, inverses, block, marginals + first * S, change != NULL,
                                largest, S);
    }
    for (int32_t k = 0; k < kernel_count; k++) {
      if (kernels[k].splatted == NULL) continue;
      clear_rows(kernels + k, first, block, S);
#define CK_SPREAD(C) spread_rows(kernels + k, first, block, values, inverses, C, S)
      CK_FOR_CORNERS(kernels[k].corners, CK_SPREAD)
#undef CK_SPREAD
    }
  }
  if (change != NULL) *change = ck_row_highest(largest, S);
}

/// Rows of any length, through memory.
CK_INLINE void sweep_long_rows(const float *unary, size_t count, size_t stride,
                               ck_sweep_kernel *kernels, int32_t kernel_count,
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
      const float scale =
          kernel->message_scale == NULL ? kernel->factor : kernel->factor * kernel->message_scale[i];
      const float *factors = kernel->label_factors;
      for (int32_t c = 0; c < kernel->corners; c++) {
        const float *row = kernel->sliced + (size_t)kernel->vertices[first + c] * stride;
        const float weight = scale * kernel->weights[first + c];
        if (factors == NULL) {
          for (size_t l = 0; l < stride; l++) energy[l] += weight * row[l];
        } else {
          for (size_t l = 0; l < stride; l++) energy[l] += weight * factors[l] * row[l];
        }
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
      ck_sweep_kernel *kernel = kernels + k;
      if (kernel->splatted == NULL) continue;
      clear_rows(kernel, i, 1, stride);
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
void ck_sweep(const float *unary, size_t count, size_t stride, ck_sweep_kernel *kernels,
              int32_t kernel_count, float *marginals, float *change, float *scratch) {
#define CK_SWEEP(S) sweep_rows(unary, count, kernels, kernel_count, marginals, change, S)
  CK_FOR_STRIDE(stride, CK_SWEEP,
                sweep_long_rows(unary, count, stride, kernels, kernel_count, marginals, change,
                                scratch))
#undef CK_SWEEP
}
