#include <math.h>
#include <string.h>

#include "embedding.h"
#include "vertex_table.h"

float ck_lattice_coordinate_limit(int32_t dimensions) {
  // A vertex lies up to d + 1 beyond the rounded point, a blur neighbour as much again.
  return (float)(32767 - 3 * (dimensions + 1));
}

size_t ck_lattice_scratch(int32_t dimensions) {
  // elevated, nearest, residual, sorted, rank: d + 2 rows each; repeats: one.
  return (size_t)((5 * (dimensions + 2) + 1) * LANES);
}

CK_INLINE void find_repeats(embedding e, int32_t d) {
  for (int lane = 0; lane < LANES; lane++) e.repeats[lane] = lane > 0;
  for (int32_t i = 0; i <= d; i++) {
    for (int lane = 1; lane < LANES; lane++) {
      e.repeats[lane] &= (e.nearest[i * LANES + lane] == e.nearest[i * LANES + lane - 1]) &
                         (e.rank[i * LANES + lane] == e.rank[i * LANES + lane - 1]);
    }
  }
}

CK_INLINE void embed_lanes_of(const float *features, int32_t d, float *scratch, float *weights) {
  const embedding e = embedding_in(scratch, d);
  embed_block(features, d, e);
  weigh_vertices(e, d, weights);
  find_repeats(e, d);
}

/// Embeds LANES points; constants for the features of images let the loops unroll.
CK_CLONES static void embed_lanes(const float *features, int32_t d, float *scratch,
                                  float *weights) {
  switch (d) {
    case 3: embed_lanes_of(features, 3, scratch, weights); break;
    case 5: embed_lanes_of(features, 5, scratch, weights); break;
    default: embed_lanes_of(features, d, scratch, weights); break;
  }
}

/// What the key and its hash change by from the vertex of remainder k to the next, for each axis that
/// can fall: every coordinate rises by 1, and that axis falls by d + 1 (d in all).
typedef struct {
  uint64_t keys[CK_MAX_WORDS * (CK_MAX_WORDS * 4 + 1)];
  uint64_t hashes[CK_MAX_WORDS * 4 + 1];
} remainder_steps;

static void find_steps(remainder_steps *steps, int32_t d, int32_t words) {
  for (int32_t axis = 0; axis <= d; axis++) {
    uint64_t *key = steps->keys + (size_t)axis * (size_t)words;
    for (int32_t w = 0; w < words; w++) key[w] = 0;
    ck_key_step(key, d, axis);
    steps->hashes[axis] = ck_hash(key, words);
  }
}

/// Numbers the d + 1 vertices of one lane's simplex. False where memory is short.
CK_INLINE bool number_vertices(embedding e, const remainder_steps *steps, int32_t d, int32_t words,
                               int lane, ck_vertex_table *table, uint32_t *vertices) {
  uint64_t key[CK_MAX_WORDS];
  for (int32_t w = 0; w < words; w++) key[w] = 0;
  for (int32_t i = 0; i < d; i++) {
    int32_t coordinate = (int32_t)e.nearest[i * LANES + lane] + CK_KEY_BIAS;
    key[i / 4] |= ck_lane(i, (uint64_t)coordinate);
  }
  uint64_t hash = ck_hash(key, words);
  // From remainder k to k + 1 the axis of rank d − k falls.
  int32_t axis_of_rank[CK_MAX_WORDS * 4 + 1];
  for (int32_t i = 0; i <= d; i++) axis_of_rank[e.rank[i * LANES + lane]] = i;
  for (int32_t k = 0; k <= d; k++) {
    vertices[k] = ck_table_insert(table, key, words, hash);
    if (vertices[k] == UINT32_MAX) return false;
    const int32_t axis = axis_of_rank[d - k];
    const uint64_t *step = steps->keys + (size_t)axis * (size_t)words;
    for (int32_t w = 0; w < words; w++) key[w] += step[w];
    hash += steps->hashes[axis];
  }
  return true;
}

ck_embed_status ck_lattice_embed(const float *features, size_t count, int32_t dimensions,
                                 ck_vertex_table *table, uint32_t *vertices, float *weights,
                                 float *scratch, size_t *failed) {
  const int32_t d = dimensions;
  const size_t corners = (size_t)d + 1;
  const float limit = ck_lattice_coordinate_limit(d);
  embedding e = embedding_in(scratch, d);
  remainder_steps steps;
  find_steps(&steps, d, table->words);
  float last_features[LANES * CK_MAX_WORDS * 4];
  float last_weights[LANES * (CK_MAX_WORDS * 4 + 1)];
  for (size_t start = 0; start < count; start += LANES) {
    const size_t lanes = count - start < LANES ? count - start : LANES;
    if (lanes == LANES) {
      embed_lanes(features + start * (size_t)d, d, scratch, weights + start * corners);
    } else {
      memset(last_features, 0, (size_t)LANES * (size_t)d * sizeof(float));
      memcpy(last_features, features + start * (size_t)d, lanes * (size_t)d * sizeof(float));
      embed_lanes(last_features, d, scratch, last_weights);
      memcpy(weights + start * corners, last_weights, lanes * corners * sizeof(float));
    }
    for (int lane = 0; lane < (int)lanes; lane++) {
      const size_t point = start + (size_t)lane;
      uint32_t *numbers = vertices + point * corners;
      if (e.repeats[lane]) {
        memcpy(numbers, numbers - corners, corners * sizeof(uint32_t));
        continue;
      }
      for (int32_t i = 0; i <= d; i++) {
        if (!(fabsf(e.nearest[i * LANES + lane]) <= limit)) {
          *failed = point;
          return CK_EMBED_KEY_OVERFLOW;
        }
      }
      const bool numbered =
          d == 5 ? number_vertices(e, &steps, 5, 2, lane, table, numbers)
                 : number_vertices(e, &steps, d, table->words, lane, table, numbers);
      if (!numbered) return CK_EMBED_NO_MEMORY;
    }
  }
  return CK_EMBED_OK;
}
