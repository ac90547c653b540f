#ifndef CKERNELS_EXACT_H
#define CKERNELS_EXACT_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/// Points of a block; blocks are evaluated whole.
enum { CK_BLOCK = 64 };

/// Points in blocks of CK_BLOCK, near ones together. The last block is filled up with copies of its
/// last point.
typedef struct {
  /// blocks × d × CK_BLOCK.
  const float *features;
  /// blocks × d: the smallest box around each block's points, its lower and its upper corner.
  const float *low, *high;
  int dimensions;
  /// Pairs of blocks whose boxes are further apart than this, squared, are skipped.
  double reach;
  /// Whether each point's weight for itself is 0.
  bool skips_own;
} ck_blocks;

/// The blocks `first_a` ..< `end_a` with the blocks `first_b` ..< `end_b`; if the ranges are the same,
/// each unordered pair of blocks once.
typedef struct {
  size_t first_a, end_a, first_b, end_b;
} ck_block_pairs;

/// Writes the box of each of `count` blocks.
void ck_block_boxes(const float *features, size_t count, int dimensions, float *low, float *high);

/// How many of the pairs are not skipped.
size_t ck_count_pairs(const ck_blocks *blocks, ck_block_pairs pairs);

/// bounds[I − first] = Σ over the skipped pairs (I, J) of the most that the Gaussian can be between
/// their boxes, times masses[J], for `first` ≤ I < `end` and all `count` blocks J.
void ck_skipped_masses(const ck_blocks *blocks, size_t first, size_t end, size_t count,
                       const double *masses, double *bounds);

/// Writes the weights exp(−½‖fᵢ − fⱼ‖²) of all pairs that are not skipped: CK_BLOCK² floats a pair.
///
/// The relative error is below 2e-7·(1 + ½‖fᵢ − fⱼ‖²); weights below 2⁻¹⁰⁰ become 2⁻¹⁰⁰.
void ck_pair_weights(const ck_blocks *blocks, ck_block_pairs pairs, float *weights);

/// Adds the weighted values of each block of a pair to the sums of the other, in a fixed order.
///
/// values, sums: blocks × CK_BLOCK rows of `stride` floats, 4 or a multiple of 8; the values of points
/// that fill up the last block must be 0. `weights`: what `ck_pair_weights` wrote, or NULL to evaluate
/// them here. `scratch`: CK_BLOCK² floats.
void ck_pair_sums(const ck_blocks *blocks, ck_block_pairs pairs, const float *values, size_t stride,
                  const float *weights, float *scratch, float *sums);

#pragma GCC visibility pop

#endif
