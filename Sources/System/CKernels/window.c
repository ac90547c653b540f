#include "include/ckernels_window.h"

#include <string.h>

#include "block_pairs.h"
#include "clones.h"
#include "row_vectors.h"

/// Floats of one offset's weights: those of a line, and what vectors write beyond it.
CK_INLINE size_t weight_pitch(const ck_near *window) {
  return (window->length + CK_NEAR_PADDING + 15) / 16 * 16;
}

size_t ck_near_scratch(const ck_near *window) {
  return (2 * window->radius + 1) * weight_pitch(window);
}

/// The offset's points of the target line that have a partner in the source line: first ..< end.
CK_INLINE void partners(const ck_near *window, ptrdiff_t offset, size_t *first, size_t *end) {
  const ptrdiff_t length = (ptrdiff_t)window->length;
  const ptrdiff_t last = offset > 0 ? length - offset : length;
  *first = offset < 0 ? (size_t)-offset : 0;
  *end = last > 0 ? (size_t)last : 0;
}

/// weights[x − first] for the target's points that have a partner `offset` points further.
CK_INLINE void weigh_offset(const ck_near *window, size_t target, size_t source, ptrdiff_t offset,
                            float *weights) {
  size_t first, end;
  partners(window, offset, &first, &end);
  for (size_t x = first; x < end; x += 16) {
    ck_v16 distance = {0};
    const size_t partner = source + (size_t)((ptrdiff_t)x + offset);
    for (int32_t k = 0; k < window->dimensions; k++) {
      const float *plane = window->features + (size_t)k * window->plane;
      const ck_v16 here = *(const ck_v16 *)(plane + target + x);
      const ck_v16 difference = here - *(const ck_v16 *)(plane + partner);
      distance += difference * difference;
    }
    ck_write_gaussian(&distance, weights + x);
  }
  if (window->skips_own && target == source && offset == 0) {
    memset(weights, 0, window->length * sizeof *weights);
  }
}

CK_INLINE void add_values(const ck_near *window, size_t target, size_t source,
                          const float *values, size_t stride, const float *weights, float *sums,
                          const int S) {
  const ptrdiff_t length = (ptrdiff_t)window->length, radius = (ptrdiff_t)window->radius;
  const size_t pitch = weight_pitch(window);
  for (ptrdiff_t x = 0; x < length; x++) {
    float *output = sums + (target + (size_t)x) * stride;
    ck_row sum = ck_row_load(output, S);
    const ptrdiff_t low = x < radius ? -x : -radius;
    const ptrdiff_t high = length - 1 - x < radius ? length - 1 - x : radius;
    for (ptrdiff_t offset = low; offset <= high; offset++) {
      const float weight = weights[(size_t)(offset + radius) * pitch + (size_t)x];
      const float *value = values + (source + (size_t)(x + offset)) * stride;
      sum = ck_row_add(sum, weight, ck_row_load(value, S), S);
    }
    ck_row_store(sum, output, S);
  }
}

CK_INLINE void add_strides(const ck_near *window, size_t target, size_t source,
                           const float *values, size_t stride, const float *weights, float *sums,
                           const int S) {
#define CK_ADD_VALUES(CHANNEL, PIECE)                                                           \
  add_values(window, target, source, values + (CHANNEL), stride, weights, sums + (CHANNEL), PIECE)
  CK_FOR_PIECES(S, stride, CK_ADD_VALUES);
}

CK_INLINE void add_line(const ck_near *window, size_t target, size_t source, const float *values,
                        size_t stride, float *sums, float *scratch) {
  const ptrdiff_t radius = (ptrdiff_t)window->radius;
  for (ptrdiff_t offset = -radius; offset <= radius; offset++) {
    weigh_offset(
        window, target, source, offset, scratch + (size_t)(offset + radius) * weight_pitch(window));
  }
#define CK_ADD_STRIDE(S) add_strides(window, target, source, values, stride, scratch, sums, S)
  CK_FOR_STRIDE(stride, CK_ADD_STRIDE)
}

CK_DEFINE_WIDE(ck_near_line,
               (const ck_near *window, size_t target, size_t source, const float *values,
                size_t stride, float *sums, float *scratch),
               (window, target, source, values, stride, sums, scratch), add_line)
