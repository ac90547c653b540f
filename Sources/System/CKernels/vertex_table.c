#include <string.h>

#include "vertex_table.h"

/// Bytes of the keys that a table with room for `capacity` points holds.
static size_t key_bytes(const ck_vertex_table *table, uint32_t capacity) {
  return (size_t)capacity * (size_t)table->words * sizeof(uint64_t);
}

static size_t slot_bytes(uint32_t mask) { return ((size_t)mask + 1) * sizeof(uint32_t); }

/// Gives a table memory for `slots` slots, all empty. False where it is short; the table is then as before.
static bool allocate(ck_vertex_table *table, uint32_t slots) {
  // Few enough points that most are found where they are looked for first.
  const uint32_t capacity = slots / 8 * 3;
  uint64_t *keys = table->allocator.allocate(key_bytes(table, capacity));
  uint32_t *fresh = table->allocator.allocate(slot_bytes(slots - 1));
  if (keys == NULL || fresh == NULL) {
    if (keys != NULL) table->allocator.release(keys, key_bytes(table, capacity));
    if (fresh != NULL) table->allocator.release(fresh, slot_bytes(slots - 1));
    return false;
  }
  memset(fresh, 0, slot_bytes(slots - 1));
  table->keys = keys;
  table->slots = fresh;
  table->capacity = capacity;
  table->mask = slots - 1;
  return true;
}

bool ck_table_init(ck_vertex_table *table, int32_t dimensions, uint32_t expected,
                   ck_allocator allocator) {
  uint32_t slots = 64;
  while (slots < UINT32_C(1) << 31 && slots / 8 * 3 < expected) slots *= 2;
  const ck_vertex_table empty = {.words = ck_key_words(dimensions), .allocator = allocator};
  *table = empty;
  return allocate(table, slots);
}

void ck_table_free(ck_vertex_table *table) {
  if (table->keys != NULL) table->allocator.release(table->keys, key_bytes(table, table->capacity));
  if (table->slots != NULL) table->allocator.release(table->slots, slot_bytes(table->mask));
  table->keys = NULL;
  table->slots = NULL;
}

void ck_table_seal(ck_vertex_table *table) {
  table->allocator.release(table->slots, slot_bytes(table->mask));
  table->slots = NULL;
  uint64_t *keys = table->allocator.allocate(key_bytes(table, table->count));
  if (keys == NULL) return;
  memcpy(keys, table->keys, key_bytes(table, table->count));
  table->allocator.release(table->keys, key_bytes(table, table->capacity));
  table->keys = keys;
  table->capacity = table->count;
}

bool ck_table_grow(ck_vertex_table *table) {
  if (table->mask >= UINT32_MAX / 2) return false;
  ck_vertex_table before = *table;
  if (!allocate(table, 2 * (before.mask + 1))) return false;
  const size_t words = (size_t)table->words;
  memcpy(table->keys, before.keys, key_bytes(table, table->count));
  for (uint32_t number = 0; number < table->count; number++) {
    uint32_t slot = ck_slot(ck_hash(table->keys + number * words, table->words), table->mask);
    while (table->slots[slot] != 0) slot = (slot + 1) & table->mask;
    table->slots[slot] = number + 1;
  }
  ck_table_free(&before);
  return true;
}

/// Look-ups under way at once: enough that their cache misses overlap.
enum { LOOKUPS = 32 };

CK_INLINE bool merge_keys(ck_vertex_table *table, const ck_vertex_table *other, uint32_t *numbers,
                          const int32_t words) {
  uint64_t hashes[LOOKUPS];
  for (uint32_t first = 0; first < other->count; first += LOOKUPS) {
    const uint32_t count = other->count - first < LOOKUPS ? other->count - first : LOOKUPS;
    const uint64_t *keys = other->keys + (size_t)first * (size_t)words;
    for (uint32_t k = 0; k < count; k++) {
      hashes[k] = ck_hash(keys + (size_t)k * (size_t)words, words);
      __builtin_prefetch(table->slots + ck_slot(hashes[k], table->mask));
    }
    for (uint32_t k = 0; k < count; k++) {
      numbers[first + k] =
          ck_table_insert(table, keys + (size_t)k * (size_t)words, words, hashes[k]);
      if (numbers[first + k] == UINT32_MAX) return false;
    }
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
