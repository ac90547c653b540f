#ifndef CKERNELS_ROW_VECTORS_H
#define CKERNELS_ROW_VECTORS_H

#include <stddef.h>
#include <stdint.h>

#include "clones.h"

/// A point's channels in registers: as many vectors of 16 floats as fit, and one of 8 or of 4.
///
/// Every function takes the number of floats `S` (4, or a multiple of 8, up to CK_ROW_LIMIT) as a
/// constant after inlining, so that loops unroll and what is unused vanishes.

typedef float ck_v4 __attribute__((vector_size(16), aligned(4)));
typedef float ck_v8 __attribute__((vector_size(32), aligned(4)));
typedef float ck_v16 __attribute__((vector_size(64), aligned(4)));
typedef int32_t ck_i16 __attribute__((vector_size(64), aligned(4)));

/// Floats of the longest row that is held in registers.
enum { CK_ROW_LIMIT = 32 };

typedef struct {
  ck_v16 wide[CK_ROW_LIMIT / 16];
  ck_v8 half;
  ck_v4 quarter;
} ck_row;

/// What a row of S floats has.
#define CK_WIDES(S) ((S) / 16)
#define CK_HAS_HALF(S) ((S) % 16 == 8)
#define CK_HAS_QUARTER(S) ((S) % 16 == 4)
/// Floats of the last, narrower vector; 0 where there is none.
#define CK_TAIL(S) ((S) % 16)

/// Rows in panels: `count` rows of the first 16 channels, then of the next 16, and so on; the last
/// panel has what is left, 8 or 4. So no access crosses a cache line, and a panel at a time fits into
/// a cache where whole rows would not.
typedef struct {
  float *wide;
  float *tail;
  size_t pitch;
} ck_panels;

/// The panels from channel `channel` (a multiple of 16) on, and from row `first` on, of the `count`
/// rows that begin at `base`.
CK_INLINE ck_panels ck_panels_of(float *base, size_t count, size_t first, size_t channel,
                                 const int S) {
  float *wide = base + channel * count;
  ck_panels p = {wide + first * 16, wide + CK_WIDES(S) * 16 * count + first * CK_TAIL(S),
                 16 * count};
  return p;
}

CK_INLINE ck_row ck_panels_load(ck_panels p, size_t row, const int S) {
  ck_row r;
#pragma unroll
  for (int k = 0; k < CK_WIDES(S); k++) {
    r.wide[k] = *(const ck_v16 *)(p.wide + (size_t)k * p.pitch + row * 16);
  }
  if (CK_HAS_HALF(S)) r.half = *(const ck_v8 *)(p.tail + row * 8);
  if (CK_HAS_QUARTER(S)) r.quarter = *(const ck_v4 *)(p.tail + row * 4);
  return r;
}

CK_INLINE void ck_panels_store(ck_row r, ck_panels p, size_t row, const int S) {
#pragma unroll
  for (int k = 0; k < CK_WIDES(S); k++) {
    *(ck_v16 *)(p.wide + (size_t)k * p.pitch + row * 16) = r.wide[k];
  }
  if (CK_HAS_HALF(S)) *(ck_v8 *)(p.tail + row * 8) = r.half;
  if (CK_HAS_QUARTER(S)) *(ck_v4 *)(p.tail + row * 4) = r.quarter;
}

/// A row whose channels are neighbours.
CK_INLINE ck_row ck_row_load(const float *p, const int S) {
  ck_row r;
#pragma unroll
  for (int k = 0; k < CK_WIDES(S); k++) r.wide[k] = *(const ck_v16 *)(p + 16 * k);
  if (CK_HAS_HALF(S)) r.half = *(const ck_v8 *)(p + S - 8);
  if (CK_HAS_QUARTER(S)) r.quarter = *(const ck_v4 *)(p + S - 4);
  return r;
}

CK_INLINE void ck_row_store(ck_row r, float *p, const int S) {
#pragma unroll
  for (int k = 0; k < CK_WIDES(S); k++) *(ck_v16 *)(p + 16 * k) = r.wide[k];
  if (CK_HAS_HALF(S)) *(ck_v8 *)(p + S - 8) = r.half;
  if (CK_HAS_QUARTER(S)) *(ck_v4 *)(p + S - 4) = r.quarter;
}

/// a + weight · b.
CK_INLINE ck_row ck_row_add(ck_row a, float weight, ck_row b, const int S) {
#pragma unroll
  for (int k = 0; k < CK_WIDES(S); k++) a.wide[k] += weight * b.wide[k];
  if (CK_HAS_HALF(S)) a.half += weight * b.half;
  if (CK_HAS_QUARTER(S)) a.quarter += weight * b.quarter;
  return a;
}

CK_INLINE ck_row ck_row_multiply(ck_row a, ck_row b, const int S) {
#pragma unroll
  for (int k = 0; k < CK_WIDES(S); k++) a.wide[k] *= b.wide[k];
  if (CK_HAS_HALF(S)) a.half *= b.half;
  if (CK_HAS_QUARTER(S)) a.quarter *= b.quarter;
  return a;
}

CK_INLINE ck_row ck_row_scale(ck_row a, float weight, const int S) {
#pragma unroll
  for (int k = 0; k < CK_WIDES(S); k++) a.wide[k] *= weight;
  if (CK_HAS_HALF(S)) a.half *= weight;
  if (CK_HAS_QUARTER(S)) a.quarter *= weight;
  return a;
}

/// b where `mask` is false, a where it is true; compilers see a minimum or maximum in it.
#define CK_SELECT(mask, a, b) \
  ((__typeof__(a))(((mask) & (__typeof__(mask))(a)) | (~(mask) & (__typeof__(mask))(b))))
#define CK_MIN(a, b) CK_SELECT((a) < (b), a, b)
#define CK_MAX(a, b) CK_SELECT((a) > (b), a, b)
#define CK_PLUS(a, b) ((a) + (b))
#define CK_LOW8(v) __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7)
#define CK_HIGH8(v) __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15)

/// 2ᵗ for t from −126 to 126, and anything at all beyond.
///
/// 2ᵗ = 2ⁿ·2ᶠ with n the integer next to t, found by adding 1.5·2²³, after which n stands in the low
/// bits. 2ᶠ is the polynomial of degree 5 whose largest relative error on |f| ≤ ½ is least (7.5e-8,
/// by Remez's algorithm). By name, since 64 bytes are passed differently by instruction set.
#define CK_NORMAL_POWERS_OF_TWO(result, exponents)               \
  do {                                                           \
    const ck_v16 t_ = (exponents);                               \
    const ck_v16 shifted_ = t_ + 12582912.0f;                    \
    const ck_v16 f_ = t_ - (shifted_ - 12582912.0f);             \
    ck_v16 p_ = f_ * 0.0013276472f + 0.00967554133f;             \
    p_ = p_ * f_ + 0.0555071327f;                                \
    p_ = p_ * f_ + 0.240221197f;                                 \
    p_ = p_ * f_ + 0.693146967f;                                 \
    p_ = p_ * f_ + 1.00000007f;                                  \
    const ck_i16 power_ = ((ck_i16)shifted_ << 23) + 0x3F800000; \
    (result) = p_ * (ck_v16)power_;                              \
  } while (0)

/// 2ᵗ for t ≤ 0, to 3e-7 of the largest possible value, 1; 0 below 2⁻¹⁰⁰, so that what is multiplied
/// with weights stays clear of the numbers that processors are slow with. NaN stays NaN, to be seen.
#define CK_POWERS_OF_TWO(result, exponents)                                     \
  do {                                                                          \
    const ck_v16 least_ = (ck_v16){0} - 100.0f;                                 \
    const ck_v16 given_ = (exponents);                                          \
    const ck_i16 vanishes_ = given_ <= least_;                                  \
    ck_v16 product_;                                                            \
    CK_NORMAL_POWERS_OF_TWO(product_, CK_SELECT(vanishes_, least_, given_));    \
    (result) = (ck_v16)((ck_i16)product_ & ~vanishes_);                         \
  } while (0)

/// Folds eight vectors of eight to one: lane i of `results` becomes OP over the lanes of vector i.
#define CK_FOLD_EIGHT(results, vectors, OP)                                                   \
  do {                                                                                        \
    const float *v_ = (vectors);                                                              \
    ck_v8 pair_[4], four_[2];                                                                 \
    _Pragma("unroll") for (int k_ = 0; k_ < 4; k_++) {                                        \
      const ck_v8 a_ = *(const ck_v8 *)(v_ + 16 * k_);                                        \
      const ck_v8 b_ = *(const ck_v8 *)(v_ + 16 * k_ + 8);                                    \
      const ck_v8 even_ = __builtin_shufflevector(a_, b_, 0, 2, 8, 10, 4, 6, 12, 14);         \
      const ck_v8 odd_ = __builtin_shufflevector(a_, b_, 1, 3, 9, 11, 5, 7, 13, 15);          \
      pair_[k_] = OP(even_, odd_);                                                            \
    }                                                                                         \
    _Pragma("unroll") for (int k_ = 0; k_ < 2; k_++) {                                        \
      const ck_v8 a_ = pair_[2 * k_], b_ = pair_[2 * k_ + 1];                                 \
      const ck_v8 even_ = __builtin_shufflevector(a_, b_, 0, 2, 8, 10, 4, 6, 12, 14);         \
      const ck_v8 odd_ = __builtin_shufflevector(a_, b_, 1, 3, 9, 11, 5, 7, 13, 15);          \
      four_[k_] = OP(even_, odd_);                                                            \
    }                                                                                         \
    const ck_v8 low_ = __builtin_shufflevector(four_[0], four_[1], 0, 1, 2, 3, 8, 9, 10, 11); \
    const ck_v8 high_ =                                                                       \
        __builtin_shufflevector(four_[0], four_[1], 4, 5, 6, 7, 12, 13, 14, 15);              \
    *(ck_v8 *)(results) = OP(low_, high_);                                                    \
  } while (0)

/// The largest of `largest` and |a − b|, channel by channel.
CK_INLINE ck_row ck_row_change(ck_row largest, ck_row a, ck_row b, const int S) {
#pragma unroll
  for (int k = 0; k < CK_WIDES(S); k++) {
    const ck_v16 moved = CK_MAX(a.wide[k] - b.wide[k], b.wide[k] - a.wide[k]);
    largest.wide[k] = CK_MAX(largest.wide[k], moved);
  }
  if (CK_HAS_HALF(S)) {
    const ck_v8 moved = CK_MAX(a.half - b.half, b.half - a.half);
    largest.half = CK_MAX(largest.half, moved);
  }
  if (CK_HAS_QUARTER(S)) {
    const ck_v4 moved = CK_MAX(a.quarter - b.quarter, b.quarter - a.quarter);
    largest.quarter = CK_MAX(largest.quarter, moved);
  }
  return largest;
}

CK_INLINE float ck_row_largest(ck_row row, const int S) {
  float values[CK_ROW_LIMIT];
  ck_row_store(row, values, S);
  float largest = values[0];
  for (int c = 1; c < S; c++) largest = values[c] > largest ? values[c] : largest;
  return largest;
}

/// Calls `BODY(S)` with the constant that equals a panel's `width`.
#define CK_FOR_WIDTH(width, BODY) \
  switch (width) {                \
    case 4: BODY(4); break;       \
    case 8: BODY(8); break;       \
    default: BODY(16); break;     \
  }

/// Calls `BODY(S)` with the constant that equals `stride`, or with 0 where rows are longer than that.
#define CK_FOR_STRIDE(stride, BODY) \
  switch (stride) {                 \
    case 4: BODY(4); break;         \
    case 8: BODY(8); break;         \
    case 16: BODY(16); break;       \
    case 24: BODY(24); break;       \
    case 32: BODY(32); break;       \
    default: BODY(0); break;        \
  }

/// Calls `BODY(channel, S)` for the pieces of a row that registers hold: the first channel and the
/// constant number of them. `S` is the row's constant, or 0 where its `stride` floats are too many.
#define CK_FOR_PIECES(S, stride, BODY)                                              \
  do {                                                                              \
    if ((S) != 0) {                                                                 \
      BODY(0, S);                                                                   \
    } else {                                                                        \
      size_t channel_ = 0;                                                          \
      for (; channel_ + 32 <= (stride); channel_ += 32) { BODY(channel_, 32); }     \
      if (channel_ + 16 <= (stride)) { BODY(channel_, 16); channel_ += 16; }        \
      if (channel_ < (stride)) { BODY(channel_, 8); }                               \
    }                                                                               \
  } while (0)

#endif
