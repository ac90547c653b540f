#ifndef CKERNELS_SWEEP_BLOCKS_H
#define CKERNELS_SWEEP_BLOCKS_H

#include <stdbool.h>
#include <string.h>

#include "include/ckernels_sweep.h"
#include "row_vectors.h"

/// Blocks of points on their way through a sweep: what the forward and the reverse one share.

/// Points that pass through the stages together; their energies stay in the first-level cache, unless
/// rows are very long.
enum { BLOCK = 32 };

/// Points between two requests for what the next block reads first. All at once would take the place
/// of the misses that this block waits for.
enum { FETCH_EVERY = 8 };

/// Where stages begin in the scratch memory, in floats.
enum { FOLDED = 0, LOWEST = BLOCK * 8, INVERSES = LOWEST + BLOCK, VALUES = INVERSES + BLOCK };

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
  /// One kernel's messages, row by row, where a matrix mixes them.
  float *messages;
} block_points;

CK_INLINE block_points blocks_in(float *scratch, size_t stride) {
  const block_points b = {0, 0, 0, 0, 0, stride, scratch + FOLDED, scratch + LOWEST,
                          scratch + INVERSES, scratch + VALUES, scratch + VALUES + BLOCK * stride};
  return b;
}

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

/// Requests the rows of FETCH_EVERY points of the next block, from the i-th on.
CK_INLINE void fetch_points(block_points b, const float *rows, size_t i) {
  fetch(rows + (b.next + i) * b.stride, FETCH_EVERY * b.stride * sizeof(float));
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

/// What a point takes from its corners.
CK_INLINE ck_row sum_corners(ck_panels rows, const uint32_t *vertices, const float *weights,
                             const int32_t corners, const int S) {
  ck_row sum = {0};
  for (int32_t c = 0; c < corners; c++) {
    sum = ck_row_add(sum, weights[c], ck_panels_load(rows, vertices[c], S), S);
  }
  return sum;
}

/// messages = one kernel's messages before its matrix. Where `fetched` is not NULL, the next block's rows of
/// it are requested.
CK_INLINE void gather_messages(block_points b, const ck_sweep_kernel *kernel, const float *fetched,
                               size_t channel, const int32_t corners, const int S) {
  const uint32_t *vertices = kernel->vertices + first_corner(b, kernel);
  const float *weights = kernel->weights + first_corner(b, kernel);
  const float *scales = kernel->message_scale == NULL ? NULL : kernel->message_scale + b.first;
  const ck_panels rows =
      ck_panels_of((float *)kernel->sliced, kernel->row_count, kernel->first_row, channel, S);
  for (size_t i = 0; i < b.count; i++) {
    if (i % FETCH_EVERY == 0) {
      fetch_rows(b, kernel, rows, i, S);
      if (channel == 0) fetch_corners(b, kernel, i);
      if (channel == 0 && fetched != NULL) fetch_points(b, fetched, i);
    }
    const ck_row sum = sum_corners(rows, vertices, weights, corners, S);
    const float scale = scales == NULL ? kernel->factor : kernel->factor * scales[i];
    ck_row_store(ck_row_scale(sum, scale, S), b.messages + i * b.stride + channel, S);
    vertices += corners;
    weights += corners;
  }
}

/// Points whose sums are under way at once: enough to hide how long one multiplication takes.
enum { MIXED_POINTS = 4 };

/// values += the kernel's matrix times the messages. Where `begins`, what `given` holds, or 0 where that is
/// NULL, stands for what `values` held.
CK_INLINE void mix_messages(block_points b, const ck_sweep_kernel *kernel, bool begins,
                            const float *given, size_t channel, const int S) {
  const ck_panels values = values_of(b, channel, S);
  for (size_t first = 0; first < b.count; first += MIXED_POINTS) {
    const size_t points = b.count - first < MIXED_POINTS ? b.count - first : MIXED_POINTS;
    ck_row sums[MIXED_POINTS];
    const float *messages[MIXED_POINTS];
    for (size_t i = 0; i < MIXED_POINTS; i++) {
      // What a last, shorter group lacks is computed twice and stored once.
      const size_t point = first + (i < points ? i : 0);
      messages[i] = b.messages + point * b.stride;
      if (!begins) {
        sums[i] = ck_panels_load(values, point, S);
      } else if (given != NULL) {
        sums[i] = ck_row_load(given + (b.first + point) * b.stride + channel, S);
      } else {
        sums[i] = (ck_row){0};
      }
    }
    for (int32_t k = 0; k < kernel->channels; k++) {
      const ck_row factors = ck_row_load(kernel->matrix + (size_t)k * b.stride + channel, S);
      for (size_t i = 0; i < MIXED_POINTS; i++) {
        sums[i] = ck_row_add(sums[i], messages[i][k], factors, S);
      }
    }
    for (size_t i = 0; i < points; i++) ck_panels_store(sums[i], values, first + i, S);
  }
}

/// Adds what the points pass on to one kernel's rows.
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

/// The same where a matrix takes more time than corners: for three colours alone, which halves what there is to
/// compile.
#define CK_FOR_MESSAGE_CORNERS(corners, BODY) \
  switch (corners) {                          \
    case 6: BODY(6); break;                   \
    default: BODY(corners); break;            \
  }

/// The last stage of a block: what its points pass on to the rows of all kernels.
CK_INLINE void spread_block(block_points b, const ck_sweep_kernel *kernels, int32_t kernel_count,
                            const int S) {
  for (int32_t k = 0; k < kernel_count; k++) {
    if (kernels[k].splatted == NULL) continue;
    clear_rows(b, kernels + k);
#define CK_SPREAD(CHANNEL, PIECE) spread_rows(b, kernels + k, CHANNEL, C_, PIECE)
#define CK_SPREAD_PIECES(C)                \
  do {                                     \
    const int32_t C_ = C;                  \
    CK_FOR_PIECES(S, b.stride, CK_SPREAD); \
  } while (0)
    CK_FOR_CORNERS(kernels[k].corners, CK_SPREAD_PIECES)
  }
}

/// The messages of a kernel with a matrix, for all of a block's points.
CK_INLINE void gather_block_messages(block_points b, const ck_sweep_kernel *kernel,
                                     const float *fetched, const int S) {
#define CK_MESSAGE(CHANNEL, PIECE) gather_messages(b, kernel, fetched, CHANNEL, C_, PIECE)
#define CK_MESSAGE_PIECES(C)                \
  do {                                      \
    const int32_t C_ = C;                   \
    CK_FOR_PIECES(S, b.stride, CK_MESSAGE); \
  } while (0)
  CK_FOR_MESSAGE_CORNERS(kernel->corners, CK_MESSAGE_PIECES)
}

/// Begins with the next block of the run, or of the next run; returns whether there is one.
CK_INLINE bool next_block(block_points *b, const uint32_t *visits, size_t visit_count, size_t *visit) {
  if (*visit >= visit_count) return false;
  const size_t left = visits[2 * *visit + 1] - b->first;
  b->count = left < BLOCK ? left : BLOCK;
  *visit += b->count == left;
  b->next = b->first + b->count;
  if (b->count == left) b->next = *visit < visit_count ? visits[2 * *visit] : b->first;
  return true;
}

/// Goes on to where `next_block` begins.
CK_INLINE void pass_block(block_points *b) {
  b->first = b->next;
  b->position += b->count;
  b->index++;
}

#endif
