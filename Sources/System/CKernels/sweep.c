#include "include/ckernels_sweep.h"

#include <stdbool.h>
#include <string.h>

#include "row_vectors.h"

/// Points that pass through the stages together; their energies stay in the first-level cache, unless
/// rows are very long.
enum { BLOCK = 32 };

/// Points between two requests for what the next block reads first. All at once would take the place
/// of the misses that this block waits for.
enum { FETCH_EVERY = 8 };

/// Where stages begin in the scratch memory, in floats.
enum { FOLDED = 0, LOWEST = BLOCK * 8, INVERSES = LOWEST + BLOCK, VALUES = INVERSES + BLOCK };

size_t ck_sweep_scratch(size_t stride) { return VALUES + BLOCK * stride; }

size_t ck_sweep_reach_count(const uint32_t *visits, size_t visit_count) {
  size_t blocks = 0;
  for (size_t visit = 0; visit < visit_count; visit++) {
    blocks += (visits[2 * visit + 1] - visits[2 * visit] + BLOCK - 1) / BLOCK;
  }
  return blocks + 2;
}

CK_CLONES
void ck_sweep_reach(const uint32_t *vertices, bool is_by_point, int32_t corners, const uint32_t *visits,
                    size_t visit_count, uint32_t segment_rows, uint32_t *reach) {
  size_t block = 0, position = 0;
  uint32_t highest = 0;
  reach[0] = 0;
  for (size_t visit = 0; visit < visit_count; visit++) {
    const size_t end = visits[2 * visit + 1];
    for (size_t first = visits[2 * visit]; first < end; first += BLOCK) {
      const size_t count = end - first < BLOCK ? end - first : BLOCK;
      const uint32_t *used = vertices + (is_by_point ? first : position) * (size_t)corners;
      for (size_t k = 0; k < count * (size_t)corners; k++) {
        highest = used[k] + 1 > highest ? used[k] + 1 : highest;
      }
      position += count;
      reach[++block] = highest;
    }
  }
  reach[block] = segment_rows;
  reach[block + 1] = segment_rows;
}

/// What one block of points has on its way through the stages.
typedef struct {
  /// How many blocks were visited before.
  size_t index;
  /// The first point, how many were visited before it, and how many there are.
  size_t first;
  size_t position;
  size_t count;
  /// The first point of the next block.
  size_t next;
  size_t stride;
  /// Eight values a point, to be folded to one.
  float *folded;
  float *lowest;
  float *inverses;
  /// Energies, then unnormalised marginals, in panels of BLOCK rows.
  float *values;
} block_points;

CK_INLINE ck_panels values_of(block_points b, size_t channel, const int S) {
  return ck_panels_of(b.values, BLOCK, 0, channel, S);
}

CK_INLINE size_t corners_at(const ck_sweep_kernel *kernel, size_t point, size_t position) {
  return (kernel->is_by_point ? point : position) * (size_t)kernel->corners;
}

/// Where the vertices and weights of the first point are.
CK_INLINE size_t first_corner(block_points b, const ck_sweep_kernel *kernel) {
  return corners_at(kernel, b.first, b.position);
}

CK_INLINE void fetch(const void *block, size_t size) {
  for (size_t byte = 0; byte < size; byte += 64) __builtin_prefetch((const char *)block + byte);
}

/// Requests the energies of FETCH_EVERY points of the next block, from the i-th on.
CK_INLINE void fetch_unary(block_points b, const float *unary, size_t i) {
  fetch(unary + (b.next + i) * b.stride, FETCH_EVERY * b.stride * sizeof(float));
}

/// Requests the vertices and weights of FETCH_EVERY points of the next block, from the i-th on.
CK_INLINE void fetch_corners(block_points b, const ck_sweep_kernel *kernel, size_t i) {
  const size_t first = corners_at(kernel, b.next + i, b.position + b.count + i);
  const size_t count = FETCH_EVERY * (size_t)kernel->corners;
  fetch(kernel->vertices + first, count * sizeof(uint32_t));
  fetch(kernel->weights + first, count * sizeof(float));
}

/// Requests a share of the rows that the next block reaches first, that of FETCH_EVERY points from the
/// i-th on.
CK_INLINE void fetch_rows(block_points b, const ck_sweep_kernel *kernel, ck_panels rows, size_t i,
                          const int S) {
  const size_t first = kernel->reach[b.index + 1];
  const size_t count = kernel->reach[b.index + 2] - first;
  const size_t end = first + count * (i + FETCH_EVERY) / BLOCK;
  for (size_t row = first + count * i / BLOCK; row < end; row++) {
#pragma unroll
    for (int k = 0; k < CK_WIDES(S); k++) {
      __builtin_prefetch(rows.wide + (size_t)k * rows.pitch + row * 16);
    }
    if (CK_TAIL(S) != 0) __builtin_prefetch(rows.tail + row * CK_TAIL(S));
  }
}

/// values = unary.
CK_INLINE void copy_unary(block_points b, const float *unary, size_t channel, const int S) {
  const ck_panels values = values_of(b, channel, S);
  for (size_t i = 0; i < b.count; i++) {
    if (channel == 0 && i % FETCH_EVERY == 0) fetch_unary(b, unary, i);
    ck_panels_store(ck_row_load(unary + (b.first + i) * b.stride + channel, S), values, i, S);
  }
}

/// values += one kernel's messages; where `unary` is not NULL, it stands for what `values` held.
/// Where `fetched` is not NULL, the next block's energies in it are requested.
CK_INLINE void gather_rows(block_points b, const ck_sweep_kernel *kernel, const float *unary,
                           const float *fetched, size_t channel, const int32_t corners,
                           const int S) {
  const uint32_t *vertices = kernel->vertices + first_corner(b, kernel);
  const float *weights = kernel->weights + first_corner(b, kernel);
  const float *scales = kernel->message_scale == NULL ? NULL : kernel->message_scale + b.first;
  const float *factors = kernel->label_factors == NULL ? NULL : kernel->label_factors + channel;
  const float factor = kernel->factor;
  const ck_panels rows =
      ck_panels_of((float *)kernel->sliced, kernel->row_count, kernel->first_row, channel, S);
  const ck_panels values = values_of(b, channel, S);
  const float *given = unary == NULL ? NULL : unary + b.first * b.stride + channel;
  for (size_t i = 0; i < b.count; i++) {
    if (i % FETCH_EVERY == 0) {
      fetch_rows(b, kernel, rows, i, S);
      if (channel == 0) fetch_corners(b, kernel, i);
      if (channel == 0 && fetched != NULL) fetch_unary(b, fetched, i);
    }
    ck_row sum = {0};
    for (int32_t c = 0; c < corners; c++) {
      sum = ck_row_add(sum, weights[c], ck_panels_load(rows, vertices[c], S), S);
    }
    if (factors != NULL) sum = ck_row_multiply(sum, ck_row_load(factors, S), S);
    const ck_row energy =
        given == NULL ? ck_panels_load(values, i, S) : ck_row_load(given + i * b.stride, S);
    const float scale = scales == NULL ? factor : factor * scales[i];
    ck_panels_store(ck_row_add(energy, scale, sum, S), values, i, S);
    vertices += corners;
    weights += corners;
  }
}

/// Adds the marginals to one kernel's rows.
CK_INLINE void spread_rows(block_points b, const ck_sweep_kernel *kernel, size_t channel,
                           const int32_t corners, const int S) {
  const uint32_t *vertices = kernel->vertices + first_corner(b, kernel);
  const float *weights = kernel->weights + first_corner(b, kernel);
  const float *scales = kernel->marginal_scale == NULL ? NULL : kernel->marginal_scale + b.first;
  const ck_panels rows =
      ck_panels_of(kernel->splatted, kernel->row_count, kernel->first_row, channel, S);
  const ck_panels values = values_of(b, channel, S);
  for (size_t i = 0; i < b.count; i++) {
    if (i % FETCH_EVERY == 0) fetch_rows(b, kernel, rows, i, S);
    const float scale = scales == NULL ? b.inverses[i] : b.inverses[i] * scales[i];
    const ck_row value = ck_row_scale(ck_panels_load(values, i, S), scale, S);
    for (int32_t c = 0; c < corners; c++) {
      const ck_row row = ck_panels_load(rows, vertices[c], S);
      ck_panels_store(ck_row_add(row, weights[c], value, S), rows, vertices[c], S);
    }
    vertices += corners;
    weights += corners;
  }
}

/// Sets the rows to 0 that this block reaches first.
CK_INLINE void clear_rows(block_points b, const ck_sweep_kernel *kernel) {
  const size_t first = kernel->first_row + kernel->reach[b.index];
  const size_t rows = kernel->reach[b.index + 1] - kernel->reach[b.index];
  if (rows == 0) return;
  for (size_t channel = 0; channel < b.stride; channel += 16) {
    const size_t width = b.stride - channel < 16 ? b.stride - channel : 16;
    memset(kernel->splatted + channel * kernel->row_count + first * width, 0,
           rows * width * sizeof(float));
  }
}

/// Eight lanes a point: OP over those of all its vectors. `neutral` stands for what a row of four lacks.
#define CK_FOLD_ROWS(b, wides, tail, OP, neutral)                                          \
  for (size_t i = 0; i < (b).count; i++) {                                                 \
    const float *last = (b).values + (wides) * 16 * BLOCK + i * (tail);                    \
    ck_v8 eight = (ck_v8){0} + (neutral);                                                  \
    if ((tail) == 8) eight = *(const ck_v8 *)last;                                         \
    if ((tail) == 4) {                                                                     \
      const ck_v4 four = *(const ck_v4 *)last, none = (ck_v4){0} + (neutral);              \
      eight = __builtin_shufflevector(four, none, 0, 1, 2, 3, 4, 5, 6, 7);                 \
    }                                                                                      \
    if ((wides) > 0) {                                                                     \
      ck_v16 all = *(const ck_v16 *)((b).values + i * 16);                                 \
      for (size_t k = 1; k < (wides); k++) {                                               \
        const ck_v16 more = *(const ck_v16 *)((b).values + (k * BLOCK + i) * 16);          \
        all = OP(all, more);                                                               \
      }                                                                                    \
      const ck_v8 low = CK_LOW8(all), high = CK_HIGH8(all);                                \
      const ck_v8 both = OP(low, high);                                                    \
      eight = OP(eight, both);                                                             \
    }                                                                                      \
    *(ck_v8 *)((b).folded + i * 8) = eight;                                                \
  }

/// values = e^(lowest − energy), and inverses = the inverse of each point's sum of them.
///
/// One loop a step: a point's steps depend on one another, and with all of them in one loop few points
/// would be under way at a time. `wides` and `tail` are constants where rows are short.
CK_INLINE void exponentiate_rows(block_points b, const size_t wides, const size_t tail) {
  CK_FOLD_ROWS(b, wides, tail, CK_MIN, 3.4e38f);
  for (size_t i = 0; i < BLOCK; i += 8) CK_FOLD_EIGHT(b.lowest + i, b.folded + i * 8, CK_MIN);
  for (size_t k = 0; k < wides; k++) {
    float *panel = b.values + k * 16 * BLOCK;
    for (size_t i = 0; i < b.count; i++) {
      const ck_v16 x = *(const ck_v16 *)(panel + i * 16);
      CK_POWERS_OF_TWO(*(ck_v16 *)(panel + i * 16), (b.lowest[i] - x) * 1.44269504f);
    }
  }
  float *last = b.values + wides * 16 * BLOCK;
  for (size_t i = 0; tail != 0 && i < b.count; i += 16 / tail) {
    ck_v16 lowest;
    if (tail == 8) {
      const ck_v8 first = (ck_v8){0} + b.lowest[i], second = (ck_v8){0} + b.lowest[i + 1];
      lowest = __builtin_shufflevector(first, second, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
                                       14, 15);
    } else {
      const ck_v4 four = *(const ck_v4 *)(b.lowest + i);
      lowest = __builtin_shufflevector(four, four, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    }
    const ck_v16 x = *(const ck_v16 *)(last + i * tail);
    CK_POWERS_OF_TWO(*(ck_v16 *)(last + i * tail), (lowest - x) * 1.44269504f);
  }
  CK_FOLD_ROWS(b, wides, tail, CK_PLUS, 0.0f);
  for (size_t i = 0; i < BLOCK; i += 8) CK_FOLD_EIGHT(b.inverses + i, b.folded + i * 8, CK_PLUS);
  for (size_t i = 0; i < BLOCK; i++) b.inverses[i] = 1.0f / b.inverses[i];
}

/// Writes the marginals; returns the larger of `largest` and what has changed, where that is asked for.
CK_INLINE float store_marginals(block_points b, float *restrict marginals, size_t channel,
                                bool compares, float largest, const int S) {
  ck_row moved = {0};
  const ck_panels values = values_of(b, channel, S);
  for (size_t i = 0; i < b.count; i++) {
    const ck_row marginal = ck_row_scale(ck_panels_load(values, i, S), b.inverses[i], S);
    float *stored = marginals + (b.first + i) * b.stride + channel;
    if (compares) moved = ck_row_change(moved, marginal, ck_row_load(stored, S), S);
    ck_row_store(marginal, stored, S);
  }
  if (!compares) return largest;
  const float change = ck_row_largest(moved, S);
  return change > largest ? change : largest;
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

/// All stages for all points, a block at a time. `S` is the stride, or 0 where rows are long.
CK_INLINE void sweep_blocks(const float *unary, size_t stride, const uint32_t *visits,
                            size_t visit_count, const ck_sweep_kernel *kernels,
                            int32_t kernel_count, float *marginals, float *change, float *scratch,
                            const int S) {
  block_points b = {0, 0, 0, 0, 0, stride, scratch + FOLDED, scratch + LOWEST, scratch + INVERSES,
                    scratch + VALUES};
  // What a last, shorter block leaves alone takes part in the folds.
  memset(scratch, 0, ck_sweep_scratch(stride) * sizeof(float));
  float largest = 0.0f;
  // The kernel whose gathering takes longest.
  int32_t widest = 0;
  for (int32_t k = 1; k < kernel_count; k++) {
    if (kernels[k].corners >= kernels[widest].corners) widest = k;
  }
  size_t visit = 0;
  b.first = visit_count > 0 ? visits[0] : 0;
  while (visit < visit_count) {
    const size_t left = visits[2 * visit + 1] - b.first;
    b.count = left < BLOCK ? left : BLOCK;
    visit += b.count == left;
    b.next = b.first + b.count;
    if (b.count == left) b.next = visit < visit_count ? visits[2 * visit] : b.first;
    const float *given = unary;
    for (int32_t k = 0; k < kernel_count; k++) {
      if (kernels[k].sliced == NULL) continue;
      const float *fetched = k == widest ? unary : NULL;
#define CK_GATHER(CHANNEL, PIECE) gather_rows(b, kernels + k, given, fetched, CHANNEL, C_, PIECE)
#define CK_GATHER_PIECES(C)                \
  do {                                     \
    const int32_t C_ = C;                  \
    CK_FOR_PIECES(S, stride, CK_GATHER);   \
  } while (0)
      CK_FOR_CORNERS(kernels[k].corners, CK_GATHER_PIECES)
      given = NULL;
    }
#define CK_COPY(CHANNEL, PIECE) copy_unary(b, unary, CHANNEL, PIECE)
    if (given != NULL) CK_FOR_PIECES(S, stride, CK_COPY);
    if (S != 0) {
      exponentiate_rows(b, CK_WIDES(S), CK_TAIL(S));
    } else {
      exponentiate_rows(b, stride / 16, stride % 16);
    }
    if (marginals != NULL) {
#define CK_STORE(CHANNEL, PIECE) \
  largest = store_marginals(b, marginals, CHANNEL, change != NULL, largest, PIECE)
      CK_FOR_PIECES(S, stride, CK_STORE);
    }
    for (int32_t k = 0; k < kernel_count; k++) {
      if (kernels[k].splatted == NULL) continue;
      clear_rows(b, kernels + k);
#define CK_SPREAD(CHANNEL, PIECE) spread_rows(b, kernels + k, CHANNEL, C_, PIECE)
#define CK_SPREAD_PIECES(C)                \
  do {                                     \
    const int32_t C_ = C;                  \
    CK_FOR_PIECES(S, stride, CK_SPREAD);   \
  } while (0)
      CK_FOR_CORNERS(kernels[k].corners, CK_SPREAD_PIECES)
    }
    b.first = b.next;
    b.position += b.count;
    b.index++;
  }
  if (change != NULL) *change = largest;
}

CK_INLINE void sweep(const float *unary, size_t stride, const uint32_t *visits,
                     size_t visit_count, const ck_sweep_kernel *kernels, int32_t kernel_count,
                     float *marginals, float *change, float *scratch) {
#define CK_SWEEP(S)                                                                             \
  sweep_blocks(unary, stride, visits, visit_count, kernels, kernel_count, marginals, change, \
               scratch, S)
  CK_FOR_STRIDE(stride, CK_SWEEP)
}

CK_DEFINE_WIDE(ck_sweep,
               (const float *unary, size_t stride, const uint32_t *visits, size_t visit_count,
                const ck_sweep_kernel *kernels, int32_t kernel_count, float *marginals,
                float *change, float *scratch),
               (unary, stride, visits, visit_count, kernels, kernel_count, marginals, change,
                scratch),
               sweep)
