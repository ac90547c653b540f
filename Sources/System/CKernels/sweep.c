#include "sweep_blocks.h"

size_t ck_sweep_scratch(size_t stride) { return VALUES + 2 * BLOCK * stride; }

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

/// values = unary.
CK_INLINE void copy_unary(block_points b, const float *unary, size_t channel, const int S) {
  const ck_panels values = values_of(b, channel, S);
  for (size_t i = 0; i < b.count; i++) {
    if (channel == 0 && i % FETCH_EVERY == 0) fetch_points(b, unary, i);
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
      if (channel == 0 && fetched != NULL) fetch_points(b, fetched, i);
    }
    ck_row sum = sum_corners(rows, vertices, weights, corners, S);
    if (factors != NULL) sum = ck_row_multiply(sum, ck_row_load(factors, S), S);
    const ck_row energy =
        given == NULL ? ck_panels_load(values, i, S) : ck_row_load(given + i * b.stride, S);
    const float scale = scales == NULL ? factor : factor * scales[i];
    ck_panels_store(ck_row_add(energy, scale, sum, S), values, i, S);
    vertices += corners;
    weights += corners;
  }
}

/// Writes the energies that `values` holds.
CK_INLINE void store_energies(block_points b, float *restrict energies, size_t channel, const int S) {
  const ck_panels values = values_of(b, channel, S);
  for (size_t i = 0; i < b.count; i++) {
    ck_row_store(ck_panels_load(values, i, S), energies + (b.first + i) * b.stride + channel, S);
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

/// All stages for all points, a block at a time. `S` is the stride, or 0 where rows are long.
CK_INLINE void sweep_blocks(const float *unary, size_t stride, const uint32_t *visits,
                            size_t visit_count, const ck_sweep_kernel *kernels,
                            int32_t kernel_count, float *energies, float *marginals,
                            float *change, float *scratch, const int S) {
  block_points b = blocks_in(scratch, stride);
  // What a last, shorter block leaves alone takes part in the folds.
  memset(scratch, 0, ck_sweep_scratch(stride) * sizeof(float));
  float largest = 0.0f;
  // The kernel whose gathering takes longest.
  int32_t widest = 0;
  for (int32_t k = 1; k < kernel_count; k++) {
    if (kernels[k].corners >= kernels[widest].corners) widest = k;
  }
  // Energies alone need no softmax.
  bool spreads = false;
  for (int32_t k = 0; k < kernel_count; k++) spreads |= kernels[k].splatted != NULL;
  size_t visit = 0;
  b.first = visit_count > 0 ? visits[0] : 0;
  while (next_block(&b, visits, visit_count, &visit)) {
    const float *given = unary;
    for (int32_t k = 0; k < kernel_count; k++) {
      if (kernels[k].sliced == NULL) continue;
      const float *fetched = k == widest ? unary : NULL;
      if (kernels[k].matrix == NULL) {
#define CK_GATHER(CHANNEL, PIECE) gather_rows(b, kernels + k, given, fetched, CHANNEL, C_, PIECE)
#define CK_GATHER_PIECES(C)                \
  do {                                     \
    const int32_t C_ = C;                  \
    CK_FOR_PIECES(S, stride, CK_GATHER);   \
  } while (0)
        CK_FOR_CORNERS(kernels[k].corners, CK_GATHER_PIECES)
      } else {
        gather_block_messages(b, kernels + k, fetched, S);
#define CK_MIX(CHANNEL, PIECE) mix_messages(b, kernels + k, given != NULL, given, CHANNEL, PIECE)
        CK_FOR_PIECES(S, stride, CK_MIX);
      }
      given = NULL;
    }
#define CK_COPY(CHANNEL, PIECE) copy_unary(b, unary, CHANNEL, PIECE)
    if (given != NULL) CK_FOR_PIECES(S, stride, CK_COPY);
    if (energies != NULL) {
#define CK_STORE_ENERGIES(CHANNEL, PIECE) store_energies(b, energies, CHANNEL, PIECE)
      CK_FOR_PIECES(S, stride, CK_STORE_ENERGIES);
    }
    if (marginals == NULL && !spreads) {
      pass_block(&b);
      continue;
    }
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
    spread_block(b, kernels, kernel_count, S);
    pass_block(&b);
  }
  if (change != NULL) *change = largest;
}

CK_INLINE void sweep(const float *unary, size_t stride, const uint32_t *visits,
                     size_t visit_count, const ck_sweep_kernel *kernels, int32_t kernel_count,
                     float *energies, float *marginals, float *change, float *scratch) {
#define CK_SWEEP(S)                                                                            \
  sweep_blocks(unary, stride, visits, visit_count, kernels, kernel_count, energies, marginals, \
               change, scratch, S)
  CK_FOR_STRIDE(stride, CK_SWEEP)
}

CK_DEFINE_WIDE(ck_sweep,
               (const float *unary, size_t stride, const uint32_t *visits, size_t visit_count,
                const ck_sweep_kernel *kernels, int32_t kernel_count, float *energies,
                float *marginals, float *change, float *scratch),
               (unary, stride, visits, visit_count, kernels, kernel_count, energies, marginals,
                change, scratch),
               sweep)
