#include <string.h>

#include "clones.h"
#include "include/ckernels_lines.h"
#include "row_vectors.h"

size_t ck_line_scratch(size_t length, size_t radius) {
  return 16 * (length + 2 * radius + CK_LINE_BLOCK);
}

/// Vectors of the type VECTOR; the line is copied between zeros first, so that no entry is special.
#define CK_DEFINE_LINE(name, VECTOR)                                                             \
  CK_INLINE void name(float *line, size_t length, size_t step, const float *taps, size_t radius, \
                      VECTOR *copy) {                                                            \
    memset(copy, 0, radius * sizeof(VECTOR));                                                    \
    for (size_t i = 0; i < length; i++) {                                                        \
      memcpy(copy + radius + i, line + i * step, sizeof(VECTOR));                                \
    }                                                                                            \
    memset(copy + radius + length, 0, (radius + CK_LINE_BLOCK) * sizeof(VECTOR));                \
    for (size_t first = 0; first < length; first += CK_LINE_BLOCK) {                             \
      VECTOR sums[CK_LINE_BLOCK] = {0};                                                          \
      for (size_t j = 0; j < 2 * radius + CK_LINE_BLOCK; j++) {                                  \
        const VECTOR value = copy[first + j];                                                    \
        const float *tap = taps + j;                                                             \
        _Pragma("unroll") for (int i = 0; i < CK_LINE_BLOCK; i++) {                              \
          sums[i] += value * tap[CK_LINE_BLOCK - 1 - i];                                         \
        }                                                                                        \
      }                                                                                          \
      const size_t block = length - first < CK_LINE_BLOCK ? length - first : CK_LINE_BLOCK;      \
      for (size_t i = 0; i < block; i++) {                                                       \
        memcpy(line + (first + i) * step, sums + i, sizeof(VECTOR));                             \
      }                                                                                          \
    }                                                                                            \
  }

CK_DEFINE_LINE(convolve_wide, ck_v16)
CK_DEFINE_LINE(convolve_half, ck_v8)
CK_DEFINE_LINE(convolve_quarter, ck_v4)

CK_INLINE void convolve_line(float *line, size_t length, size_t step, size_t width,
                             const float *taps, size_t radius, float *scratch) {
  switch (width) {
    case 16: convolve_wide(line, length, step, taps, radius, (ck_v16 *)scratch); break;
    case 8: convolve_half(line, length, step, taps, radius, (ck_v8 *)scratch); break;
    default: convolve_quarter(line, length, step, taps, radius, (ck_v4 *)scratch); break;
  }
}

CK_DEFINE_WIDE(ck_convolve_line,
               (float *line, size_t length, size_t step, size_t width, const float *taps,
                size_t radius, float *scratch),
               (line, length, step, width, taps, radius, scratch), convolve_line)
