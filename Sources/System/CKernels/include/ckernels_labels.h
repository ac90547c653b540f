#ifndef CKERNELS_LABELS_H
#define CKERNELS_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// Maps of 16-bit labels as runs of equal ones, row by row, and components of runs.
///
/// A row of bits has ⌈width/64⌉ words; bit i of word k stands for column 64k + i, and bits beyond the
/// width are 0. The runs of a map are numbered in the order of their first points.

/// The runs of a map, and the trees that join them to components.
typedef struct {
  /// rows × width, without gaps.
  const uint16_t *labels;
  /// Bits of the points that have one label, or NULL: with them there are only runs of that label and
  /// runs of all others, and only the latter are joined.
  const uint64_t *members;
  /// Bits of the points where a run begins.
  const uint64_t *starts;
  /// The number of the first run of each row, and that of all runs.
  const uint32_t *first;
  size_t width;
  /// For each run a run that is not after it, in the same component; itself for the first of all.
  uint32_t *parents;
  /// For the first run of each component how many points that has; 0 for void.
  uint32_t *sizes;
} ck_runs;

/// Writes the starts of the runs of `rows` rows, and how many each row has.
void ck_run_starts(const uint16_t *labels, size_t rows, size_t width, uint64_t *starts,
                   uint32_t *counts);

/// The same for runs of `label` and runs of all others; writes which points have `label`, too.
void ck_member_starts(const uint16_t *labels, size_t rows, size_t width, uint16_t label,
                      uint64_t *members, uint64_t *starts, uint32_t *counts);

/// Makes each run of the rows `begin` ..< `end` a component of its own.
void ck_part_runs(const ck_runs *runs, size_t begin, size_t end);

/// A row before another that holds neighbours of its points, one of a list of such rows.
typedef struct {
  /// How many rows before.
  size_t distance;
  /// Whether points touch at corners, too.
  bool diagonal;
  /// Bits of those before it in the list whose points touch this row's in the same column.
  uint32_t beside;
  /// Bits of those whose points touch this row's in the columns to the left and to the right.
  uint32_t across;
} ck_row_neighbour;

/// The most rows of a list.
enum { CK_ROW_NEIGHBOURS = 16 };

/// Joins the runs of a row with those of equal labels that they touch in others, which are before it: the rows
/// of a list of `count` whose bits are set in `present`. Those must have been joined with each other.
/// `sizes` are not looked at.
void ck_link_rows(const ck_runs *runs, size_t row, const ck_row_neighbour *list, size_t count,
                  uint32_t present);

/// Makes every run of the rows point to the first of its component, and counts sizes. Components must lie
/// within these rows. Points of the label `ignored` do not count; -1 for none.
void ck_settle_rows(const ck_runs *runs, size_t begin, size_t end, int32_t ignored);

/// `ck_link_rows` for components with sizes: they are added.
void ck_join_rows(const ck_runs *runs, size_t row, const ck_row_neighbour *list, size_t count,
                  uint32_t present);

/// Makes the runs `begin` ..< `end` point to the first of their component, which may lie anywhere; others may
/// do so for other runs at the same time.
void ck_resolve_runs(const ck_runs *runs, size_t begin, size_t end);

/// What becomes of a component.
enum { CK_VOID = 0, CK_STAYS = 1, CK_LEAVES = 2 };

/// Writes the label of each run of these rows and, for the first run of each component, what becomes of it:
/// it leaves where it has fewer points than `minimum[label]`.
void ck_judge_rows(const ck_runs *runs, size_t begin, size_t end, const uint32_t *minimum,
                   uint16_t *labels, uint8_t *states);

/// Copies the labels of these rows, but gives components of fewer than `minimum[label]` points, which are not
/// void, the label `erased`.
void ck_erase_rows(const ck_runs *runs, size_t begin, size_t end, const uint32_t *minimum,
                   uint16_t erased, uint16_t *output);

/// Writes the first runs in a row of components that are larger than `least[label]`. Returns how many there
/// are.
size_t ck_larger_components(const ck_runs *runs, size_t row, const uint32_t *least,
                            uint32_t *firsts, uint16_t *labels);

/// How many components that are not void have their first run among `begin` ..< `end`.
size_t ck_count_components(const ck_runs *runs, size_t begin, size_t end);

/// Numbers the components of which the first run is in these rows, from `number` on, which are `count`: writes the
/// number of each first run, 0 for void, and by numbers the sizes and labels.
void ck_list_components(const ck_runs *runs, size_t begin, size_t end, size_t number,
                        size_t count, uint32_t *numbers, intptr_t *sizes, uint16_t *labels);

/// Writes labels[first run of the component] for each point of these rows.
void ck_paint_rows(const ck_runs *runs, size_t begin, size_t end, const uint16_t *labels,
                   uint16_t *output);

/// Writes numbers[first run of the component] for each point of these rows.
void ck_number_rows(const ck_runs *runs, size_t begin, size_t end, const uint32_t *numbers,
                    uint32_t *output);

/// Writes where the runs of a row that leave begin and end: two columns each. Returns how many there are.
size_t ck_leaving_runs(const ck_runs *runs, size_t row, const uint8_t *states, uint32_t *columns);

/// Gives points outside of `members` that lie in components of at most `most` points the label `label`, in the
/// output.
void ck_fill_rows(const ck_runs *runs, size_t begin, size_t end, uint32_t most, uint16_t label,
                  uint16_t *output);

/// What components know of each other.
typedef struct {
  /// For each run the first of its component, CK_LEAVING added where that leaves.
  uint32_t *firsts;
  /// For each run how large its component is as a neighbour.
  uint32_t *weights;
  /// By first runs: the weight of the largest neighbour so far in the upper half, and its first run in the
  /// lower; 0 for none.
  uint64_t *largest;
} ck_largest_neighbours;

/// Runs are fewer than this.
#define CK_LEAVING UINT32_C(0x80000000)

/// Writes `firsts` and `weights` of the runs `begin` ..< `end`, and clears `largest`. The weight is the size,
/// but 0 for void and, where `staying`, for components that leave.
void ck_describe_runs(const ck_runs *runs, size_t begin, size_t end, const uint8_t *states,
                      bool staying, const ck_largest_neighbours *neighbours);

/// Compares the runs of a row with those that they touch in another, which is before it, and where `within`
/// with each other. Of neighbours of equal weight the one that is met first counts: points look above, above
/// to the left, above to the right and to the left, one point after another.
void ck_meet_rows(const ck_runs *runs, size_t row, size_t other, bool diagonal, bool within,
                  const ck_largest_neighbours *neighbours);

/// Compares the runs of a row with each other.
void ck_meet_within(const ck_runs *runs, size_t row, const ck_largest_neighbours *neighbours);

/// Writes the pairs of components that leave and touch between two rows, or within one where both are the
/// same, and of which one has no neighbour in `largest`. Returns how many there are: up to 4 × width.
size_t ck_leaving_pairs(const ck_runs *runs, size_t row, size_t other, bool diagonal,
                        const ck_largest_neighbours *neighbours, uint32_t *pairs);

/// Writes the bits of the points that have `label`, for `rows` rows.
void ck_label_bits(const uint16_t *labels, size_t rows, size_t width, uint16_t label,
                   uint64_t *bits);

/// Sets the bits of `output` whose columns are at most `reach` from one that is set in `row`; those
/// beyond the width, too. `scratch`: twice as many words as a row has.
void ck_spread_bits(const uint64_t *row, size_t width, size_t reach, uint64_t *scratch,
                    uint64_t *output);

/// Writes, for `rows` rows, the bits of columns that are not set in `bits`.
void ck_invert_bits(const uint64_t *bits, size_t rows, size_t width, uint64_t *output);

/// Gives the points whose bits are set in `set` and not in `unset` the label `label`.
void ck_label_points(const uint64_t *set, const uint64_t *unset, size_t rows, size_t width,
                     uint16_t label, uint16_t *labels);

#pragma GCC visibility pop

#endif
