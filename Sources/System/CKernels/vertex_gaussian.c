#include <string.h>

#include "clones.h"
#include "exponential.h"
#include "include/ckernels_vertices.h"
#include "row_vectors.h"

/// Sources whose weights are held at a time: 16 KiB, which leaves the first-level cache room for rows.
enum { SOURCES = 256 };

/// Exponents of one source for all lanes of the target group.
CK_INLINE void weigh_source(const float *lanes, const float *source, float scale, float limit,
                            float *exponents, const int32_t width) {
  ck_v16 distance = {0};
  for (int32_t k = 0; k < width; k++) {
    const ck_v16 difference = *(const ck_v16 *)(lanes + k * CK_GROUP) - source[k * CK_GROUP];
    distance += difference * difference;
  }
  const ck_v16 exponent = distance * scale;
  const ck_v16 none = (ck_v16){0} - 1000.0f;
  const ck_i16 near = distance < limit;
  *(ck_v16 *)exponents = CK_SELECT(near, exponent, none);
}

CK_INLINE void weigh_sources(const float *groups, float scale, float limit, const float *lanes,
                             const uint32_t *sources, size_t count, float *weights,
                             const int32_t width) {
  for (size_t e = 0; e < count; e++) {
    const float *source =
        groups + (size_t)(sources[e] / CK_GROUP) * (size_t)width * CK_GROUP + sources[e] % CK_GROUP;
    weigh_source(lanes, source, scale, limit, weights + e * CK_GROUP, width);
  }
  ck_powers_of_two(weights, count * CK_GROUP);
}

/// Adds `channels` channels (4 or 8), each the lanes of one vector.
CK_INLINE void add_sources(const float *weights, const uint32_t *sources, size_t count,
                           const float *rows, size_t stride, float *tile, const int channels) {
  ck_v16 sums[8];
#pragma unroll
  for (int c = 0; c < channels; c++) sums[c] = *(const ck_v16 *)(tile + c * CK_GROUP);
  for (size_t e = 0; e < count; e++) {
    const ck_v16 weight = *(const ck_v16 *)(weights + e * CK_GROUP);
    const float *row = rows + (size_t)sources[e] * stride;
#pragma unroll
    for (int c = 0; c < channels; c++) sums[c] += weight * row[c];
  }
#pragma unroll
  for (int c = 0; c < channels; c++) *(ck_v16 *)(tile + c * CK_GROUP) = sums[c];
}

CK_CLONES
void ck_vertex_gaussian(const float *groups, int32_t width, float scale, float limit,
                        size_t target, const uint32_t *sources, size_t count, const float *rows,
                        size_t stride, float *tile) {
  float weights[SOURCES * CK_GROUP] __attribute__((aligned(64)));
  const float *lanes = groups + target * (size_t)width * CK_GROUP;
  memset(tile, 0, stride * CK_GROUP * sizeof(float));
  for (size_t first = 0; first < count; first += SOURCES) {
    const size_t block = count - first < SOURCES ? count - first : SOURCES;
    const uint32_t *some = sources + first;
    switch (width) {
      case 4: weigh_sources(groups, scale, limit, lanes, some, block, weights, 4); break;
      case 6: weigh_sources(groups, scale, limit, lanes, some, block, weights, 6); break;
      default: weigh_sources(groups, scale, limit, lanes, some, block, weights, width); break;
    }
    size_t c = 0;
    for (; c + 8 <= stride; c += 8) {
      add_sources(weights, some, block, rows + c, stride, tile + c * CK_GROUP, 8);
    }
    if (c < stride) add_sources(weights, some, block, rows + c, stride, tile + c * CK_GROUP, 4);
  }
}

CK_CLONES
void ck_gather_copies(const float *rows, size_t stride, const uint32_t *starts,
                      const uint32_t *copies, size_t count, float *sums) {
  for (size_t i = 0; i < count; i++) {
    float *restrict sum = sums + i * stride;
    memcpy(sum, rows + (size_t)copies[starts[i]] * stride, stride * sizeof(float));
    for (uint32_t k = starts[i] + 1; k < starts[i + 1]; k++) {
      const float *copy = rows + (size_t)copies[k] * stride;
      for (size_t c = 0; c < stride; c++) sum[c] += copy[c];
    }
  }
}

CK_CLONES
void ck_scatter_tile(const float *tile, size_t stride, const uint32_t *starts,
                     const uint32_t *copies, size_t count, float *rows) {
  for (size_t i = 0; i < count; i++) {
    float *restrict first = rows + (size_t)copies[starts[i]] * stride;
    for (size_t c = 0; c < stride; c++) first[c] = tile[c * CK_GROUP + i];
    for (uint32_t k = starts[i] + 1; k < starts[i + 1]; k++) {
      memcpy(rows + (size_t)copies[k] * stride, first, stride * sizeof(float));
    }
  }
}
