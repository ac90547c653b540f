#ifndef CKERNELS_ROW_VECTORS_H
#define CKERNELS_ROW_VECTORS_H

#include <stddef.h>
#include <stdint.h>

#include "clones.h"

/// A point's channels in registers: as many whole vectors of 16 as fit, then one of 8, then one of 4.
///
/// Every function takes the number of floats `S`, a multiple of 4, as a constant after inlining, so
/// that loops unroll and what is unused vanishes.

typedef float ck_v4 __attribute__((vector_size(16), aligned(4)));
typedef float ck_v8 __attribute__((vector_size(32), aligned(4)));
typedef float ck_v16 __attribute__((vector_size(64), aligned(4)));
typedef int32_t ck_i4 __attribute__((vector_size(16), aligned(4)));
typedef int32_t ck_i8 __attribute__((vector_size(32), aligned(4)));
typedef int32_t ck_i16 __attribute__((vector_size(64), aligned(4)));

/// Floats of the longest row that is held in registers.
enum { CK_ROW_LIMIT = 64 };

typedef struct {
  ck_v16 wide[CK_ROW_LIMIT / 16];
  ck_v8 half;
  ck_v4 quarter;
} ck_row;

#define CK_HALF_AT(S) ((S) / 16 * 16)
#define CK_QUARTER_AT(S) ((S) / 8 * 8)
#define CK_HAS_HALF(S) ((S) % 16 >= 8)
#define CK_HAS_QUARTER(S) ((S) % 8 >= 4)

CK_INLINE ck_row ck_row_load(const float *p, const int S) {
  ck_row r;
#pragma unroll
  for (int k = 0; k < S / 16; k++) r.wide[k] = *(const ck_v16 *)(p + 16 * k);
  if (CK_HAS_HALF(S)) r.half = *(const ck_v8 *)(p + CK_HALF_AT(S));
  if (CK_HAS_QUARTER(S)) r.quarter = *(const ck_v4 *)(p + CK_QUARTER_AT(S));
  return r;
}

CK_INLINE void ck_row_store(ck_row r, float *p, const int S) {
#pragma unroll
  for (int k = 0; k < S / 16; k++) *(ck_v16 *)(p + 16 * k) = r.wide[k];
  if (CK_HAS_HALF(S)) *(ck_v8 *)(p + CK_HALF_AT(S)) = r.half;
  if (CK_HAS_QUARTER(S)) *(ck_v4 *)(p + CK_QUARTER_AT(S)) = r.quarter;
}

/// Asks for a row's cache lines.
CK_INLINE void ck_row_prefetch(const float *p, const int S) {
#pragma unroll
  for (int k = 0; k < S; k += 16) __builtin_prefetch(p + k);
}

/// a + weight · b.
CK_INLINE ck_row ck_row_add(ck_row a, float weight, ck_row b, const int S) {
#pragma unroll
  for (int k = 0; k < S / 16; k++) a.wide[k] += weight * b.wide[k];
  if (CK_HAS_HALF(S)) a.half += weight * b.half;
  if (CK_HAS_QUARTER(S)) a.quarter += weight * b.quarter;
  return a;
}

CK_INLINE ck_row ck_row_multiply(ck_row a, ck_row b, const int S) {
#pragma unroll
  for (int k = 0; k < S / 16; k++) a.wide[k] *= b.wide[k];
  if (CK_HAS_HALF(S)) a.half *= b.half;
  if (CK_HAS_QUARTER(S)) a.quarter *= b.quarter;
  return a;
}

CK_INLINE ck_row ck_row_scale(ck_row a, float weight, const int S) {
#pragma unroll
  for (int k = 0; k < S / 16; k++) a.wide[k] *= weight;
  if (CK_HAS_HALF(S)) a.half *= weight;
  if (CK_HAS_QUARTER(S)) a.quarter *= weight;
  return a;
}

/// b where `mask` is false, a where it is true; compilers see a minimum or maximum in it.
#define CK_SELECT(mask, a, b) \
  ((__typeof__(a))(((mask) & (__typeof__(mask))(a)) | (~(mask) & (__typeof__(mask))(b))))
#define CK_MIN(a, b) CK_SELECT((a) < (b), a, b)
#define CK_MAX(a, b) CK_SELECT((a) > (b), a, b)
#define CK_LOW8(v) __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7)
#define CK_HIGH8(v) __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15)
#define CK_LOW4(v) __builtin_shufflevector(v, v, 0, 1, 2, 3)
#define CK_HIGH4(v) __builtin_shufflevector(v, v, 4, 5, 6, 7)

/// Folds a row to one number: first vectors of 16 together, then halves, in a fixed order.
#define CK_ROW_FOLD(name, OP)                                                        \
  CK_INLINE float name(ck_row r, const int S) {                                      \
    ck_v4 four;                                                                      \
    if (S >= 8) {                                                                    \
      ck_v8 eight;                                                                   \
      if (S >= 16) {                                                                 \
        ck_v16 all = r.wide[0];                                                      \
        _Pragma("unroll") for (int k = 1; k < S / 16; k++) all = OP(all, r.wide[k]); \
        ck_v8 low = CK_LOW8(all), high = CK_HIGH8(all);                              \
        eight = OP(low, high);                                                       \
        if (CK_HAS_HALF(S)) eight = OP(eight, r.half);                               \
      } else {                                                                       \
        eight = r.half;                                                              \
      }                                                                              \
      ck_v4 low = CK_LOW4(eight), high = CK_HIGH4(eight);                            \
      four = OP(low, high);                                                          \
      if (CK_HAS_QUARTER(S)) four = OP(four, r.quarter);                             \
    } else {                                                                         \
      four = r.quarter;                                                              \
    }                                                                                \
    ck_v4 swapped = __builtin_shufflevector(four, four, 2, 3, 0, 1);                 \
    four = OP(four, swapped);                                                        \
    swapped = __builtin_shufflevector(four, four, 1, 0, 3, 2);                       \
    four = OP(four, swapped);                                                        \
    return four[0];                                                                  \
  }

#define CK_PLUS(a, b) ((a) + (b))
CK_ROW_FOLD(ck_row_lowest, CK_MIN)
CK_ROW_FOLD(ck_row_highest, CK_MAX)
CK_ROW_FOLD(ck_row_sum, CK_PLUS)

/// e^(origin − x) for x ≥ origin, to 3e-7 of the largest value, which is 1; 0 where a float underflows.
///
/// 2ᵗ = 2ⁿ·2ᶠ with n the integer next to t, found by adding 1.5·2²³, after which n stands in the low
/// bits. 2ᶠ is the polynomial of degree 5 whose largest relative error on |f| ≤ ½ is least (7.5e-8,
/// by Remez's algorithm).
#define CK_EXPONENTIAL(name, V, I)                                   \
  CK_INLINE void name(float origin, V *x) {                          \
    V t = (origin - *x) * 1.44269504f;                               \
    V least = {0};                                                   \
    least -= 126.0f;                                                 \
    t = CK_MAX(t, least);                                            \
    V shifted = t + 12582912.0f;                                     \
    V f = t - (shifted - 12582912.0f);                               \
    V p = f * 0.0013276472f + 0.00967554133f;                        \
    p = p * f + 0.0555071327f;                                       \
    p = p * f + 0.240221197f;                                        \
    p = p * f + 0.693146967f;                                        \
    p = p * f + 1.00000007f;                                         \
    I bits = ((I)shifted << 23) + 0x3F800000;                        \
    V result = p * (V)bits;                                          \
    *x = (V)((I)result & (t > least));                               \
  }
CK_EXPONENTIAL(ck_exponential4, ck_v4, ck_i4)
CK_EXPONENTIAL(ck_exponential8, ck_v8, ck_i8)
CK_EXPONENTIAL(ck_exponential16, ck_v16, ck_i16)

CK_INLINE ck_row ck_row_exponential(float origin, ck_row x, const int S) {
#pragma unroll
  for (int k = 0; k < S / 16; k++) ck_exponential16(origin, &x.wide[k]);
  if (CK_HAS_HALF(S)) ck_exponential8(origin, &x.half);
  if (CK_HAS_QUARTER(S)) ck_exponential4(origin, &x.quarter);
  return x;
}

/// |a − b|.
CK_INLINE ck_row ck_row_distance(ck_row a, ck_row b, const int S) {
#pragma unroll
  for (int k = 0; k < S / 16; k++) {
    a.wide[k] = CK_MAX(a.wide[k] - b.wide[k], b.wide[k] - a.wide[k]);
  }
  if (CK_HAS_HALF(S)) a.half = CK_MAX(a.half - b.half, b.half - a.half);
  if (CK_HAS_QUARTER(S)) a.quarter = CK_MAX(a.quarter - b.quarter, b.quarter - a.quarter);
  return a;
}

/// The larger of each pair.
CK_INLINE ck_row ck_row_larger(ck_row a, ck_row b, const int S) {
#pragma unroll
  for (int k = 0; k < S / 16; k++) a.wide[k] = CK_MAX(a.wide[k], b.wide[k]);
  if (CK_HAS_HALF(S)) a.half = CK_MAX(a.half, b.half);
  if (CK_HAS_QUARTER(S)) a.quarter = CK_MAX(a.quarter, b.quarter);
  return a;
}

/// Calls `BODY(S)` with the constant that equals `stride`, or `OTHER` where there is none.
#define CK_FOR_STRIDE(stride, BODY, OTHER)                                     \
  switch (stride) {                                                            \
    case 4: BODY(4); break;                                                    \
    case 8: BODY(8); break;                                                    \
    case 12: BODY(12); break;                                                  \
    case 16: BODY(16); break;                                                  \
    case 20: BODY(20); break;                                                  \
    case 24: BODY(24); break;                                                  \
    case 28: BODY(28); break;                                                  \
    case 32: BODY(32); break;                                                  \
    case 36: BODY(36); break;                                                  \
    case 40: BODY(40); break;                                                  \
    case 48: BODY(48); break;                                                  \
    case 60: BODY(60); break;                                                  \
    case 64: BODY(64); break;                                                  \
    default: OTHER; break;                                                     \
  }

#endif
