#ifndef CKERNELS_VERTEX_TABLE_H
#define CKERNELS_VERTEX_TABLE_H

#include <string.h>

#include "clones.h"
#include "include/ckernels_lattice.h"

/// Words of the longest key: features of up to 256 dimensions.
#define CK_MAX_WORDS 64

/// A 16-bit coordinate is stored with this added, so that packed sums never borrow from a neighbour.
#define CK_KEY_BIAS 0x8000

bool ck_table_grow(ck_vertex_table *table);

/// Words of a key of d coordinates, four to a word.
CK_INLINE int32_t ck_key_words(int32_t dimensions) { return (dimensions + 3) / 4; }

/// The hash of a key with one more word in front.
CK_INLINE uint64_t ck_hash_more(uint64_t hash, uint64_t word) {
  return (hash + word) * UINT64_C(0x9E3779B97F4A7C15);
}

/// Σ key[w]·gʷ⁺¹ modulo 2⁶⁴ with g the odd integer next to 2⁶⁴/φ; its highest bits are the slot.
CK_INLINE uint64_t ck_hash(const uint64_t *key, int32_t words) {
  uint64_t hash = 0;
  for (int32_t w = words - 1; w >= 0; w--) hash = ck_hash_more(hash, key[w]);
  return hash;
}

CK_INLINE uint32_t ck_slot(uint64_t hash, uint32_t mask) {
  return (uint32_t)(hash >> __builtin_clzll(mask));
}

CK_INLINE bool ck_key_equal(const uint64_t *a, const uint64_t *b, int32_t words) {
  uint64_t difference = 0;
  for (int32_t w = 0; w < words; w++) difference |= a[w] ^ b[w];
  return difference == 0;
}

/// The number of `key`, searched for from its slot on; UINT32_MAX where it is not there.
CK_INLINE uint32_t ck_table_find_from(const ck_vertex_table *table, const uint64_t *key,
                                      int32_t words, uint32_t slot) {
  while (true) {
    uint32_t entry = table->slots[slot];
    if (entry == 0) return UINT32_MAX;
    if (ck_key_equal(table->keys + (size_t)(entry - 1) * (size_t)words, key, words)) {
      return entry - 1;
    }
    slot = (slot + 1) & table->mask;
  }
}

/// The number of `key`, which is added where it is new. UINT32_MAX where memory is short.
CK_INLINE uint32_t ck_table_insert(ck_vertex_table *table, const uint64_t *key, int32_t words,
                                   uint64_t hash) {
  uint32_t slot = ck_slot(hash, table->mask);
  while (true) {
    uint32_t entry = table->slots[slot];
    if (entry == 0) break;
    if (ck_key_equal(table->keys + (size_t)(entry - 1) * (size_t)words, key, words)) {
      return entry - 1;
    }
    slot = (slot + 1) & table->mask;
  }
  if (table->count == table->capacity) {
    if (!ck_table_grow(table)) return UINT32_MAX;
    slot = ck_slot(hash, table->mask);
    while (table->slots[slot] != 0) slot = (slot + 1) & table->mask;
  }
  uint32_t number = table->count++;
  memcpy(table->keys + (size_t)number * (size_t)words, key, (size_t)words * sizeof(uint64_t));
  table->slots[slot] = number + 1;
  return number;
}

CK_INLINE uint64_t ck_lane(int32_t coordinate, uint64_t value) {
  return value << (16 * (coordinate & 3));
}

/// Moves a packed key one step up along `axis`: every coordinate +1, that of the axis −d.
/// The last coordinate is not stored, being minus the sum of the others.
CK_INLINE void ck_key_step(uint64_t *key, int32_t dimensions, int32_t axis) {
  for (int32_t i = 0; i < dimensions; i++) key[i / 4] += ck_lane(i, 1);
  if (axis < dimensions) key[axis / 4] -= ck_lane(axis, (uint64_t)dimensions + 1);
}

#endif
