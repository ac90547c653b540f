#include "include/ckernels_lattice.h"
#include "row_vectors.h"

CK_INLINE void splat_rows(const float *values, size_t count, size_t stride,
                          const uint32_t *vertices, const float *weights, size_t corners,
                          ck_panels rows, const int S) {
  for (size_t i = 0; i < count; i++) {
    const ck_row value = ck_row_load(values + i * stride, S);
    for (size_t k = i * corners; k < (i + 1) * corners; k++) {
      const ck_row row = ck_panels_load(rows, vertices[k], S);
      ck_panels_store(ck_row_add(row, weights[k], value, S), rows, vertices[k], S);
    }
  }
}

CK_INLINE void splat(const float *values, size_t count, size_t stride, const uint32_t *vertices,
                     const float *weights, size_t corners, float *rows, size_t row_count,
                     size_t first_row, const int S) {
#define CK_SPLAT(CHANNEL, PIECE)                                              \
  splat_rows(values + (CHANNEL), count, stride, vertices, weights, corners,   \
             ck_panels_of(rows, row_count, first_row, CHANNEL, PIECE), PIECE)
  CK_FOR_PIECES(S, stride, CK_SPLAT);
}

CK_CLONES
void ck_lattice_splat(const float *values, size_t count, size_t stride, const uint32_t *vertices,
                      const float *weights, int32_t corners, float *rows, size_t row_count,
                      size_t first_row) {
#define CK_SPLAT_STRIDE(S)                                                                \
  splat(values, count, stride, vertices, weights, (size_t)corners, rows, row_count, first_row, S)
  CK_FOR_STRIDE(stride, CK_SPLAT_STRIDE)
}

CK_INLINE void slice_rows(ck_panels rows, size_t count, size_t stride, const uint32_t *vertices,
                          const float *weights, size_t corners, float gain, float *output,
                          const int S) {
  for (size_t i = 0; i < count; i++) {
    ck_row sum = {0};
    for (size_t k = i * corners; k < (i + 1) * corners; k++) {
      sum = ck_row_add(sum, weights[k], ck_panels_load(rows, vertices[k], S), S);
    }
    ck_row_store(ck_row_scale(sum, gain, S), output + i * stride, S);
  }
}

CK_INLINE void slice(float *rows, size_t row_count, size_t first_row, size_t count, size_t stride,
                     const uint32_t *vertices, const float *weights, size_t corners, float gain,
                     float *output, const int S) {
#define CK_SLICE(CHANNEL, PIECE)                                                              \
  slice_rows(ck_panels_of(rows, row_count, first_row, CHANNEL, PIECE), count, stride, vertices, \
             weights, corners, gain, output + (CHANNEL), PIECE)
  CK_FOR_PIECES(S, stride, CK_SLICE);
}

CK_CLONES
void ck_lattice_slice(const float *rows, size_t row_count, size_t first_row, size_t count,
                      size_t stride, const uint32_t *vertices, const float *weights,
                      int32_t corners, float gain, float *output) {
#define CK_SLICE_STRIDE(S)                                                                   \
  slice((float *)rows, row_count, first_row, count, stride, vertices, weights, (size_t)corners, \
        gain, output, S)
  CK_FOR_STRIDE(stride, CK_SLICE_STRIDE)
}

void ck_lattice_splat_ones(size_t count, const uint32_t *vertices, const float *weights,
                           int32_t corners, float *rows) {
  for (size_t k = 0; k < count * (size_t)corners; k++) rows[4 * (size_t)vertices[k]] += weights[k];
}

void ck_lattice_slice_first(const float *rows, size_t count, const uint32_t *vertices,
                            const float *weights, int32_t corners, float gain, float *output) {
  for (size_t i = 0; i < count; i++) {
    float sum = 0.0f;
    for (int32_t c = 0; c < corners; c++) sum += weights[c] * rows[4 * (size_t)vertices[c]];
    output[i] = gain * sum;
    vertices += corners;
    weights += corners;
  }
}

/// A panel is 4, 8 or 16 floats wide: one vector a row.
///
/// Where chains end is not to be foreseen, so nothing branches there.
CK_INLINE void blur_rows(float *rows, const uint32_t *chain, size_t count, float weight,
                         float *unused, const int S) {
  ck_row before = ck_row_load(rows, S);
  ck_row centre = before;
  ck_row after = ck_row_load(rows + (size_t)chain[1] * S, S);
  for (size_t i = 1; i < count; i++) {
    __builtin_prefetch(rows + (size_t)chain[i + CK_CHAIN_LOOKAHEAD] * S);
    before = centre;
    centre = after;
    after = ck_row_load(rows + (size_t)chain[i + 1] * S, S);
    // Row 0 between chains is read as absent neighbour, but never written.
    float *target = chain[i] == 0 ? unused : rows + (size_t)chain[i] * S;
    ck_row sum = ck_row_add(before, 1.0f, after, S);
    ck_row_store(ck_row_add(centre, weight, sum, S), target, S);
  }
}

CK_INLINE void blur_chain(float *rows, size_t width, const uint32_t *chain, size_t count,
                          float weight, float *unused) {
#define CK_BLUR(S) blur_rows(rows, chain, count, weight, unused, S)
  CK_FOR_WIDTH(width, CK_BLUR)
}

CK_DEFINE_WIDE(ck_lattice_blur,
               (float *rows, size_t width, const uint32_t *chain, size_t count, float weight,
                float *unused),
               (rows, width, chain, count, weight, unused), blur_chain)

CK_INLINE void merge_rows(float *rows, const uint32_t *owners, const uint32_t *copies, size_t count,
                          const int S) {
  for (size_t i = 0; i < count; i++) {
    float *owner = rows + (size_t)owners[i] * S;
    const ck_row copy = ck_row_load(rows + (size_t)copies[i] * S, S);
    ck_row_store(ck_row_add(ck_row_load(owner, S), 1.0f, copy, S), owner, S);
  }
}

CK_CLONES
void ck_lattice_merge(float *rows, size_t width, const uint32_t *owners, const uint32_t *copies,
                      size_t count) {
#define CK_MERGE(S) merge_rows(rows, owners, copies, count, S)
  CK_FOR_WIDTH(width, CK_MERGE)
}

CK_INLINE void copy_rows(float *rows, const uint32_t *owners, const uint32_t *copies,
                           size_t count, const int S) {
  for (size_t i = 0; i < count; i++) {
    ck_row_store(ck_row_load(rows + (size_t)owners[i] * S, S), rows + (size_t)copies[i] * S, S);
  }
}

CK_CLONES
void ck_lattice_spread(float *rows, size_t width, const uint32_t *owners, const uint32_t *copies,
                       size_t count) {
#define CK_COPY_ROWS(S) copy_rows(rows, owners, copies, count, S)
  CK_FOR_WIDTH(width, CK_COPY_ROWS)
}
