#include "include/ckernels_labels.h"
#include "label_blocks.h"

CK_CLONES
void ck_run_starts(const uint16_t *labels, size_t rows, size_t width, uint64_t *starts,
                   uint32_t *counts) {
  const size_t words = ck_row_words(width);
  for (size_t row = 0; row < rows; row++) {
    const uint16_t *given = labels + row * width;
    uint32_t count = 0;
    for (size_t k = 0; k < words; k++) {
      uint16_t own[64], left[64];
      uint64_t word = ~ck_equal_labels(ck_labels_at(given, 64 * k, width, own),
                                       ck_labels_left(given, 64 * k, width, left));
      word = (word | (k == 0)) & ck_valid_bits(k, width);
      starts[row * words + k] = word;
      count += ck_bit_count(word);
    }
    counts[row] = count;
  }
}

CK_CLONES
void ck_member_starts(const uint16_t *labels, size_t rows, size_t width, uint16_t label,
                      uint64_t *members, uint64_t *starts, uint32_t *counts) {
  const size_t words = ck_row_words(width);
  for (size_t row = 0; row < rows; row++) {
    const uint16_t *given = labels + row * width;
    uint32_t count = 0;
    uint64_t before = 0;
    for (size_t k = 0; k < words; k++) {
      const uint64_t valid = ck_valid_bits(k, width);
      uint16_t own[64];
      const uint64_t word =
          ck_equal_label(ck_labels_at(given, 64 * k, width, own), label) & valid;
      const uint64_t changes = ((word ^ (word << 1 | before)) | (k == 0)) & valid;
      before = word >> 63;
      members[row * words + k] = word;
      starts[row * words + k] = changes;
      count += ck_bit_count(changes);
    }
    counts[row] = count;
  }
}

void ck_part_runs(const ck_runs *runs, size_t begin, size_t end) {
  for (uint32_t run = runs->first[begin]; run < runs->first[end]; run++) runs->parents[run] = run;
}

/// Rem's algorithm with splicing: Patwary, Blair & Manne, "Experiments on union-find algorithms for the
/// disjoint-set data structure", SEA 2010.
CK_INLINE void unite(uint32_t *parents, uint32_t a, uint32_t b) {
  uint32_t above_a = parents[a], above_b = parents[b];
  while (above_a != above_b) {
    if (above_a < above_b) {
      parents[b] = above_a;
      if (b == above_b) return;
      b = above_b;
      above_b = parents[b];
    } else {
      parents[a] = above_b;
      if (a == above_a) return;
      a = above_a;
      above_a = parents[a];
    }
  }
}

CK_INLINE uint32_t find(uint32_t *parents, uint32_t run) {
  while (parents[run] != run) {
    parents[run] = parents[parents[run]];
    run = parents[run];
  }
  return run;
}

CK_INLINE void join(const ck_runs *runs, uint32_t a, uint32_t b) {
  a = find(runs->parents, a);
  b = find(runs->parents, b);
  if (a == b) return;
  const uint32_t first = a < b ? a : b, second = a < b ? b : a;
  runs->parents[second] = first;
  runs->sizes[first] += runs->sizes[second];
  runs->sizes[second] = 0;
}

/// Which points of a word have the label of a point in another row: that of the same column, that to the
/// left of it, and, for the point to their own left, that of the same column. Beyond the width anything.
typedef struct {
  uint64_t side, falling, rising;
} likeness;

CK_INLINE likeness likeness_of(const ck_runs *runs, size_t row, size_t other, size_t k,
                               bool diagonal) {
  const size_t width = runs->width, words = ck_row_words(width);
  // The first column has none to its left.
  const uint64_t inner = diagonal ? ~(uint64_t)(k == 0) : 0;
  likeness found = {0, 0, 0};
  if (runs->members == NULL) {
    const uint16_t *a = runs->labels + row * width, *b = runs->labels + other * width;
    uint16_t scratch[2][64];
    const uint16_t *below = ck_labels_at(a, 64 * k, width, scratch[0]);
    const uint16_t *above = ck_labels_at(b, 64 * k, width, scratch[1]);
    found.side = ck_equal_labels(below, above);
    if (diagonal) {
      uint16_t left[64];
      const uint16_t *above_left = ck_labels_left(b, 64 * k, width, left);
      found.falling = ck_equal_labels(below, above_left) & inner;
      const uint16_t *below_left = ck_labels_left(a, 64 * k, width, left);
      found.rising = ck_equal_labels(below_left, above) & inner;
    }
  } else {
    const uint64_t *a = runs->members + row * words, *b = runs->members + other * words;
    found.side = ~(a[k] | b[k]);
    if (diagonal) {
      const uint64_t left_a = a[k] << 1 | (k > 0 ? a[k - 1] >> 63 : 0);
      const uint64_t left_b = b[k] << 1 | (k > 0 ? b[k - 1] >> 63 : 0);
      found.falling = ~(a[k] | left_b) & inner;
      found.rising = ~(left_a | b[k]) & inner;
    }
  }
  return found;
}

/// Whether the last points of the word before word k are alike.
CK_INLINE bool were_alike(const ck_runs *runs, size_t row, size_t other, size_t k) {
  const size_t width = runs->width, words = ck_row_words(width);
  if (runs->members != NULL) {
    const uint64_t *members = runs->members + k - 1;
    return !((members[row * words] | members[other * words]) >> 63);
  }
  const uint16_t *labels = runs->labels + 64 * k - 1;
  return labels[row * width] == labels[other * width];
}

/// Joins two runs, with sizes or without.
CK_INLINE void link_runs(const ck_runs *runs, uint32_t a, uint32_t b, const bool adds_sizes) {
  if (adds_sizes) {
    join(runs, a, b);
  } else {
    unite(runs->parents, a, b);
  }
}

/// Two runs are joined at the first column of each stretch that they share, and where they touch at a
/// corner; but not where another of the rows has a point there that touches both, and so joins them. Sides
/// go before corners, and rows in the order of the list.
CK_INLINE void link_rows(const ck_runs *runs, size_t row, const ck_row_neighbour *list,
                         const size_t count, const bool corners, uint32_t present,
                         const bool adds_sizes) {
  const size_t words = ck_row_words(runs->width);
  const uint64_t *starts = runs->starts + row * words;
  // The run at a column is the number of starts up to it, less one.
  uint32_t a = runs->first[row] - 1, b[CK_ROW_NEIGHBOURS];
  for (size_t j = 0; j < count; j++) {
    if (present >> j & 1) b[j] = runs->first[row - list[j].distance] - 1;
  }
  for (size_t k = 0; k < words; k++) {
    const uint64_t own = starts[k];
    uint64_t their[CK_ROW_NEIGHBOURS], some = own;
    for (size_t j = 0; j < count; j++) {
      their[j] = present >> j & 1 ? starts[k - list[j].distance * words] : 0;
      some |= their[j];
    }
    if (some == 0) continue;
    likeness alike[CK_ROW_NEIGHBOURS];
    // That of sides for the points to the left.
    uint64_t before[CK_ROW_NEIGHBOURS];
    for (size_t j = 0; j < count; j++) {
      if (present >> j & 1) {
        const size_t other = row - list[j].distance;
        alike[j] = likeness_of(runs, row, other, k, corners && list[j].diagonal);
        if (corners) before[j] = alike[j].side << 1 | (k > 0 && were_alike(runs, row, other, k));
      } else {
        alike[j] = (likeness){0, 0, 0};
        before[j] = 0;
      }
    }
    for (size_t j = 0; j < count; j++) {
      if (!(present >> j & 1)) continue;
      uint64_t side = 0, falling = 0, rising = 0;
      // Where points touch at no corners, those of two rows do not touch.
      for (size_t i = 0; corners && i < count; i++) {
        const uint64_t beside = -(uint64_t)(list[j].beside >> i & 1);
        const uint64_t across = -(uint64_t)(list[j].across >> i & 1);
        side |= alike[i].side & beside;
        falling |= (alike[i].falling & beside) | (alike[i].side & across);
        rising |= (alike[i].rising & beside) | (before[i] & across);
      }
      const uint64_t both = own & their[j];
      side = alike[j].side & (own | their[j]) & ~side;
      falling = alike[j].falling & both & ~falling;
      rising = alike[j].rising & both & ~rising;
      for (; side != 0; side &= side - 1) {
        const unsigned i = ck_lowest_bit(side);
        link_runs(runs, a + ck_rank(own, i), b[j] + ck_rank(their[j], i), adds_sizes);
      }
      for (; falling != 0; falling &= falling - 1) {
        const unsigned i = ck_lowest_bit(falling);
        link_runs(runs, a + ck_rank(own, i), b[j] + ck_rank(their[j], i) - 1, adds_sizes);
      }
      for (; rising != 0; rising &= rising - 1) {
        const unsigned i = ck_lowest_bit(rising);
        link_runs(runs, a + ck_rank(own, i) - 1, b[j] + ck_rank(their[j], i), adds_sizes);
      }
      b[j] += ck_bit_count(their[j]);
    }
    a += ck_bit_count(own);
  }
}

/// With constants for images and for volumes.
CK_INLINE void link_row(const ck_runs *runs, size_t row, const ck_row_neighbour *list, size_t count,
                        uint32_t present, const bool adds_sizes) {
  bool corners = false;
  for (size_t j = 0; j < count; j++) corners |= list[j].diagonal;
  if (!corners && count == 1) {
    link_rows(runs, row, list, 1, false, present, adds_sizes);
  } else if (!corners && count == 2) {
    link_rows(runs, row, list, 2, false, present, adds_sizes);
  } else if (count == 1) {
    link_rows(runs, row, list, 1, true, present, adds_sizes);
  } else if (count == 4) {
    link_rows(runs, row, list, 4, true, present, adds_sizes);
  } else {
    link_rows(runs, row, list, count, corners, present, adds_sizes);
  }
}

CK_CLONES
void ck_link_rows(const ck_runs *runs, size_t row, const ck_row_neighbour *list, size_t count,
                  uint32_t present) {
  link_row(runs, row, list, count, present, false);
}

CK_CLONES
void ck_join_rows(const ck_runs *runs, size_t row, const ck_row_neighbour *list, size_t count,
                  uint32_t present) {
  link_row(runs, row, list, count, present, true);
}

/// Calls `body` for each run of a row, with its number `run` and its columns `column` ..< `stop`.
#define FOR_EACH_RUN(runs, row, body)                                             \
  do {                                                                            \
    const size_t words_ = ck_row_words((runs)->width);                            \
    const uint64_t *starts_ = (runs)->starts + (row) * words_;                    \
    uint32_t run = (runs)->first[row];                                            \
    size_t column = 0;                                                            \
    uint64_t word_ = starts_[0] & ~UINT64_C(1);                                   \
    for (size_t k_ = 0;;) {                                                       \
      while (word_ == 0 && ++k_ < words_) word_ = starts_[k_];                    \
      const size_t stop = k_ < words_ ? 64 * k_ + ck_lowest_bit(word_) : (runs)->width; \
      body;                                                                       \
      if (k_ >= words_) break;                                                    \
      word_ &= word_ - 1;                                                         \
      column = stop;                                                              \
      run++;                                                                      \
    }                                                                             \
  } while (0)

CK_CLONES
void ck_settle_rows(const ck_runs *runs, size_t begin, size_t end, int32_t ignored) {
  uint32_t *parents = runs->parents, *sizes = runs->sizes;
  for (size_t row = begin; row < end; row++) {
    const uint16_t *labels = runs->labels + row * runs->width;
    FOR_EACH_RUN(runs, row, {
      const uint32_t first = parents[parents[run]];
      const uint32_t size = labels[column] == ignored ? 0 : (uint32_t)(stop - column);
      parents[run] = first;
      sizes[run] = 0;
      sizes[first] += size;
    });
  }
}

void ck_resolve_runs(const ck_runs *runs, size_t begin, size_t end) {
  uint32_t *parents = runs->parents;
  for (size_t run = begin; run < end; run++) {
    // Whatever another thread writes meanwhile is on the way to the same first run.
    const uint32_t above = __atomic_load_n(parents + run, __ATOMIC_RELAXED);
    uint32_t first = __atomic_load_n(parents + above, __ATOMIC_RELAXED);
    // Those of these runs have been resolved before, so that few go further.
    if (above < begin) {
      uint32_t next;
      while ((next = __atomic_load_n(parents + first, __ATOMIC_RELAXED)) != first) first = next;
    }
    __atomic_store_n(parents + run, first, __ATOMIC_RELAXED);
  }
}

CK_CLONES
void ck_judge_rows(const ck_runs *runs, size_t begin, size_t end, const uint32_t *minimum,
                   uint16_t *labels, uint8_t *states) {
  for (size_t row = begin; row < end; row++) {
    const uint16_t *given = runs->labels + row * runs->width;
    FOR_EACH_RUN(runs, row, {
      (void)stop;
      // Without a branch: for runs that are not the first the state means nothing.
      const uint16_t label = given[column];
      const uint32_t size = runs->sizes[run];
      labels[run] = label;
      states[run] = (uint8_t)((size != 0) + ((size != 0) & (size < minimum[label])));
    });
  }
}

CK_CLONES
size_t ck_larger_components(const ck_runs *runs, size_t row, const uint32_t *least,
                            uint32_t *firsts, uint16_t *labels) {
  const uint16_t *given = runs->labels + row * runs->width;
  size_t count = 0;
  FOR_EACH_RUN(runs, row, {
    (void)stop;
    // Without a branch: what is not larger is written over.
    firsts[count] = run;
    labels[count] = given[column];
    count += runs->sizes[run] > least[given[column]];
  });
  return count;
}

CK_CLONES
size_t ck_count_components(const ck_runs *runs, size_t begin, size_t end) {
  // Of runs that are not the first, sizes are 0.
  size_t count = 0;
  for (size_t run = begin; run < end; run++) count += runs->sizes[run] != 0;
  return count;
}

CK_CLONES
void ck_list_components(const ck_runs *runs, size_t begin, size_t end, size_t number,
                        size_t count, uint32_t *numbers, intptr_t *sizes, uint16_t *labels) {
  const size_t last = number + count;
  for (size_t row = begin; row < end; row++) {
    const uint16_t *given = runs->labels + row * runs->width;
    FOR_EACH_RUN(runs, row, {
      (void)stop;
      const uint32_t size = runs->sizes[run];
      numbers[run] = size != 0 ? (uint32_t)number : 0;
      // What does not count is written over; behind the last there may be no room.
      if (number < last) {
        sizes[number] = (intptr_t)size;
        labels[number] = given[column];
        number += size != 0;
      }
    });
  }
}

/// Starts in a word above which points are written one by one, without a branch for each run.
enum { MANY_STARTS = 8 };

/// Writes for each point of a row the value of its run: VALUE, which may look at the run and at the `column`
/// where it begins. Runs are written 64 points at a time, over what later runs write again.
#define SPREAD(runs, row, type, output, VALUE)                                     \
  do {                                                                             \
    const size_t width_ = (runs)->width, words_ = ck_row_words(width_);            \
    const uint64_t *starts_ = (runs)->starts + (row) * words_;                     \
    type last_[128], own_[65];                                                     \
    uint32_t run = (runs)->first[row];                                             \
    size_t column = 0;                                                             \
    type value_ = VALUE;                                                           \
    for (size_t k_ = 0; k_ < words_; k_++) {                                       \
      type *target_ = 64 * k_ + 128 <= width_ ? (output) + 64 * k_ : last_;        \
      uint64_t word_ = starts_[k_] & ~(uint64_t)(k_ == 0);                         \
      const uint32_t count_ = ck_bit_count(word_);                                 \
      if (count_ > MANY_STARTS) {                                                  \
        uint64_t rest_ = word_;                                                    \
        own_[0] = value_;                                                          \
        for (uint32_t j_ = 1; j_ <= count_; j_++, rest_ &= rest_ - 1) {            \
          column = 64 * k_ + ck_lowest_bit(rest_);                                 \
          run++;                                                                   \
          own_[j_] = VALUE;                                                        \
        }                                                                          \
        for (size_t i_ = 0, j_ = 0; i_ < 64; i_++) {                               \
          j_ += word_ >> i_ & 1;                                                   \
          target_[i_] = own_[j_];                                                  \
        }                                                                          \
        value_ = own_[count_];                                                     \
      } else {                                                                     \
        for (size_t i_ = 0; i_ < 64; i_++) target_[i_] = value_;                   \
        for (; word_ != 0; word_ &= word_ - 1) {                                   \
          type *part_ = target_ + ck_lowest_bit(word_);                            \
          column = 64 * k_ + ck_lowest_bit(word_);                                 \
          run++;                                                                   \
          value_ = VALUE;                                                          \
          for (size_t i_ = 0; i_ < 64; i_++) part_[i_] = value_;                   \
        }                                                                          \
      }                                                                            \
      if (target_ == last_) {                                                      \
        const size_t columns_ = width_ - 64 * k_ < 64 ? width_ - 64 * k_ : 64;     \
        memcpy((output) + 64 * k_, last_, columns_ * sizeof *last_);               \
      }                                                                            \
    }                                                                              \
    (void)column;                                                                  \
  } while (0)

/// The label of a run, or `erased` where its component is too small.
CK_INLINE uint16_t kept(const ck_runs *runs, uint32_t run, uint16_t label,
                        const uint32_t *minimum, uint16_t erased) {
  const uint32_t size = runs->sizes[runs->parents[run]];
  uint32_t leaves = -(uint32_t)((size != 0) & (size < minimum[label]));
  // Where compilers know that it is all ones or none they branch on it, and in maps of specks nothing can be
  // foretold.
  __asm__("" : "+r"(leaves));
  return (uint16_t)(label ^ ((label ^ erased) & leaves));
}

CK_CLONES
void ck_erase_rows(const ck_runs *runs, size_t begin, size_t end, const uint32_t *minimum,
                   uint16_t erased, uint16_t *output) {
  for (size_t row = begin; row < end; row++) {
    const uint16_t *given = runs->labels + row * runs->width;
    SPREAD(runs, row, uint16_t, output + row * runs->width,
           kept(runs, run, given[column], minimum, erased));
  }
}

CK_CLONES
void ck_paint_rows(const ck_runs *runs, size_t begin, size_t end, const uint16_t *labels,
                   uint16_t *output) {
  for (size_t row = begin; row < end; row++) {
    SPREAD(runs, row, uint16_t, output + row * runs->width, labels[runs->parents[run]]);
  }
}

CK_CLONES
void ck_number_rows(const ck_runs *runs, size_t begin, size_t end, const uint32_t *numbers,
                    uint32_t *output) {
  for (size_t row = begin; row < end; row++) {
    SPREAD(runs, row, uint32_t, output + row * runs->width, numbers[runs->parents[run]]);
  }
}

CK_CLONES
size_t ck_leaving_runs(const ck_runs *runs, size_t row, const uint8_t *states, uint32_t *columns) {
  size_t count = 0;
  FOR_EACH_RUN(runs, row, {
    if (states[runs->parents[run]] == CK_LEAVES) {
      columns[2 * count] = (uint32_t)column;
      columns[2 * count + 1] = (uint32_t)stop;
      count++;
    }
  });
  return count;
}

CK_CLONES
void ck_fill_rows(const ck_runs *runs, size_t begin, size_t end, uint32_t most, uint16_t label,
                  uint16_t *output) {
  const size_t words = ck_row_words(runs->width);
  for (size_t row = begin; row < end; row++) {
    uint16_t *filled = output + row * runs->width;
    const uint64_t *members = runs->members + row * words;
    FOR_EACH_RUN(runs, row, {
      const bool is_member = members[column / 64] >> column % 64 & 1;
      if (!is_member && runs->sizes[runs->parents[run]] <= most) {
        for (size_t i = column; i < stop; i++) filled[i] = label;
      }
    });
  }
}
