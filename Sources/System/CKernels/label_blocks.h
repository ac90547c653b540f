#ifndef CKERNELS_LABEL_BLOCKS_H
#define CKERNELS_LABEL_BLOCKS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "clones.h"

/// 64 labels, and one bit for each.
typedef uint16_t ck_label_block __attribute__((ext_vector_type(64), aligned(2)));
typedef _Bool ck_bit_block __attribute__((ext_vector_type(64)));

/// 64 labels of a row of `width`, from column `at` on; zeros beyond the end, in `scratch`.
CK_INLINE const uint16_t *ck_labels_at(const uint16_t *row, size_t at, size_t width,
                                       uint16_t *scratch) {
  if (at + 64 <= width) return row + at;
  memset(scratch, 0, 64 * sizeof *scratch);
  memcpy(scratch, row + at, (width - at) * sizeof *scratch);
  return scratch;
}

/// The same one column to the left; zero before the beginning.
CK_INLINE const uint16_t *ck_labels_left(const uint16_t *row, size_t at, size_t width,
                                         uint16_t *scratch) {
  if (at > 0 && at + 63 <= width) return row + at - 1;
  const size_t missing = at == 0;
  const size_t end = width - at + 1 < 64 ? width - at + 1 : 64;
  memset(scratch, 0, 64 * sizeof *scratch);
  memcpy(scratch + missing, row + at + missing - 1, (end - missing) * sizeof *scratch);
  return scratch;
}

/// Which of 64 labels are equal.
CK_INLINE uint64_t ck_equal_labels(const uint16_t *a, const uint16_t *b) {
  const ck_label_block x = *(const ck_label_block *)a, y = *(const ck_label_block *)b;
  const ck_bit_block bits = __builtin_convertvector(x == y, ck_bit_block);
  uint64_t word;
  memcpy(&word, &bits, sizeof word);
  return word;
}

/// Which of 64 labels are `label`.
CK_INLINE uint64_t ck_equal_label(const uint16_t *a, uint16_t label) {
  const ck_label_block x = *(const ck_label_block *)a;
  const ck_bit_block bits = __builtin_convertvector(x == label, ck_bit_block);
  uint64_t word;
  memcpy(&word, &bits, sizeof word);
  return word;
}

/// Words of a row of bits.
CK_INLINE size_t ck_row_words(size_t width) { return (width + 63) / 64; }

/// The bits of word `k` that stand for columns.
CK_INLINE uint64_t ck_valid_bits(size_t k, size_t width) {
  return 64 * k + 64 <= width ? ~UINT64_C(0) : (UINT64_C(1) << (width - 64 * k)) - 1;
}

CK_INLINE unsigned ck_lowest_bit(uint64_t word) { return (unsigned)__builtin_ctzll(word); }
CK_INLINE uint32_t ck_bit_count(uint64_t word) { return (uint32_t)__builtin_popcountll(word); }

/// How many bits of a word are set up to bit `i`, that one among them.
CK_INLINE uint32_t ck_rank(uint64_t word, unsigned i) {
  return ck_bit_count(word & ((UINT64_C(2) << i) - 1));
}

#endif
