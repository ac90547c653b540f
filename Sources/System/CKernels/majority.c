#include "clones.h"
#include "include/ckernels_majority.h"

#include <string.h>

/// Defines the two functions for `LANES` counts of type `TYPE`, whose bits fit into `BITS`.
#define DEFINE_COUNTED(LANES, TYPE, BITS)                                                        \
  typedef TYPE counts_##LANES##TYPE __attribute__((ext_vector_type(LANES), aligned(sizeof(TYPE)))); \
  typedef _Bool flags_##LANES##TYPE __attribute__((ext_vector_type(LANES)));                     \
                                                                                                 \
  CK_INLINE void count_##LANES##TYPE(const ck_majority *m, const uint8_t *numbers, int sign,     \
                                     TYPE *columns) {                                            \
    for (size_t x = 0; x < m->width; x++) columns[x * LANES + numbers[x]] += (TYPE)sign;         \
  }                                                                                              \
                                                                                                 \
  CK_INLINE void choose_##LANES##TYPE(const ck_majority *m, const uint8_t *numbers,              \
                                      const TYPE *columns, uint16_t *output) {                   \
    const counts_##LANES##TYPE *column = (const counts_##LANES##TYPE *)columns;                  \
    const size_t width = m->width, radius = m->radius;                                           \
    counts_##LANES##TYPE counted = (counts_##LANES##TYPE)(TYPE)1, sums = {0};                    \
    if (m->ignored < LANES) counted[m->ignored] = 0;                                             \
    for (size_t x = 0; x < radius && x < width; x++) sums += column[x];                          \
    for (size_t x = 0; x < width; x++) {                                                         \
      if (x + radius < width) sums += column[x + radius];                                        \
      if (x > radius) sums -= column[x - radius - 1];                                            \
      const counts_##LANES##TYPE counts = sums * counted;                                        \
      const counts_##LANES##TYPE most =                                                          \
          (counts_##LANES##TYPE)(TYPE)__builtin_reduce_max(counts);                              \
      const flags_##LANES##TYPE are_most =                                                       \
          __builtin_convertvector(counts == most, flags_##LANES##TYPE);                          \
      BITS bits;                                                                                 \
      memcpy(&bits, &are_most, sizeof bits);                                                     \
      const size_t own = numbers[x];                                                             \
      const bool stays = own == m->ignored || (bits & (BITS)(bits - 1)) != 0;                    \
      output[x] = m->labels[stays ? own : (size_t)__builtin_ctzll(bits)];                        \
    }                                                                                            \
  }

DEFINE_COUNTED(8, int16_t, uint8_t)
DEFINE_COUNTED(16, int16_t, uint16_t)
DEFINE_COUNTED(64, int16_t, uint64_t)
DEFINE_COUNTED(8, int32_t, uint8_t)
DEFINE_COUNTED(16, int32_t, uint16_t)
DEFINE_COUNTED(64, int32_t, uint64_t)

CK_CLONES
void ck_count_line(const ck_majority *m, const uint8_t *numbers, int sign, void *columns) {
  switch (m->lanes + m->wide) {
    case 8: count_8int16_t(m, numbers, sign, columns); break;
    case 16: count_16int16_t(m, numbers, sign, columns); break;
    case 64: count_64int16_t(m, numbers, sign, columns); break;
    case 9: count_8int32_t(m, numbers, sign, columns); break;
    case 17: count_16int32_t(m, numbers, sign, columns); break;
    default: count_64int32_t(m, numbers, sign, columns); break;
  }
}

CK_CLONES
void ck_majority_line(const ck_majority *m, const uint8_t *numbers, const void *columns,
                      uint16_t *output) {
  switch (m->lanes + m->wide) {
    case 8: choose_8int16_t(m, numbers, columns, output); break;
    case 16: choose_16int16_t(m, numbers, columns, output); break;
    case 64: choose_64int16_t(m, numbers, columns, output); break;
    case 9: choose_8int32_t(m, numbers, columns, output); break;
    case 17: choose_16int32_t(m, numbers, columns, output); break;
    default: choose_64int32_t(m, numbers, columns, output); break;
  }
}

CK_INLINE size_t move(const ck_many_majority *m, uint16_t label, int sign, size_t most) {
  if (label == m->ignored) return most;
  const uint32_t before = m->counts[label], after = before + (uint32_t)sign;
  m->counts[label] = after;
  if (before > 0) {
    m->holders[before]--;
    m->sums[before] -= label;
  }
  if (after > 0) {
    m->holders[after]++;
    m->sums[after] += label;
  }
  if (after > most) return after;
  // Counts change by one: the next lower has a holder now, or there are none.
  return most > 0 && m->holders[most] == 0 ? most - 1 : most;
}

void ck_many_majority_line(const ck_many_majority *m, const uint16_t *labels, const size_t *lines,
                           size_t line_count, size_t own, uint16_t *output) {
  const size_t width = m->width, radius = m->radius;
  size_t most = 0;
  // Column `entering` comes in with x, and `leaving` goes, also beyond the end of the line.
  for (size_t entering = 0; entering < width + 2 * radius + 1; entering++) {
    for (size_t i = 0; i < line_count; i++) {
      if (entering < width) most = move(m, labels[lines[i] + entering], 1, most);
      if (entering > 2 * radius && entering - 2 * radius - 1 < width) {
        most = move(m, labels[lines[i] + entering - 2 * radius - 1], -1, most);
      }
    }
    if (entering < radius || entering - radius >= width) continue;
    const size_t x = entering - radius;
    const uint16_t label = labels[own + x];
    const bool wins = most > 0 && m->holders[most] == 1 && label != m->ignored;
    output[x] = wins ? (uint16_t)m->sums[most] : label;
  }
}
