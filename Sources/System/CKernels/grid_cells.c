#include <math.h>
#include <string.h>

#include "include/ckernels_grid.h"
#include "row_vectors.h"
#include "vertex_table.h"

/// Key of a grid's corners: one or two words.
enum { GRID_WORDS = 2, GRID_CORNERS = 1 << CK_GRID_DIMENSIONS };

CK_INLINE uint64_t coordinate_at(const ck_vertex_table *table, uint32_t vertex, int32_t axis) {
  const uint64_t *key = table->keys + (size_t)vertex * (size_t)table->words;
  return key[axis / 4] >> (16 * (axis & 3)) & 0xFFFF;
}

/// Numbers all corners of the cell whose lowest corner is `base`. False where memory is short.
CK_INLINE bool number_corners(const float *base, ck_vertex_table *table, uint32_t *vertices,
                              const int32_t d) {
  const int32_t words = ck_key_words(d);
  uint64_t lowest[GRID_WORDS] = {0};
  for (int32_t k = 0; k < d; k++) {
    lowest[k / 4] |= ck_lane(k, (uint64_t)(uint32_t)((int32_t)base[k] + CK_KEY_BIAS));
  }
  for (uint32_t corner = 0; corner < UINT32_C(1) << d; corner++) {
    uint64_t key[GRID_WORDS] = {lowest[0], lowest[1]};
    for (int32_t k = 0; k < d; k++) key[k / 4] += ck_lane(k, corner >> k & 1);
    vertices[corner] = ck_table_insert(table, key, words, ck_hash(key, words));
    if (vertices[corner] == UINT32_MAX) return false;
  }
  return true;
}

CK_INLINE ck_embed_status embed_points(const float *features, size_t count, const float *scales,
                                       ck_vertex_table *table, uint32_t *vertices, float *weights,
                                       size_t *failed, const int32_t d) {
  const size_t corners = (size_t)1 << d;
  float base[CK_GRID_DIMENSIONS] = {0};
  for (size_t i = 0; i < count; i++, vertices += corners, weights += corners) {
    bool repeats = i > 0;
    weights[0] = 1.0f;
    for (int32_t k = 0; k < d; k++) {
      const float x = features[i * (size_t)d + (size_t)k] * scales[k];
      const float low = floorf(x);
      if (!(fabsf(low) <= (float)CK_GRID_LIMIT)) {
        *failed = i;
        return CK_EMBED_KEY_OVERFLOW;
      }
      repeats &= low == base[k];
      base[k] = low;
      const float upper = x - low, lower = 1.0f - upper;
      for (size_t c = 0; c < (size_t)1 << k; c++) {
        weights[c + ((size_t)1 << k)] = weights[c] * upper;
        weights[c] *= lower;
      }
    }
    if (repeats) {
      memcpy(vertices, vertices - corners, corners * sizeof *vertices);
    } else if (!number_corners(base, table, vertices, d)) {
      return CK_EMBED_NO_MEMORY;
    }
  }
  return CK_EMBED_OK;
}

CK_CLONES
ck_embed_status ck_grid_embed(const float *features, size_t count, int32_t dimensions,
                              const float *scales, ck_vertex_table *table, uint32_t *vertices,
                              float *weights, size_t *failed) {
  switch (dimensions) {
    case 1: return embed_points(features, count, scales, table, vertices, weights, failed, 1);
    case 2: return embed_points(features, count, scales, table, vertices, weights, failed, 2);
    case 3: return embed_points(features, count, scales, table, vertices, weights, failed, 3);
    case 4: return embed_points(features, count, scales, table, vertices, weights, failed, 4);
    default: return embed_points(features, count, scales, table, vertices, weights, failed, 5);
  }
}

void ck_grid_box(const ck_vertex_table *table, int32_t dimensions, int32_t *low, int32_t *high) {
  for (int32_t k = 0; k < dimensions; k++) {
    uint64_t least = UINT16_MAX, most = 0;
    for (uint32_t vertex = 0; vertex < table->count; vertex++) {
      const uint64_t coordinate = coordinate_at(table, vertex, k);
      least = coordinate < least ? coordinate : least;
      most = coordinate > most ? coordinate : most;
    }
    low[k] = (int32_t)least - CK_KEY_BIAS;
    high[k] = (int32_t)most - CK_KEY_BIAS;
  }
}

bool ck_grid_fill(ck_vertex_table *table, int32_t dimensions, const int32_t *low,
                  const int32_t *high) {
  int32_t at[CK_GRID_DIMENSIONS];
  memcpy(at, low, (size_t)dimensions * sizeof *at);
  const int32_t words = table->words;
  while (true) {
    uint64_t key[GRID_WORDS] = {0};
    for (int32_t k = 0; k < dimensions; k++) {
      key[k / 4] |= ck_lane(k, (uint64_t)(uint32_t)(at[k] + CK_KEY_BIAS));
    }
    if (ck_table_insert(table, key, words, ck_hash(key, words)) == UINT32_MAX) return false;
    int32_t axis = 0;
    while (axis < dimensions && at[axis] == high[axis]) {
      at[axis] = low[axis];
      axis++;
    }
    if (axis == dimensions) return true;
    at[axis]++;
  }
}

void ck_grid_above(const ck_vertex_table *table, int32_t axis, int32_t radius, uint32_t begin,
                   uint32_t end, uint32_t *numbers, uint8_t *steps) {
  const int32_t words = table->words;
  for (uint32_t vertex = begin; vertex < end; vertex++) {
    uint64_t key[GRID_WORDS] = {0};
    memcpy(key, table->keys + (size_t)vertex * (size_t)words, (size_t)words * sizeof *key);
    uint32_t found = UINT32_MAX;
    int32_t distance = 0;
    while (found == UINT32_MAX && distance < radius) {
      distance++;
      key[axis / 4] += ck_lane(axis, 1);
      found = ck_table_find_from(table, key, words, ck_slot(ck_hash(key, words), table->mask));
    }
    numbers[vertex - begin] = found;
    steps[vertex - begin] = (uint8_t)distance;
  }
}

CK_INLINE void blur_line(float *rows, const uint32_t *line, const uint32_t *places, size_t count,
                         const float *taps, size_t radius, float *copy, const int S) {
  for (size_t i = 0; i < count; i++) {
    ck_row_store(ck_row_load(rows + (size_t)line[i] * (size_t)S, S), copy + i * (size_t)S, S);
  }
  size_t first = 0;
  for (size_t i = 0; i < count; i++) {
    while (places[i] - places[first] > radius) first++;
    ck_row sum = {0};
    size_t j = first;
    for (; j < i; j++) {
      sum = ck_row_add(sum, taps[places[i] - places[j]], ck_row_load(copy + j * (size_t)S, S), S);
    }
    for (; j < count && places[j] - places[i] <= radius; j++) {
      sum = ck_row_add(sum, taps[places[j] - places[i]], ck_row_load(copy + j * (size_t)S, S), S);
    }
    ck_row_store(sum, rows + (size_t)line[i] * (size_t)S, S);
  }
}

CK_INLINE void blur_all(float *rows, ck_grid_lines lines, size_t first, size_t end,
                        const float *taps, size_t radius, float *scratch, const int S) {
  for (size_t i = first; i < end; i++) {
    const size_t start = lines.starts[i];
    blur_line(rows, lines.rows + start, lines.places + start, lines.starts[i + 1] - start, taps,
              radius, scratch, S);
  }
}

CK_INLINE void blur_lines(float *rows, size_t width, ck_grid_lines lines, size_t first, size_t end,
                          const float *taps, size_t radius, float *scratch) {
#define CK_BLUR_GRID(S) blur_all(rows, lines, first, end, taps, radius, scratch, S)
  CK_FOR_WIDTH(width, CK_BLUR_GRID)
}

CK_DEFINE_WIDE(ck_grid_blur,
               (float *rows, size_t width, ck_grid_lines lines, size_t first, size_t end,
                const float *taps, size_t radius, float *scratch),
               (rows, width, lines, first, end, taps, radius, scratch), blur_lines)

CK_CLONES
void ck_grid_self_weights(const float *weights, size_t count, int32_t dimensions, const float *taps,
                          float gain, float *self) {
  const size_t corners = (size_t)1 << dimensions;
  for (size_t i = 0; i < count; i++, weights += corners) {
    float blurred[GRID_CORNERS];
    memcpy(blurred, weights, corners * sizeof *blurred);
    for (int32_t k = 0; k < dimensions; k++) {
      const size_t side = (size_t)1 << k;
      for (size_t c = 0; c < corners; c++) {
        if (c & side) continue;
        const float lower = blurred[c], upper = blurred[c + side];
        blurred[c] = taps[2 * k] * lower + taps[2 * k + 1] * upper;
        blurred[c + side] = taps[2 * k] * upper + taps[2 * k + 1] * lower;
      }
    }
    float sum = 0.0f;
    for (size_t c = 0; c < corners; c++) sum += weights[c] * blurred[c];
    self[i] = gain * sum;
  }
}
