#include "include/ckernels_labels.h"
#include "label_blocks.h"

void ck_describe_runs(const ck_runs *runs, size_t begin, size_t end, const uint8_t *states,
                      bool staying, const ck_largest_neighbours *neighbours) {
  for (size_t run = begin; run < end; run++) {
    const uint32_t first = runs->parents[run];
    const bool leaves = states[first] == CK_LEAVES;
    neighbours->firsts[run] = first | (leaves ? CK_LEAVING : 0);
    neighbours->weights[run] = staying && leaves ? 0 : runs->sizes[first];
    neighbours->largest[run] = 0;
  }
}

/// Without a branch: in maps of specks nothing can be foretold.
CK_INLINE void consider(uint64_t *largest, uint32_t own, uint32_t other, uint32_t weight) {
  uint64_t *best = largest + (own & ~CK_LEAVING);
  const uint32_t first = other & ~CK_LEAVING;
  const uint64_t met = (uint64_t)weight << 32 | first;
  const bool counts = own >= CK_LEAVING && (own & ~CK_LEAVING) != first;
  const bool is_larger = counts & (weight > *best >> 32);
  *best = is_larger ? met : *best;
}

CK_INLINE void meet(const ck_largest_neighbours *neighbours, uint32_t a, uint32_t b) {
  const uint32_t first_a = neighbours->firsts[a], first_b = neighbours->firsts[b];
  // Most runs of real maps belong to components that stay.
  if ((first_a | first_b) < CK_LEAVING) return;
  consider(neighbours->largest, first_a, first_b, neighbours->weights[b]);
  consider(neighbours->largest, first_b, first_a, neighbours->weights[a]);
}

CK_INLINE void meet_rows(const ck_runs *runs, size_t row, size_t other, const bool diagonal,
                         bool within, const ck_largest_neighbours *neighbours) {
  const size_t words = ck_row_words(runs->width);
  const uint64_t *starts = runs->starts + row * words, *others = runs->starts + other * words;
  uint32_t a = runs->first[row] - 1, b = runs->first[other] - 1;
  // Where a point has yet to look to its left.
  size_t waiting = SIZE_MAX;
  uint32_t waiting_run = 0;
  for (size_t k = 0; k < words; k++) {
    const uint64_t own = starts[k], their = others[k];
    uint64_t some = own | their;
    while (some != 0) {
      const unsigned i = ck_lowest_bit(some);
      some &= some - 1;
      const size_t column = 64 * k + i;
      const uint32_t run = a + ck_rank(own, i), above = b + ck_rank(their, i);
      const bool begins = own >> i & 1, changes = their >> i & 1;
      if (diagonal) {
        // The point to the left looks up to the right before it looks to its own left.
        if (waiting < column - 1) {
          meet(neighbours, waiting_run, waiting_run - 1);
          waiting = SIZE_MAX;
        }
        if (changes && column > 0) meet(neighbours, begins ? run - 1 : run, above);
        if (waiting != SIZE_MAX) {
          meet(neighbours, waiting_run, waiting_run - 1);
          waiting = SIZE_MAX;
        }
      }
      meet(neighbours, run, above);
      if (diagonal && changes && begins && column > 0) meet(neighbours, run, above - 1);
      if (!within || !begins || column == 0) continue;
      if (diagonal) {
        waiting = column;
        waiting_run = run;
      } else {
        meet(neighbours, run, run - 1);
      }
    }
    a += ck_bit_count(own);
    b += ck_bit_count(their);
  }
  if (waiting != SIZE_MAX) meet(neighbours, waiting_run, waiting_run - 1);
}

CK_CLONES
void ck_meet_rows(const ck_runs *runs, size_t row, size_t other, bool diagonal, bool within,
                  const ck_largest_neighbours *neighbours) {
  if (diagonal) {
    meet_rows(runs, row, other, true, within, neighbours);
  } else {
    meet_rows(runs, row, other, false, within, neighbours);
  }
}

void ck_meet_within(const ck_runs *runs, size_t row, const ck_largest_neighbours *neighbours) {
  for (uint32_t run = runs->first[row] + 1; run < runs->first[row + 1]; run++) {
    meet(neighbours, run, run - 1);
  }
}

CK_INLINE size_t add_pair(const ck_largest_neighbours *neighbours, uint32_t a, uint32_t b,
                          uint32_t *pairs, size_t count) {
  a = neighbours->firsts[a];
  b = neighbours->firsts[b];
  if (a == b || (a & b) < CK_LEAVING) return count;
  a -= CK_LEAVING;
  b -= CK_LEAVING;
  if (neighbours->largest[a] != 0 && neighbours->largest[b] != 0) return count;
  pairs[2 * count] = a;
  pairs[2 * count + 1] = b;
  return count + 1;
}

CK_CLONES
size_t ck_leaving_pairs(const ck_runs *runs, size_t row, size_t other, bool diagonal,
                        const ck_largest_neighbours *neighbours, uint32_t *pairs) {
  const size_t words = ck_row_words(runs->width);
  const uint64_t *starts = runs->starts + row * words, *others = runs->starts + other * words;
  uint32_t a = runs->first[row] - 1, b = runs->first[other] - 1;
  size_t count = 0;
  if (row == other) {
    for (uint32_t run = runs->first[row] + 1; run < runs->first[row + 1]; run++) {
      count = add_pair(neighbours, run, run - 1, pairs, count);
    }
    return count;
  }
  for (size_t k = 0; k < words; k++) {
    const uint64_t own = starts[k], their = others[k];
    uint64_t some = own | their;
    while (some != 0) {
      const unsigned i = ck_lowest_bit(some);
      some &= some - 1;
      const uint32_t run = a + ck_rank(own, i), above = b + ck_rank(their, i);
      count = add_pair(neighbours, run, above, pairs, count);
      if (diagonal && own >> i & their >> i & 1 && 64 * k + i > 0) {
        count = add_pair(neighbours, run, above - 1, pairs, count);
        count = add_pair(neighbours, run - 1, above, pairs, count);
      }
    }
    a += ck_bit_count(own);
    b += ck_bit_count(their);
  }
  return count;
}
