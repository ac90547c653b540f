#ifndef CKERNELS_ROW_VECTORS_H
#define CKERNELS_ROW_VECTORS_H

#include <stddef.h>
#include <stdint.h>

#include "clones.h"

/// A point's channels in registers: vectors of 16, of 8 or of 4 floats, all of one kind, the widest that
/// divides the row. Then no access crosses a cache line, which would cost more than narrower vectors
/// do: rows are written and soon read again, and such stores are not forwarded to loads.
///
/// Every function takes the number of floats `S` (4, or a multiple of 8) as a constant after inlining,
/// so that loops unroll and what is unused vanishes.

typedef float ck_v4 __attribute__((vector_size(16), aligned(4)));
typedef float ck_v8 __attribute__((vector_size(32), aligned(4)));
typedef float ck_v16 __attribute__((vector_size(64), aligned(4)));
typedef int32_t ck_i16 __attribute__((vector_size(64), aligned(4)));

/// Floats of the longest row that is held in registers.
enum { CK_ROW_LIMIT = 64 };

typedef struct {
  ck_v16 wide[CK_ROW_LIMIT / 16];
  ck_v8 half[CK_ROW_LIMIT / 8];
  ck_v4 quarter;
} ck_row;

/// How many vectors of each kind a row of S floats has.
#define CK_WIDES(S) ((S) % 16 == 0 ? (S) / 16 : 0)
#define CK_HALVES(S) ((S) % 16 == 8 ? (S) / 8 : 0)
#define CK_HAS_QUARTER(S) ((S) == 4)

CK_INLINE ck_row ck_row_load(const float *p, const int S) {
  ck_row r;
#pragma unroll
  for (int k = 0; k < CK_WIDES(S); k++) r.wide[k] = *(const ck_v16 *)(p + 16 * k);
#pragma unroll
  for (int k = 0; k < CK_HALVES(S); k++) r.half[k] = *(const ck_v8 *)(p + 8 * k);
  if (CK_HAS_QUARTER(S)) r.quarter = *(const ck_v4 *)p;
  return r;
}

CK_INLINE void ck_row_store(ck_row r, float *p, const int S) {
#pragma unroll
  for (int k = 0; k < CK_WIDES(S); k++) *(ck_v16 *)(p + 16 * k) = r.wide[k];
#pragma unroll
  for (int k = 0; k < CK_HALVES(S); k++) *(ck_v8 *)(p + 8 * k) = r.half[k];
  if (CK_HAS_QUARTER(S)) *(ck_v4 *)p = r.quarter;
}

/// Asks for a row's cache lines.
CK_INLINE void ck_row_prefetch(const float *p, const int S) {
#pragma unroll
  for (int k = 0; k < S; k += 16) __builtin_prefetch(p + k);
}

/// a + weight · b.
CK_INLINE ck_row ck_row_add(ck_row a, float weight, ck_row b, const int S) {
#pragma unroll
  for (int k = 0; k < CK_WIDES(S); k++) a.wide[k] += weight * b.wide[k];
#pragma unroll
  for (int k = 0; k < CK_HALVES(S); k++) a.half[k] += weight * b.half[k];
  if (CK_HAS_QUARTER(S)) a.quarter += weight * b.quarter;
  return a;
}

CK_INLINE ck_row ck_row_multiply(ck_row a, ck_row b, const int S) {
#pragma unroll
  for (int k = 0; k < CK_WIDES(S); k++) a.wide[k] *= b.wide[k];
#pragma unroll
  for (int k = 0; k < CK_HALVES(S); k++) a.half[k] *= b.half[k];
  if (CK_HAS_QUARTER(S)) a.quarter *= b.quarter;
  return a;
}

CK_INLINE ck_row ck_row_scale(ck_row a, float weight, const int S) {
#pragma unroll
  for (int k = 0; k < CK_WIDES(S); k++) a.wide[k] *= weight;
#pragma unroll
  for (int k = 0; k < CK_HALVES(S); k++) a.half[k] *= weight;
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

/// Folds a row to one number: first whole vectors together, then halves, in a fixed order.
#define CK_ROW_FOLD(name, OP)                                                                  \
  CK_INLINE float name(ck_row r, const int S) {                                                \
    ck_v4 four = r.quarter;                                                                    \
    if (S >= 8) {                                                                              \
      ck_v8 eight = r.half[0];                                                                 \
      _Pragma("unroll") for (int k = 1; k < CK_HALVES(S); k++) eight = OP(eight, r.half[k]);   \
      if (CK_WIDES(S) > 0) {                                                                   \
        ck_v16 all = r.wide[0];                                                                \
        _Pragma("unroll") for (int k = 1; k < CK_WIDES(S); k++) all = OP(all, r.wide[k]);      \
        ck_v8 low = CK_LOW8(all), high = CK_HIGH8(all);                                        \
        eight = OP(low, high);                                                                 \
      }                                                                                        \
      ck_v4 low = CK_LOW4(eight), high = CK_HIGH4(eight);                                      \
      four = OP(low, high);                                                                    \
    }                                                                                          \
    ck_v4 swapped = __builtin_shufflevector(four, four, 2, 3, 0, 1);                           \
    four = OP(four, swapped);                                                                  \
    swapped = __builtin_shufflevector(four, four, 1, 0, 3, 2);                                 \
    four = OP(four, swapped);                                                                  \
    return four[0];                                                                            \
  }

#define CK_PLUS(a, b) ((a) + (b))
CK_ROW_FOLD(ck_row_lowest, CK_MIN)
CK_ROW_FOLD(ck_row_highest, CK_MAX)
CK_ROW_FOLD(ck_row_sum, CK_PLUS)

/// 2ᵗ of `count` values t ≤ 0, in place, to 3e-7 of the largest possible value, 1; 0 where a float
/// underflows. Values up to the next multiple of 16 are overwritten too.
///
/// 2ᵗ = 2ⁿ·2ᶠ with n the integer next to t, found by adding 1.5·2²³, after which n stands in the low
/// bits. 2ᶠ is the polynomial of degree 5 whose largest relative error on |f| ≤ ½ is least (7.5e-8,
/// by Remez's algorithm).
CK_INLINE void ck_powers_of_two(float *values, size_t count) {
  for (size_t i = 0; i < count; i += 16) {
    ck_v16 t = *(const ck_v16 *)(values + i);
    const ck_v16 least = (ck_v16){0} - 126.0f;
    const ck_i16 counts = t > least;
    t = CK_MAX(t, least);
    const ck_v16 shifted = t + 12582912.0f;
    const ck_v16 f = t - (shifted - 12582912.0f);
    ck_v16 p = f * 0.0013276472f + 0.00967554133f;
    p = p * f + 0.0555071327f;
    p = p * f + 0.240221197f;
    p = p * f + 0.693146967f;
    p = p * f + 1.00000007f;
    const ck_i16 power = ((ck_i16)shifted << 23) + 0x3F800000;
    const ck_v16 result = p * (ck_v16)power;
    *(ck_v16 *)(values + i) = (ck_v16)((ck_i16)result & counts);
  }
}

/// (origin − x) · log₂e: the exponents of e^(origin − x) to the base 2.
CK_INLINE ck_row ck_row_exponents(float origin, ck_row x, const int S) {
#pragma unroll
  for (int k = 0; k < CK_WIDES(S); k++) x.wide[k] = (origin - x.wide[k]) * 1.44269504f;
#pragma unroll
  for (int k = 0; k < CK_HALVES(S); k++) x.half[k] = (origin - x.half[k]) * 1.44269504f;
  if (CK_HAS_QUARTER(S)) x.quarter = (origin - x.quarter) * 1.44269504f;
  return x;
}

/// |a − b|.
CK_INLINE ck_row ck_row_distance(ck_row a, ck_row b, const int S) {
#pragma unroll
  for (int k = 0; k < CK_WIDES(S); k++) {
    a.wide[k] = CK_MAX(a.wide[k] - b.wide[k], b.wide[k] - a.wide[k]);
  }
#pragma unroll
  for (int k = 0; k < CK_HALVES(S); k++) {
    a.half[k] = CK_MAX(a.half[k] - b.half[k], b.half[k] - a.half[k]);
  }
  if (CK_HAS_QUARTER(S)) a.quarter = CK_MAX(a.quarter - b.quarter, b.quarter - a.quarter);
  return a;
}

/// The larger of each pair.
CK_INLINE ck_row ck_row_larger(ck_row a, ck_row b, const int S) {
#pragma unroll
  for (int k = 0; k < CK_WIDES(S); k++) a.wide[k] = CK_MAX(a.wide[k], b.wide[k]);
#pragma unroll
  for (int k = 0; k < CK_HALVES(S); k++) a.half[k] = CK_MAX(a.half[k], b.half[k]);
  if (CK_HAS_QUARTER(S)) a.quarter = CK_MAX(a.quarter, b.quarter);
  return a;
}

/// Calls `BODY(S)` with the constant that equals `stride`, or `OTHER` where there is none.
#define CK_FOR_STRIDE(stride, BODY, OTHER)                                     \
  switch (stride) {                                                            \
    case 4: BODY(4); break;                                                    \
    case 8: BODY(8); break;                                                    \
    case 16: BODY(16); break;                                                  \
    case 24: BODY(24); break;                                                  \
    case 32: BODY(32); break;                                                  \
    case 40: BODY(40); break;                                                  \
    case 48: BODY(48); break;                                                  \
    case 56: BODY(56); break;                                                  \
    case 64: BODY(64); break;                                                  \
    default: OTHER; break;                                                     \
  }

#endif
