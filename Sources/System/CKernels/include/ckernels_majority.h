#ifndef CKERNELS_MAJORITY_H
#define CKERNELS_MAJORITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// The labels that occur most in boxes around the points of a line.

/// How few labels are counted: by numbers below `lanes`, a count for each in every column.
typedef struct {
  /// 8, 16 or 64.
  size_t lanes;
  /// Whether counts have 32 bits; else 16, of which there are at most INT16_MAX points in a box.
  bool wide;
  size_t width;
  size_t radius;
  /// The number of void, `lanes` for none.
  size_t ignored;
  /// The label of each number.
  const uint16_t *labels;
} ck_majority;

/// Adds `sign`, 1 or -1, to the count of each point of a line in its column: width × lanes.
void ck_count_line(const ck_majority *m, const uint8_t *numbers, int sign, void *columns);

/// Writes the label of the greatest count, if it is the only one, in the box around each point; else, and for
/// void, its own.
void ck_majority_line(const ck_majority *m, const uint8_t *numbers, const void *columns,
                      uint16_t *output);

/// How many labels are counted: those of the box around one point.
typedef struct {
  /// For each label how often it occurs; zeros between lines.
  uint32_t *counts;
  /// For each count how many labels have it, and their sum; zeros between lines.
  uint32_t *holders;
  uint64_t *sums;
  size_t width;
  size_t radius;
  /// -1 for none.
  int32_t ignored;
} ck_many_majority;

/// The same where a box has the columns of `line_count` lines, by the points where these begin; `own` is the
/// point where the line itself begins.
void ck_many_majority_line(const ck_many_majority *m, const uint16_t *labels, const size_t *lines,
                           size_t line_count, size_t own, uint16_t *output);

#pragma GCC visibility pop

#endif
