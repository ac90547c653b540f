#include "include/ckernels_box.h"

#include "clones.h"
#include "row_vectors.h"

typedef double ck_d2 __attribute__((vector_size(16), aligned(8)));
typedef double ck_d4 __attribute__((vector_size(32), aligned(8)));
typedef double ck_d8 __attribute__((vector_size(64), aligned(8)));

/// COUNT vectors of each entry of a block. Its sums from each entry on take its place, and what the next
/// block begins with is added to them on the way to `to`; columns of entries stay in the first-level cache.
#define CK_DEFINE_BOX(name, ELEMENT, VECTOR, COUNT)                                            \
  CK_INLINE void name(ELEMENT *block, const ELEMENT *next, ELEMENT *to, size_t step,           \
                      size_t window, size_t count) {                                           \
    enum { WIDTH = sizeof(VECTOR) / sizeof(ELEMENT) };                                         \
    VECTOR sums[COUNT] = {{0}};                                                                \
    for (size_t i = window; i-- > 0;) {                                                        \
      ELEMENT *entry = block + i * step;                                                       \
      _Pragma("unroll") for (int k = 0; k < COUNT; k++) {                                      \
        sums[k] += *(const VECTOR *)(entry + k * WIDTH);                                       \
        *(VECTOR *)(entry + k * WIDTH) = sums[k];                                              \
      }                                                                                        \
    }                                                                                          \
    _Pragma("unroll") for (int k = 0; k < COUNT; k++) {                                        \
      *(VECTOR *)(to + k * WIDTH) = sums[k];                                                   \
      sums[k] = (VECTOR){0};                                                                   \
    }                                                                                          \
    for (size_t i = 1; i < count; i++) {                                                       \
      const ELEMENT *entry = block + i * step, *added = next + (i - 1) * step;                 \
      _Pragma("unroll") for (int k = 0; k < COUNT; k++) {                                      \
        sums[k] += *(const VECTOR *)(added + k * WIDTH);                                       \
        *(VECTOR *)(to + i * step + k * WIDTH) =                                               \
            *(const VECTOR *)(entry + k * WIDTH) + sums[k];                                    \
      }                                                                                        \
    }                                                                                          \
  }

CK_DEFINE_BOX(box_four_wides, float, ck_v16, 4)
CK_DEFINE_BOX(box_two_wides, float, ck_v16, 2)
CK_DEFINE_BOX(box_wide, float, ck_v16, 1)
CK_DEFINE_BOX(box_half, float, ck_v8, 1)
CK_DEFINE_BOX(box_quarter, float, ck_v4, 1)
CK_DEFINE_BOX(box_two_wides_double, double, ck_d8, 2)
CK_DEFINE_BOX(box_wide_double, double, ck_d8, 1)
CK_DEFINE_BOX(box_half_double, double, ck_d4, 1)
CK_DEFINE_BOX(box_quarter_double, double, ck_d2, 1)

/// Calls `PIECE(box, first, width)` for the pieces of `count` values that registers hold.
#define CK_BOX_PIECES(count, PIECE)                                       \
  do {                                                                    \
    size_t i_ = 0;                                                        \
    for (; i_ + 64 <= (count); i_ += 64) { PIECE(box_four_wides, i_); }   \
    for (; i_ + 32 <= (count); i_ += 32) { PIECE(box_two_wides, i_); }    \
    for (; i_ + 16 <= (count); i_ += 16) { PIECE(box_wide, i_); }         \
    for (; i_ + 8 <= (count); i_ += 8) { PIECE(box_half, i_); }           \
    for (; i_ + 4 <= (count); i_ += 4) { PIECE(box_quarter, i_); }        \
  } while (0)
#define CK_BOX_PIECES_DOUBLE(count, PIECE)                                      \
  do {                                                                          \
    size_t i_ = 0;                                                              \
    for (; i_ + 16 <= (count); i_ += 16) { PIECE(box_two_wides_double, i_); }   \
    for (; i_ + 8 <= (count); i_ += 8) { PIECE(box_wide_double, i_); }          \
    for (; i_ + 4 <= (count); i_ += 4) { PIECE(box_half_double, i_); }          \
    for (; i_ + 2 <= (count); i_ += 2) { PIECE(box_quarter_double, i_); }       \
  } while (0)

#define CK_DEFINE_BOXES(sums, planes, ELEMENT, PIECES)                                          \
  CK_INLINE void sums(ELEMENT *values, size_t outer, size_t length, size_t inner,               \
                      size_t radius) {                                                          \
    const size_t window = 2 * radius + 1, results = length - 2 * radius;                        \
    for (size_t k = 0; k < outer; k++) {                                                        \
      ELEMENT *from = values + k * length * inner, *to = values + k * results * inner;          \
      PIECES(inner, CK_BOX_ALONG_LINE);                                                         \
    }                                                                                           \
  }                                                                                             \
                                                                                                \
  CK_INLINE void planes(ELEMENT *block, const ELEMENT *next, size_t pitch, size_t window,       \
                        size_t count, size_t size) {                                            \
    PIECES(size, CK_BOX_ACROSS_PLANES);                                                         \
  }

#define CK_BOX_ALONG_LINE(box, i)                                                        \
  for (size_t first = 0; first < results; first += window) {                             \
    box(from + first * inner + (i), from + (first + window) * inner + (i),               \
        to + first * inner + (i), inner, window,                                         \
        results - first < window ? results - first : window);                            \
  }
#define CK_BOX_ACROSS_PLANES(box, i) \
  box(block + (i), next + (i), block + (i), pitch, window, count)

CK_DEFINE_BOXES(box_sums, box_planes, float, CK_BOX_PIECES)
CK_DEFINE_BOXES(box_sums_double, box_planes_double, double, CK_BOX_PIECES_DOUBLE)

CK_DEFINE_WIDE(ck_box_sums, (float *values, size_t outer, size_t length, size_t inner, size_t radius),
               (values, outer, length, inner, radius), box_sums)
CK_DEFINE_WIDE(ck_box_sums_double,
               (double *values, size_t outer, size_t length, size_t inner, size_t radius),
               (values, outer, length, inner, radius), box_sums_double)
CK_DEFINE_WIDE(ck_box_planes,
               (float *block, const float *next, size_t pitch, size_t window, size_t count,
                size_t size),
               (block, next, pitch, window, count, size), box_planes)
CK_DEFINE_WIDE(ck_box_planes_double,
               (double *block, const double *next, size_t pitch, size_t window, size_t count,
                size_t size),
               (block, next, pitch, window, count, size), box_planes_double)
