#ifndef CKERNELS_BLOCK_PAIRS_H
#define CKERNELS_BLOCK_PAIRS_H

#include <stdbool.h>

#include "include/ckernels_exact.h"
#include "row_vectors.h"

/// The Gaussian between two blocks of points, and its products with their values: everything stays in
/// the first-level cache, and the products run at the rate of the multipliers.

/// e^(−½x) for x ≥ 0, not below 2⁻¹⁰⁰: sums do not see less, and products with it stay normal numbers.
///
/// 2ᵗ = 2ⁿ·2ᶠ with n the integer next to t = −½·log₂e·x, found by adding 1.5·2²³, after which n stands
/// in the low bits. 2ᶠ is the polynomial of degree 5 with p(0) = 1 whose largest relative error on
/// |f| ≤ ½ is least (1.1e-7 with rounded coefficients): coinciding points weigh 1 exactly, so that a
/// point's own weight can be taken out of a sum again.
CK_INLINE void ck_write_gaussian(const ck_v16 *distances, float *weights) {
  const float exponent = -0.72134752f, magic = 12582912.0f;
  const ck_v16 farthest = (ck_v16){0} + 138.6f;
  const ck_v16 x = CK_MIN(*distances, farthest);
  const ck_v16 shifted = x * exponent + magic;
  const ck_v16 f = x * exponent - (shifted - magic);
  ck_v16 p = f * 0.00132647273f + 0.00967151299f;
  p = p * f + 0.0555073358f;
  p = p * f + 0.240222424f;
  p = p * f + 0.693147004f;
  p = p * f + 1.0f;
  *(ck_v16 *)weights = (ck_v16)((ck_i16)p + ((ck_i16)shifted << 23));
}

/// weights[i · CK_BLOCK + j] for the points i of block a and j of block b.
///
/// Distances are sums of squared differences; ‖a‖² + ‖b‖² − 2ab would save instructions and lose the
/// digits that near points need.
CK_INLINE void ck_block_weights(const float *a, const float *b, int dimensions, float *weights) {
  for (size_t i = 0; i < CK_BLOCK; i++) {
    ck_v16 distance[CK_BLOCK / 16] = {{0}};
    for (size_t k = 0; k < (size_t)dimensions; k++) {
      const float centre = a[k * CK_BLOCK + i];
#pragma unroll
      for (int q = 0; q < CK_BLOCK / 16; q++) {
        const ck_v16 difference = *(const ck_v16 *)(b + k * CK_BLOCK + 16 * q) - centre;
        distance[q] += difference * difference;
      }
    }
#pragma unroll
    for (int q = 0; q < CK_BLOCK / 16; q++) {
      ck_write_gaussian(&distance[q], weights + i * CK_BLOCK + 16 * q);
    }
  }
}

/// sums[r] += Σₛ weights[r · row_step + s · sum_step] · values[s], for CK_BLOCK rows r and s of S floats
/// (4, 8, 16, 24 or 32) that lie `stride` apart; R rows of sums stay in registers at a time.
CK_INLINE void ck_block_product(const float *weights, size_t row_step, size_t sum_step,
                                const float *values, float *sums, size_t stride, const int S,
                                const int R) {
  for (size_t first = 0; first < CK_BLOCK; first += (size_t)R) {
    // A row is two vectors of 16, or of 16 and 8; rows that need not all of them leave some unused.
    ck_v16 wide[16], more[16];
    ck_v8 half[16];
    ck_v4 quarter[16];
    // Each block is summed on its own before it is added: the fewer small terms meet a large sum, the
    // less is rounded away.
#pragma unroll
    for (int r = 0; r < R; r++) {
      wide[r] = more[r] = (ck_v16){0};
      half[r] = (ck_v8){0};
      quarter[r] = (ck_v4){0};
    }
    const float *factors = weights + first * row_step;
    for (size_t s = 0; s < CK_BLOCK; s++) {
      const float *value = values + s * stride;
#pragma unroll
      for (int r = 0; r < R; r++) {
        const float factor = factors[(size_t)r * row_step + s * sum_step];
        if (S >= 16) wide[r] += factor * *(const ck_v16 *)value;
        if (S >= 32) more[r] += factor * *(const ck_v16 *)(value + 16);
        if (S % 16 == 8) half[r] += factor * *(const ck_v8 *)(value + S - 8);
        if (S == 4) quarter[r] += factor * *(const ck_v4 *)value;
      }
    }
#pragma unroll
    for (int r = 0; r < R; r++) {
      float *row = sums + (first + (size_t)r) * stride;
      if (S >= 16) *(ck_v16 *)row += wide[r];
      if (S >= 32) *(ck_v16 *)(row + 16) += more[r];
      if (S % 16 == 8) *(ck_v8 *)(row + S - 8) += half[r];
      if (S == 4) *(ck_v4 *)row += quarter[r];
    }
  }
}

/// The product for rows of any length, 32 floats at a time; `many`: see CK_DEFINE_BY_REGISTERS.
CK_INLINE void ck_block_products(const float *weights, size_t row_step, size_t sum_step,
                                 const float *values, float *sums, size_t stride, const bool many) {
  for (size_t c = 0; c < stride; c += 32) {
    const size_t length = stride - c < 32 ? stride - c : 32;
#define CK_PRODUCT(S, R) \
  ck_block_product(weights, row_step, sum_step, values + c, sums + c, stride, S, R)
    switch (length) {
      case 4: CK_PRODUCT(4, 8); break;
      case 8: many ? CK_PRODUCT(8, 16) : CK_PRODUCT(8, 8); break;
      case 16: many ? CK_PRODUCT(16, 8) : CK_PRODUCT(16, 4); break;
      case 24: many ? CK_PRODUCT(24, 8) : CK_PRODUCT(24, 4); break;
      default: many ? CK_PRODUCT(32, 8) : CK_PRODUCT(32, 2); break;
    }
#undef CK_PRODUCT
  }
}

#endif
