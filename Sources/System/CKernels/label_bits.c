#include "include/ckernels_labels.h"
#include "label_blocks.h"

CK_CLONES
void ck_label_bits(const uint16_t *labels, size_t rows, size_t width, uint16_t label,
                   uint64_t *bits) {
  const size_t words = ck_row_words(width);
  for (size_t row = 0; row < rows; row++) {
    for (size_t k = 0; k < words; k++) {
      uint16_t own[64];
      const uint16_t *block = ck_labels_at(labels + row * width, 64 * k, width, own);
      bits[row * words + k] = ck_equal_label(block, label) & ck_valid_bits(k, width);
    }
  }
}

/// output = input, and input moved by `step` columns to either side; `step` is at most 63.
CK_INLINE void widen(const uint64_t *input, size_t words, unsigned step, uint64_t *output) {
  const unsigned rest = 64 - step;
  const uint64_t after = words > 1 ? input[1] << rest : 0;
  output[0] = input[0] | input[0] << step | input[0] >> step | after;
  for (size_t k = 1; k + 1 < words; k++) {
    output[k] = input[k] | (input[k] << step | input[k - 1] >> rest) |
                (input[k] >> step | input[k + 1] << rest);
  }
  if (words > 1) {
    const uint64_t last = input[words - 1];
    output[words - 1] = last | (last << step | input[words - 2] >> rest) | last >> step;
  }
}

CK_CLONES
void ck_spread_bits(const uint64_t *row, size_t width, size_t reach, uint64_t *scratch,
                    uint64_t *output) {
  const size_t words = ck_row_words(width);
  const uint64_t *input = row;
  uint64_t *next = scratch, *other = scratch + words;
  for (size_t reached = 0; reached < reach;) {
    // Copies may be so far apart that they just touch.
    size_t step = 2 * reached + 1 < reach - reached ? 2 * reached + 1 : reach - reached;
    step = step < 63 ? step : 63;
    widen(input, words, (unsigned)step, next);
    reached += step;
    input = next;
    next = other;
    other = (uint64_t *)input;
  }
  for (size_t k = 0; k < words; k++) output[k] |= input[k];
}

CK_CLONES
void ck_invert_bits(const uint64_t *bits, size_t rows, size_t width, uint64_t *output) {
  const size_t words = ck_row_words(width);
  for (size_t row = 0; row < rows; row++) {
    for (size_t k = 0; k < words; k++) {
      output[row * words + k] = ~bits[row * words + k] & ck_valid_bits(k, width);
    }
  }
}

void ck_label_points(const uint64_t *set, const uint64_t *unset, size_t rows, size_t width,
                     uint16_t label, uint16_t *labels) {
  const size_t words = ck_row_words(width);
  for (size_t row = 0; row < rows; row++) {
    for (size_t k = 0; k < words; k++) {
      uint64_t word = set[row * words + k] & ~unset[row * words + k];
      for (; word != 0; word &= word - 1) {
        labels[row * width + 64 * k + ck_lowest_bit(word)] = label;
      }
    }
  }
}
