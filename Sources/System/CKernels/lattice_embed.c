#include <math.h>
#include <string.h>

#include "embedding.h"
#include "vertex_table.h"

float ck_lattice_coordinate_limit(int32_t dimensions) {
  // A vertex lies up to d + 1 beyond the rounded point, a blur neighbour as much again.
  return (float)(32767 - 3 * (dimensions + 1));
}

/// Floats of an embedding of LANES points: elevated, nearest, residual, sorted, rank, d + 2 rows each;
/// repeats, one.
static size_t embedding_floats(int32_t d) { return (size_t)((5 * (d + 2) + 1) * LANES); }

size_t ck_lattice_scratch(int32_t dimensions) {
  const size_t corners = (size_t)dimensions + 1;
  const size_t words = (size_t)ck_key_words(dimensions);
  return embedding_floats(dimensions) + 2 * corners * (words + 1) * LANES;
}

/// The vertices of LANES points, as tables look for them.
typedef struct {
  /// Keys, (d + 1) × words × LANES.
  uint64_t *keys;
  /// Their hashes, (d + 1) × LANES.
  uint64_t *hashes;
} lane_vertices;

CK_INLINE lane_vertices vertices_in(float *scratch, int32_t d, int32_t words) {
  uint64_t *keys = (uint64_t *)(scratch + embedding_floats(d));
  const lane_vertices v = {keys, keys + (size_t)(d + 1) * (size_t)words * LANES};
  return v;
}

/// From remainder 0 to k every coordinate rises by k, and those of the k highest ranks fall by d + 1.
///
/// Coordinates that a key cannot hold give any key: the search compares them with the limit first.
CK_INLINE void find_keys(embedding e, int32_t d, int32_t words, lane_vertices v) {
  for (int32_t k = 0; k <= d; k++) {
    uint64_t hash[LANES] = {0};
    for (int32_t w = words - 1; w >= 0; w--) {
      uint64_t word[LANES] = {0};
      for (int32_t i = 4 * w; i < d && i < 4 * w + 4; i++) {
        for (int lane = 0; lane < LANES; lane++) {
          const int32_t fall = e.rank[i * LANES + lane] > d - k ? d + 1 : 0;
          const float nearest = fminf(fmaxf(e.nearest[i * LANES + lane], -32768.0f), 32767.0f);
          const int32_t coordinate = (int32_t)nearest + CK_KEY_BIAS + k - fall;
          word[lane] |= ck_lane(i, (uint64_t)(uint32_t)coordinate);
        }
      }
      for (int lane = 0; lane < LANES; lane++) {
        v.keys[(k * words + w) * LANES + lane] = word[lane];
        hash[lane] = ck_hash_more(hash[lane], word[lane]);
      }
    }
    memcpy(v.hashes + k * LANES, hash, sizeof hash);
  }
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
  const int32_t words = ck_key_words(d);
  embed_block(features, d, e);
  weigh_vertices(e, d, weights);
  find_repeats(e, d);
  find_keys(e, d, words, vertices_in(scratch, d, words));
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

/// Numbers the d + 1 vertices of one lane's simplex. False where memory is short.
CK_INLINE bool number_vertices(lane_vertices v, int32_t d, int32_t words, int lane,
                               ck_vertex_table *table, uint32_t *vertices) {
  for (int32_t k = 0; k <= d; k++) {
    uint64_t key[CK_MAX_WORDS];
    for (int32_t w = 0; w < words; w++) key[w] = v.keys[(k * words + w) * LANES + lane];
    vertices[k] = ck_table_insert(table, key, words, v.hashes[k * LANES + lane]);
    if (vertices[k] == UINT32_MAX) return false;
  }
  return true;
}

ck_embed_status ck_lattice_embed(const float *features, size_t count, int32_t dimensions,
                                 ck_vertex_table *table, uint32_t *vertices, float *weights,
                                 float *scratch, size_t *failed) {
  const int32_t d = dimensions;
  const size_t corners = (size_t)d + 1;
  const float limit = ck_lattice_coordinate_limit(d);
  const embedding e = embedding_in(scratch, d);
  const lane_vertices v = vertices_in(scratch, d, table->words);
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
      const bool numbered = d == 5
                                ? number_vertices(v, 5, 2, lane, table, numbers)
                                : number_vertices(v, d, table->words, lane, table, numbers);
      if (!numbered) return CK_EMBED_NO_MEMORY;
    }
  }
  return CK_EMBED_OK;
}
