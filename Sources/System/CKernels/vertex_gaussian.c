#include <stdbool.h>
#include <string.h>

#include "clones.h"
#include "include/ckernels_vertices.h"
#include "row_vectors.h"

/// Sources that are handled at a time: with their weights, they stay in the first-level cache while one
/// part of their channels after the other is added.
enum { SOURCES = 128 };

/// Weights of one source for all lanes of the target group, without a second pass over memory. What 2ᵗ
/// is for distances from `limit` on does not matter.
CK_INLINE void weigh_source(const float *lanes, const float *source, float scale, float limit,
                            float *weights, const int32_t width) {
  ck_v16 distance = {0};
  for (int32_t k = 0; k < width; k++) {
    const ck_v16 difference = *(const ck_v16 *)(lanes + k * CK_GROUP) - source[k * CK_GROUP];
    distance += difference * difference;
  }
  const ck_i16 near = distance < limit;
  ck_v16 result;
  CK_NORMAL_POWERS_OF_TWO(result, distance * scale);
  *(ck_v16 *)weights = (ck_v16)((ck_i16)result & near);
}

CK_INLINE void weigh_sources(const float *groups, float scale, float limit, const float *lanes,
                             const uint32_t *sources, size_t count, const float *rows,
                             size_t stride, float *weights, const int32_t width) {
  for (size_t e = 0; e < count; e++) {
    // The rows are needed next, and lie anywhere.
    const float *row = rows + (size_t)sources[e] * stride;
    __builtin_prefetch(row);
    __builtin_prefetch(row + 16);
    const float *source =
        groups + (size_t)(sources[e] / CK_GROUP) * (size_t)width * CK_GROUP + sources[e] % CK_GROUP;
    weigh_source(lanes, source, scale, limit, weights + e * CK_GROUP, width);
  }
}

/// Adds `channels` channels (4, 8 or 16), each the lanes of one vector.
CK_INLINE void add_sources(const float *weights, const uint32_t *sources, size_t count,
                           const float *rows, size_t stride, float *tile, const int channels) {
  ck_v16 sums[16];
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

/// `many`: see CK_DEFINE_BY_REGISTERS; the sums of 16 channels at a time need them.
CK_INLINE void sum_group(const float *groups, int32_t width, float scale, float limit,
                         size_t target, const uint32_t *sources, size_t count, const float *rows,
                         size_t stride, float *tile, const bool many) {
  float weights[SOURCES * CK_GROUP] __attribute__((aligned(64)));
  const float *lanes = groups + target * (size_t)width * CK_GROUP;
  memset(tile, 0, stride * CK_GROUP * sizeof(float));
  for (size_t first = 0; first < count; first += SOURCES) {
    const size_t block = count - first < SOURCES ? count - first : SOURCES;
    const uint32_t *some = sources + first;
#define CK_WEIGH(WIDTH) \
  weigh_sources(groups, scale, limit, lanes, some, block, rows, stride, weights, WIDTH)
    switch (width) {
      case 4: CK_WEIGH(4); break;
      case 6: CK_WEIGH(6); break;
      default: CK_WEIGH(width); break;
    }
#undef CK_WEIGH
    size_t c = 0;
    for (; many && c + 16 <= stride; c += 16) {
      add_sources(weights, some, block, rows + c, stride, tile + c * CK_GROUP, 16);
    }
    for (; c + 8 <= stride; c += 8) {
      add_sources(weights, some, block, rows + c, stride, tile + c * CK_GROUP, 8);
    }
    if (c < stride) add_sources(weights, some, block, rows + c, stride, tile + c * CK_GROUP, 4);
  }
}

CK_DEFINE_BY_REGISTERS(ck_vertex_gaussian,
                       (const float *groups, int32_t width, float scale, float limit, size_t target,
                        const uint32_t *sources, size_t count, const float *rows, size_t stride,
                        float *tile),
                       (groups, width, scale, limit, target, sources, count, rows, stride, tile),
                       sum_group)

CK_CLONES
void ck_gather_copies(const float *rows, size_t width, const uint32_t *starts,
                      const uint32_t *copies, size_t count, float *sums, size_t stride) {
  for (size_t i = 0; i < count; i++) {
    float *restrict sum = sums + i * stride;
    const float *first = rows + (size_t)copies[starts[i]] * width;
    __builtin_prefetch(rows + (size_t)copies[starts[i] + CK_COPY_LOOKAHEAD] * width);
    for (size_t c = 0; c < width; c++) sum[c] = first[c];
    for (uint32_t k = starts[i] + 1; k < starts[i + 1]; k++) {
      __builtin_prefetch(rows + (size_t)copies[k + CK_COPY_LOOKAHEAD] * width);
      const float *copy = rows + (size_t)copies[k] * width;
      for (size_t c = 0; c < width; c++) sum[c] += copy[c];
    }
  }
}

CK_CLONES
void ck_scatter_tile(const float *tile, size_t width, const uint32_t *starts,
                     const uint32_t *copies, size_t count, float *rows) {
  for (size_t i = 0; i < count; i++) {
    for (uint32_t k = starts[i]; k < starts[i + 1]; k++) {
      __builtin_prefetch(rows + (size_t)copies[k + CK_COPY_LOOKAHEAD] * width, 1);
      float *restrict row = rows + (size_t)copies[k] * width;
      for (size_t c = 0; c < width; c++) row[c] = tile[c * CK_GROUP + i];
    }
  }
}
