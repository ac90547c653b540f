#include "sweep_blocks.h"

/// values = what is given, row by row.
CK_INLINE void copy_given(block_points b, const float *given, size_t channel, const int S) {
  const ck_panels values = values_of(b, channel, S);
  for (size_t i = 0; i < b.count; i++) {
    if (channel == 0 && i % FETCH_EVERY == 0) fetch_points(b, given, i);
    ck_panels_store(ck_row_load(given + (b.first + i) * b.stride + channel, S), values, i, S);
  }
}

/// sums += row, channel by channel.
CK_INLINE void add_lanes(ck_row row, double *sums, const int S) {
  float lanes[CK_ROW_LIMIT];
  ck_row_store(row, lanes, S);
  for (int c = 0; c < S; c++) sums[c] += (double)lanes[c];
}

/// values += one kernel's sums times its factors, or = where it `begins`; adds the products of the sums
/// with the marginals.
CK_INLINE void gather_slopes(block_points b, const ck_sweep_kernel *kernel, const float *marginals,
                             bool begins, size_t channel, const int32_t corners, const int S) {
  const uint32_t *vertices = kernel->vertices + first_corner(b, kernel);
  const float *weights = kernel->weights + first_corner(b, kernel);
  const float *scales = kernel->message_scale == NULL ? NULL : kernel->message_scale + b.first;
  const float *factors = kernel->label_factors == NULL ? NULL : kernel->label_factors + channel;
  const ck_panels rows =
      ck_panels_of((float *)kernel->sliced, kernel->row_count, kernel->first_row, channel, S);
  const ck_panels values = values_of(b, channel, S);
  ck_row agreement = {0};
  for (size_t i = 0; i < b.count; i++) {
    const size_t place = (b.first + i) * b.stride + channel;
    if (i % FETCH_EVERY == 0) {
      fetch_rows(b, kernel, rows, i, S);
      if (channel == 0) fetch_corners(b, kernel, i);
      if (channel == 0 && begins) fetch_points(b, marginals, i);
    }
    ck_row sum = sum_corners(rows, vertices, weights, corners, S);
    const float scale = scales == NULL ? 1.0f : scales[i];
    agreement = ck_row_add(agreement, scale,
                           ck_row_multiply(sum, ck_row_load(marginals + place, S), S), S);
    if (factors != NULL) sum = ck_row_multiply(sum, ck_row_load(factors, S), S);
    const ck_row before = begins ? (ck_row){0} : ck_panels_load(values, i, S);
    ck_panels_store(ck_row_add(before, kernel->factor * scale, sum, S), values, i, S);
    vertices += corners;
    weights += corners;
  }
  if (kernel->products == NULL) return;
  add_lanes(agreement, kernel->products + channel, S);
}

/// Labels whose products are under way at once.
enum { OUTER_LABELS = 4 };

/// Adds the products of every label's message with the marginals.
CK_INLINE void add_outer_products(block_points b, const ck_sweep_kernel *kernel,
                                  const float *marginals, size_t channel, const int S) {
  const size_t labels = (size_t)kernel->channels;
  const float *stored = marginals + b.first * b.stride + channel;
  for (size_t first = 0; first < labels; first += OUTER_LABELS) {
    const size_t count = labels - first < OUTER_LABELS ? labels - first : OUTER_LABELS;
    ck_row sums[OUTER_LABELS] = {0};
    const float *messages[OUTER_LABELS];
    // What a last, shorter group lacks is computed twice and added once.
    for (size_t l = 0; l < OUTER_LABELS; l++) messages[l] = b.messages + first + (l < count ? l : 0);
    for (size_t i = 0; i < b.count; i++) {
      const ck_row q = ck_row_load(stored + i * b.stride, S);
      for (size_t l = 0; l < OUTER_LABELS; l++) {
        sums[l] = ck_row_add(sums[l], messages[l][i * b.stride], q, S);
      }
    }
    for (size_t l = 0; l < count; l++) {
      add_lanes(sums[l], kernel->products + (first + l) * b.stride + channel, S);
    }
  }
}

/// folded = eight lanes of Σ marginals · values, or += beyond the first channels.
CK_INLINE void fold_products(block_points b, const float *marginals, size_t channel, const int S) {
  const ck_panels values = values_of(b, channel, S);
  for (size_t i = 0; i < b.count; i++) {
    const float *stored = marginals + (b.first + i) * b.stride + channel;
    const ck_row row = ck_row_multiply(ck_panels_load(values, i, S), ck_row_load(stored, S), S);
    ck_v8 eight = channel == 0 ? (ck_v8){0} : *(const ck_v8 *)(b.folded + i * 8);
#pragma unroll
    for (int k = 0; k < CK_WIDES(S); k++) eight += CK_LOW8(row.wide[k]) + CK_HIGH8(row.wide[k]);
    if (CK_HAS_HALF(S)) eight += row.half;
    if (CK_HAS_QUARTER(S)) {
      const ck_v4 none = {0};
      eight += __builtin_shufflevector(row.quarter, none, 0, 1, 2, 3, 4, 5, 6, 7);
    }
    *(ck_v8 *)(b.folded + i * 8) = eight;
  }
}

/// values = marginals · (values − mean).
CK_INLINE void pass_softmax(block_points b, const float *marginals, size_t channel, const int S) {
  const ck_panels values = values_of(b, channel, S);
  for (size_t i = 0; i < b.count; i++) {
    const ck_row q = ck_row_load(marginals + (b.first + i) * b.stride + channel, S);
    ck_row row = ck_panels_load(values, i, S);
    const float mean = b.lowest[i];
#pragma unroll
    for (int k = 0; k < CK_WIDES(S); k++) row.wide[k] -= mean;
    if (CK_HAS_HALF(S)) row.half -= mean;
    if (CK_HAS_QUARTER(S)) row.quarter -= mean;
    ck_panels_store(ck_row_multiply(q, row, S), values, i, S);
  }
}

/// gradient −= values.
CK_INLINE void subtract_values(block_points b, float *restrict gradient, size_t channel, const int S) {
  const ck_panels values = values_of(b, channel, S);
  for (size_t i = 0; i < b.count; i++) {
    float *stored = gradient + (b.first + i) * b.stride + channel;
    ck_row_store(ck_row_add(ck_row_load(stored, S), -1.0f, ck_panels_load(values, i, S), S), stored,
                 S);
  }
}

/// All stages for all points, a block at a time. `S` is the stride, or 0 where rows are long.
CK_INLINE void reverse_blocks(const float *given, const float *marginals, size_t stride,
                              const uint32_t *visits, size_t visit_count,
                              const ck_sweep_kernel *kernels, int32_t kernel_count, float *gradient,
                              float *scratch, const int S) {
  block_points b = blocks_in(scratch, stride);
  memset(scratch, 0, ck_sweep_scratch(stride) * sizeof(float));
  for (size_t i = 0; i < BLOCK; i++) b.inverses[i] = 1.0f;
  size_t visit = 0;
  b.first = visit_count > 0 ? visits[0] : 0;
  while (next_block(&b, visits, visit_count, &visit)) {
    if (given != NULL) {
#define CK_COPY(CHANNEL, PIECE) copy_given(b, given, CHANNEL, PIECE)
      CK_FOR_PIECES(S, stride, CK_COPY);
    } else {
      for (int32_t k = 0; k < kernel_count; k++) {
        if (kernels[k].matrix == NULL) {
#define CK_GATHER(CHANNEL, PIECE) \
  gather_slopes(b, kernels + k, marginals, k == 0, CHANNEL, C_, PIECE)
#define CK_GATHER_PIECES(C)              \
  do {                                   \
    const int32_t C_ = C;                \
    CK_FOR_PIECES(S, stride, CK_GATHER); \
  } while (0)
          CK_FOR_CORNERS(kernels[k].corners, CK_GATHER_PIECES)
          continue;
        }
        const float *fetched = k == 0 ? marginals : NULL;
        gather_block_messages(b, kernels + k, fetched, S);
        if (kernels[k].products != NULL) {
#define CK_OUTER(CHANNEL, PIECE) add_outer_products(b, kernels + k, marginals, CHANNEL, PIECE)
          CK_FOR_PIECES(S, stride, CK_OUTER);
        }
#define CK_MIX(CHANNEL, PIECE) mix_messages(b, kernels + k, k == 0, NULL, CHANNEL, PIECE)
        CK_FOR_PIECES(S, stride, CK_MIX);
      }
#define CK_FOLD(CHANNEL, PIECE) fold_products(b, marginals, CHANNEL, PIECE)
      CK_FOR_PIECES(S, stride, CK_FOLD);
      for (size_t i = 0; i < BLOCK; i += 8) CK_FOLD_EIGHT(b.lowest + i, b.folded + i * 8, CK_PLUS);
#define CK_PASS(CHANNEL, PIECE) pass_softmax(b, marginals, CHANNEL, PIECE)
      CK_FOR_PIECES(S, stride, CK_PASS);
    }
#define CK_SUBTRACT(CHANNEL, PIECE) subtract_values(b, gradient, CHANNEL, PIECE)
    CK_FOR_PIECES(S, stride, CK_SUBTRACT);
    spread_block(b, kernels, kernel_count, S);
    pass_block(&b);
  }
}

CK_INLINE void reverse_sweep(const float *given, const float *marginals, size_t stride,
                             const uint32_t *visits, size_t visit_count,
                             const ck_sweep_kernel *kernels, int32_t kernel_count, float *gradient,
                             float *scratch) {
#define CK_REVERSE(S)                                                                            \
  reverse_blocks(given, marginals, stride, visits, visit_count, kernels, kernel_count, gradient, \
                 scratch, S)
  CK_FOR_STRIDE(stride, CK_REVERSE)
}

CK_DEFINE_WIDE(ck_reverse_sweep,
               (const float *given, const float *marginals, size_t stride, const uint32_t *visits,
                size_t visit_count, const ck_sweep_kernel *kernels, int32_t kernel_count,
                float *gradient, float *scratch),
               (given, marginals, stride, visits, visit_count, kernels, kernel_count, gradient,
                scratch),
               reverse_sweep)
