#include "include/ckernels_box.h"

#include <string.h>

#include "clones.h"
#include "row_vectors.h"

typedef double ck_d2 __attribute__((vector_size(16), aligned(8)));
typedef double ck_d4 __attribute__((vector_size(32), aligned(8)));
typedef double ck_d8 __attribute__((vector_size(64), aligned(8)));

/// What becomes of a line's sums: nothing more; they begin a block of planes, the first or one that ends
/// with them; or they are added to what the last block has from the next plane on.
enum { BOX_PLAIN, BOX_FIRST, BOX_NEXT };

/// Values of a plane that are summed over slots together.
enum { BOX_CHUNK = 64 };

/// Entries before their slots are needed when they are asked for: they are in the second-level cache.
enum { BOX_AHEAD = 2 };

/// One line; COUNT vectors of each entry. In slots are the planes of this block so far and, behind them,
/// what the last block's later planes sum to from each on; `slot` is this plane's.
#define CK_DEFINE_BOX(name, ELEMENT, VECTOR, COUNT)                                              \
  CK_INLINE void name(ELEMENT *from, ELEMENT *to, size_t length, size_t step, size_t radius,     \
                      ELEMENT *slot, ELEMENT *prefix, size_t size, const int mode) {             \
    enum { WIDTH = sizeof(VECTOR) / sizeof(ELEMENT) };                                           \
    const size_t window = 2 * radius + 1, results = length - 2 * radius;                         \
    for (size_t first = 0; first < results; first += window) {                                   \
      const size_t end = results - first < window ? results : first + window;                    \
      VECTOR sums[COUNT] = {{0}};                                                                \
      for (size_t i = first + window; i-- > first;) {                                            \
        ELEMENT *entry = from + i * step;                                                        \
        _Pragma("unroll") for (int k = 0; k < COUNT; k++) {                                      \
          sums[k] += *(const VECTOR *)(entry + k * WIDTH);                                       \
          *(VECTOR *)(entry + k * WIDTH) = sums[k];                                              \
        }                                                                                        \
      }                                                                                          \
      _Pragma("unroll") for (int k = 0; k < COUNT; k++) sums[k] = (VECTOR){0};                   \
      for (size_t i = first; i < end; i++) {                                                     \
        const size_t place = i * step;                                                           \
        const ELEMENT *added = from + (i + 2 * radius) * step;                                   \
        _Pragma("unroll") for (int k = 0; k < COUNT; k++) {                                      \
          if (i > first) sums[k] += *(const VECTOR *)(added + k * WIDTH);                        \
          VECTOR sum = *(const VECTOR *)(from + place + k * WIDTH) + sums[k];                    \
          if (mode != BOX_PLAIN) {                                                               \
            ELEMENT *ahead = slot + place + BOX_AHEAD * step + k * WIDTH;                        \
            __builtin_prefetch(ahead, 1);                                                        \
            if (mode == BOX_NEXT) __builtin_prefetch(ahead + size);                              \
            VECTOR *before = (VECTOR *)(prefix + place + k * WIDTH);                             \
            *(VECTOR *)(slot + place + k * WIDTH) = sum;                                         \
            sum += *before;                                                                      \
            *before = sum;                                                                       \
            if (mode == BOX_NEXT) sum += *(const VECTOR *)(slot + size + place + k * WIDTH);     \
          }                                                                                      \
          *(VECTOR *)(to + place + k * WIDTH) = sum;                                             \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
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

/// Entries piece by piece, as many values of each as registers hold.
#define CK_BOX_PIECE(box, WIDTH) \
  for (; i + (WIDTH) <= inner; i += (WIDTH)) \
  box(from + i, to + i, length, inner, radius, slot + i, prefix + i, size, mode)

CK_INLINE void box_line(float *from, float *to, size_t length, size_t inner, size_t radius,
                        float *slot, float *prefix, size_t size, const int mode) {
  size_t i = 0;
  CK_BOX_PIECE(box_four_wides, 64);
  CK_BOX_PIECE(box_two_wides, 32);
  CK_BOX_PIECE(box_wide, 16);
  CK_BOX_PIECE(box_half, 8);
  CK_BOX_PIECE(box_quarter, 4);
}

CK_INLINE void box_line_double(double *from, double *to, size_t length, size_t inner, size_t radius,
                               double *slot, double *prefix, size_t size, const int mode) {
  size_t i = 0;
  CK_BOX_PIECE(box_two_wides_double, 16);
  CK_BOX_PIECE(box_wide_double, 8);
  CK_BOX_PIECE(box_half_double, 4);
  CK_BOX_PIECE(box_quarter_double, 2);
}

#define CK_DEFINE_BOXES(line, sums, step, settle, ELEMENT, PLANES)                               \
  CK_INLINE void sums(ELEMENT *values, size_t outer, size_t length, size_t inner,                \
                      size_t radius) {                                                           \
    ELEMENT none[1] = {0};                                                                       \
    for (size_t k = 0; k < outer; k++) {                                                         \
      line(values + k * length * inner, values + k * (length - 2 * radius) * inner, length,      \
           inner, radius, none, none, 0, BOX_PLAIN);                                             \
    }                                                                                            \
  }                                                                                              \
                                                                                                 \
  /* From each slot on, but for the first: how the block ends. */                                \
  CK_INLINE void settle(ELEMENT *slots, size_t window, size_t size, size_t count) {              \
    ELEMENT totals[BOX_CHUNK] = {0};                                                             \
    for (size_t k = window; k-- > 1;) {                                                          \
      ELEMENT *slot = slots + k * size;                                                          \
      for (size_t i = 0; i < count; i++) {                                                       \
        totals[i] += slot[i];                                                                    \
        slot[i] = totals[i];                                                                     \
      }                                                                                          \
    }                                                                                            \
  }                                                                                              \
                                                                                                 \
  CK_INLINE void step(PLANES planes, size_t index, ELEMENT *values, size_t length, size_t inner, \
                      size_t radius) {                                                           \
    if (planes.window == 1) {                                                                    \
      sums(values, 1, length, inner, radius);                                                    \
      return;                                                                                    \
    }                                                                                            \
    const size_t size = (length - 2 * radius) * inner, place = index % planes.window;            \
    ELEMENT *slot = planes.slots + place * size;                                                 \
    if (place == 0) memset(planes.prefix, 0, size * sizeof(ELEMENT));                            \
    if (index >= planes.window && place + 1 < planes.window) {                                   \
      line(values, values, length, inner, radius, slot, planes.prefix, size, BOX_NEXT);          \
      return;                                                                                    \
    }                                                                                            \
    line(values, values, length, inner, radius, slot, planes.prefix, size, BOX_FIRST);           \
    if (place + 1 < planes.window) return;                                                       \
    size_t first = 0;                                                                            \
    for (; first + BOX_CHUNK <= size; first += BOX_CHUNK) {                                      \
      settle(planes.slots + first, planes.window, size, BOX_CHUNK);                              \
    }                                                                                            \
    settle(planes.slots + first, planes.window, size, size - first);                             \
  }

CK_DEFINE_BOXES(box_line, box_sums, box_step, box_settle, float, ck_box_planes)
CK_DEFINE_BOXES(box_line_double, box_sums_double, box_step_double, box_settle_double, double,
                ck_box_planes_double)

CK_DEFINE_WIDE(ck_box_sums, (float *values, size_t outer, size_t length, size_t inner, size_t radius),
               (values, outer, length, inner, radius), box_sums)
CK_DEFINE_WIDE(ck_box_sums_double,
               (double *values, size_t outer, size_t length, size_t inner, size_t radius),
               (values, outer, length, inner, radius), box_sums_double)
CK_DEFINE_WIDE(ck_box_step,
               (ck_box_planes planes, size_t index, float *values, size_t length, size_t inner,
                size_t radius),
               (planes, index, values, length, inner, radius), box_step)
CK_DEFINE_WIDE(ck_box_step_double,
               (ck_box_planes_double planes, size_t index, double *values, size_t length,
                size_t inner, size_t radius),
               (planes, index, values, length, inner, radius), box_step_double)
