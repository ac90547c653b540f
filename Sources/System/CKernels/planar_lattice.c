#include "include/ckernels_planar.h"

#include "embedding.h"
#include "row_vectors.h"

CK_CLONES static void embed_planar_lanes(const float *features, ck_planar_frame frame, float *scratch,
                                  uint32_t *vertices, float *weights) {
  const embedding e = embedding_in(scratch, 2);
  embed_block(features, 2, e);
  weigh_vertices(e, 2, weights);
  for (int32_t k = 0; k <= 2; k++) {
    for (int lane = 0; lane < LANES; lane++) {
      // From remainder 0 to k every coordinate rises by k; those of the k highest ranks fall by 3.
      const int32_t falls0 = e.rank[lane] > 2 - k;
      const int32_t falls1 = e.rank[LANES + lane] > 2 - k;
      const int32_t falls2 = e.rank[2 * LANES + lane] > 2 - k;
      const int32_t t = (int32_t)e.nearest[2 * LANES + lane] + k - 3 * falls2;
      // Both coordinates have the same remainder: the difference is divisible.
      const float difference = e.nearest[lane] - e.nearest[LANES + lane];
      const int32_t x = (int32_t)rintf(difference * (1.0f / 3.0f)) - falls0 + falls1;
      vertices[3 * lane + k] =
          (uint32_t)((frame.last_t - t) * frame.width + ((x - frame.first_x) >> 1));
    }
  }
}

void ck_planar_embed(const float *features, size_t count, ck_planar_frame frame,
                     uint32_t *vertices, float *weights, uint8_t *present, float *scratch) {
  float last_features[LANES * 2] = {0};
  float last_weights[LANES * 3];
  uint32_t last_vertices[LANES * 3];
  for (size_t start = 0; start < count; start += LANES) {
    const size_t lanes = count - start < LANES ? count - start : LANES;
    if (lanes == LANES) {
      embed_planar_lanes(features + start * 2, frame, scratch, vertices + start * 3,
                  weights + start * 3);
    } else {
      memcpy(last_features, features + start * 2, lanes * 2 * sizeof(float));
      embed_planar_lanes(last_features, frame, scratch, last_vertices, last_weights);
      memcpy(vertices + start * 3, last_vertices, lanes * 3 * sizeof(uint32_t));
      memcpy(weights + start * 3, last_weights, lanes * 3 * sizeof(float));
    }
    for (size_t k = start * 3; k < (start + lanes) * 3; k++) present[vertices[k]] = 1;
  }
}

CK_INLINE void blur_line(float *output, ck_planar_lines lines, const uint32_t *runs,
                         size_t run_count, size_t columns, const int S) {
  size_t end = 0;
  for (size_t k = 0; k < run_count; k++) {
    memset(output + end * S, 0, (runs[2 * k] - end) * S * sizeof(float));
    end = runs[2 * k + 1];
    for (size_t i = runs[2 * k]; i < end; i++) {
      const ck_row before = ck_row_load(lines.before + ((ptrdiff_t)i + lines.before_shift) * S, S);
      const ck_row after = ck_row_load(lines.after + ((ptrdiff_t)i + lines.after_shift) * S, S);
      const ck_row sum = ck_row_add(before, 1.0f, after, S);
      ck_row_store(ck_row_add(ck_row_load(lines.centre + i * S, S), 0.5f, sum, S), output + i * S,
                   S);
    }
  }
  memset(output + end * S, 0, (columns - end) * S * sizeof(float));
}

CK_INLINE void blur_planar(float *output, ck_planar_lines lines, const uint32_t *runs,
                           size_t run_count, size_t columns, size_t width) {
#define CK_BLUR_LINE(S) blur_line(output, lines, runs, run_count, columns, S)
  CK_FOR_WIDTH(width, CK_BLUR_LINE)
}

CK_DEFINE_WIDE(ck_planar_blur,
               (float *output, ck_planar_lines lines, const uint32_t *runs, size_t run_count,
                size_t columns, size_t width),
               (output, lines, runs, run_count, columns, width), blur_planar)

CK_CLONES
void ck_planar_add(float *target, const float *source, size_t count) {
  for (size_t i = 0; i < count; i++) target[i] += source[i];
}
