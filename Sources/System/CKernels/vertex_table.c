#include <stdlib.h>
#include <string.h>

#include "vertex_table.h"

bool ck_table_init(ck_vertex_table *table, int32_t dimensions, uint32_t expected) {
  uint32_t slots = 64;
  while (slots < UINT32_C(1) << 31 && slots < 2 * (uint64_t)expected) slots *= 2;
  table->words = (dimensions + 3) / 4;
  table->count = 0;
  table->capacity = slots / 2;
  table->mask = slots - 1;
  table->keys = malloc((size_t)table->capacity * (size_t)table->words * sizeof(uint64_t));
  table->slots = calloc(slots, sizeof(uint32_t));
  if (table->keys == NULL || table->slots == NULL) {
    ck_table_free(table);
    return false;
  }
  return true;
}

void ck_table_free(ck_vertex_table *table) {
  free(table->keys);
  free(table->slots);
  table->keys = NULL;
  table->slots = NULL;
}

bool ck_table_grow(ck_vertex_table *table) {
  if (table->mask >= UINT32_MAX / 2) return false;
  uint32_t slots = 2 * (table->mask + 1);
  uint32_t capacity = slots / 2;
  size_t words = (size_t)table->words;
  uint64_t *keys = realloc(table->keys, capacity * words * sizeof(uint64_t));
  if (keys == NULL) return false;
  table->keys = keys;
  uint32_t *fresh = calloc(slots, sizeof(uint32_t));
  if (fresh == NULL) return false;
  for (uint32_t number = 0; number < table->count; number++) {
    uint32_t slot = ck_slot(ck_hash(keys + number * words, table->words), slots - 1);
    while (fresh[slot] != 0) slot = (slot + 1) & (slots - 1);
    fresh[slot] = number + 1;
  }
  free(table->slots);
  table->slots = fresh;
  table->capacity = capacity;
  table->mask = slots - 1;
  return true;
}

CK_INLINE bool merge_keys(ck_vertex_table *table, const ck_vertex_table *other, uint32_t *numbers,
                          const int32_t words) {
  for (uint32_t i = 0; i < other->count; i++) {
    const uint64_t *key = other->keys + (size_t)i * (size_t)words;
    numbers[i] = ck_table_insert(table, key, words, ck_hash(key, words));
    if (numbers[i] == UINT32_MAX) return false;
  }
  return true;
}

bool ck_table_merge(ck_vertex_table *table, const ck_vertex_table *other, uint32_t *numbers) {
  switch (table->words) {
    case 1: return merge_keys(table, other, numbers, 1);
    case 2: return merge_keys(table, other, numbers, 2);
    default: return merge_keys(table, other, numbers, table->words);
  }
}

/// Look-ups under way at once: enough that their cache misses overlap.
enum { LOOKUPS = 16 };

CK_INLINE void find_neighbours(const ck_vertex_table *table, const uint64_t *step, uint32_t begin,
                               uint32_t end, uint32_t *numbers, const int32_t words) {
  uint64_t keys[LOOKUPS * CK_MAX_WORDS];
  uint32_t slots[LOOKUPS];
  for (uint32_t first = begin; first < end; first += LOOKUPS) {
    const uint32_t count = end - first < LOOKUPS ? end - first : LOOKUPS;
    for (uint32_t k = 0; k < count; k++) {
      const uint64_t *key = table->keys + (size_t)(first + k) * (size_t)words;
      uint64_t *moved = keys + (size_t)k * (size_t)words;
      for (int32_t w = 0; w < words; w++) moved[w] = key[w] + step[w];
      slots[k] = ck_slot(ck_hash(moved, words), table->mask);
      __builtin_prefetch(table->slots + slots[k]);
    }
    for (uint32_t k = 0; k < count; k++) {
      const uint32_t entry = table->slots[slots[k]];
      if (entry != 0) __builtin_prefetch(table->keys + (size_t)(entry - 1) * (size_t)words);
    }
    for (uint32_t k = 0; k < count; k++) {
      const uint64_t *moved = keys + (size_t)k * (size_t)words;
      numbers[first - begin + k] = ck_table_find_from(table, moved, words, slots[k]);
    }
  }
}

void ck_table_neighbours(const ck_vertex_table *table, int32_t dimensions, int32_t axis,
                         uint32_t begin, uint32_t end, uint32_t *numbers) {
  // Coordinates stay within their 16 bits, so that one sum a word moves four of them.
  uint64_t step[CK_MAX_WORDS] = {0};
  ck_key_step(step, dimensions, axis);
  switch (table->words) {
    case 1: find_neighbours(table, step, begin, end, numbers, 1); break;
    case 2: find_neighbours(table, step, begin, end, numbers, 2); break;
    default: find_neighbours(table, step, begin, end, numbers, table->words); break;
  }
}
