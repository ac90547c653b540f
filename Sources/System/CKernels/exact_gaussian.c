#include "include/ckernels_exact.h"

#include <math.h>
#include <stdbool.h>

#include "block_pairs.h"
#include "clones.h"

void ck_block_boxes(const float *features, size_t count, int dimensions, float *low, float *high) {
  for (size_t row = 0; row < count * (size_t)dimensions; row++) {
    const float *values = features + row * CK_BLOCK;
    float least = values[0], most = values[0];
    for (size_t i = 1; i < CK_BLOCK; i++) {
      least = values[i] < least ? values[i] : least;
      most = values[i] > most ? values[i] : most;
    }
    low[row] = least;
    high[row] = most;
  }
}

/// The squared distance between the boxes of two blocks. In float64, where differences of float32
/// numbers are all but exact, so that nothing nearer is skipped and every bound holds.
CK_INLINE double box_distance(const ck_blocks *blocks, size_t a, size_t b) {
  const size_t d = (size_t)blocks->dimensions;
  const float *low_a = blocks->low + a * d, *high_a = blocks->high + a * d;
  const float *low_b = blocks->low + b * d, *high_b = blocks->high + b * d;
  double sum = 0;
  for (size_t k = 0; k < d; k++) {
    const double above = (double)low_b[k] - (double)high_a[k];
    const double below = (double)low_a[k] - (double)high_b[k];
    double gap = above > below ? above : below;
    gap = gap > 0 ? gap : 0;
    sum += gap * gap;
  }
  return sum;
}

CK_INLINE bool is_skipped(const ck_blocks *blocks, size_t a, size_t b) {
  return box_distance(blocks, a, b) > blocks->reach;
}

/// The first partner of block `a`: where both ranges are one, no pair is visited from both sides.
CK_INLINE size_t first_partner(ck_block_pairs pairs, size_t a) {
  return pairs.first_a == pairs.first_b ? a : pairs.first_b;
}

size_t ck_count_pairs(const ck_blocks *blocks, ck_block_pairs pairs) {
  size_t count = 0;
  for (size_t a = pairs.first_a; a < pairs.end_a; a++) {
    for (size_t b = first_partner(pairs, a); b < pairs.end_b; b++) {
      count += !is_skipped(blocks, a, b);
    }
  }
  return count;
}

void ck_skipped_masses(const ck_blocks *blocks, size_t first, size_t end, size_t count,
                       const double *masses, double *bounds) {
  for (size_t a = first; a < end; a++) {
    double sum = 0;
    for (size_t b = 0; b < count; b++) {
      const double distance = box_distance(blocks, a, b);
      if (distance > blocks->reach) sum += exp(-0.5 * distance) * masses[b];
    }
    bounds[a - first] = sum;
  }
}

/// The weights of a pair of blocks.
CK_INLINE void weigh_pair(const ck_blocks *blocks, size_t a, size_t b, float *weights) {
  const size_t size = (size_t)blocks->dimensions * CK_BLOCK;
  ck_block_weights(blocks->features + a * size, blocks->features + b * size, blocks->dimensions,
                   weights);
  if (a != b || !blocks->skips_own) return;
  for (size_t i = 0; i < CK_BLOCK; i++) weights[i * (CK_BLOCK + 1)] = 0;
}

CK_INLINE void write_weights(const ck_blocks *blocks, ck_block_pairs pairs, float *weights) {
  for (size_t a = pairs.first_a; a < pairs.end_a; a++) {
    for (size_t b = first_partner(pairs, a); b < pairs.end_b; b++) {
      if (is_skipped(blocks, a, b)) continue;
      weigh_pair(blocks, a, b, weights);
      weights += CK_BLOCK * CK_BLOCK;
    }
  }
}

CK_INLINE void add_sums(const ck_blocks *blocks, ck_block_pairs pairs, const float *values,
                        size_t stride, const float *weights, float *scratch, float *sums,
                        const bool many) {
  const size_t rows = CK_BLOCK * stride;
  for (size_t a = pairs.first_a; a < pairs.end_a; a++) {
    for (size_t b = first_partner(pairs, a); b < pairs.end_b; b++) {
      if (is_skipped(blocks, a, b)) continue;
      const float *block = weights;
      if (weights != NULL) {
        weights += CK_BLOCK * CK_BLOCK;
      } else {
        weigh_pair(blocks, a, b, scratch);
        block = scratch;
      }
      ck_block_products(block, CK_BLOCK, 1, values + b * rows, sums + a * rows, stride, many);
      if (a != b) {
        ck_block_products(block, 1, CK_BLOCK, values + a * rows, sums + b * rows, stride, many);
      }
    }
  }
}

CK_DEFINE_WIDE(ck_pair_weights,
               (const ck_blocks *blocks, ck_block_pairs pairs, float *weights),
               (blocks, pairs, weights),
               write_weights)

CK_DEFINE_BY_REGISTERS(ck_pair_sums,
                       (const ck_blocks *blocks, ck_block_pairs pairs, const float *values,
                        size_t stride, const float *weights, float *scratch, float *sums),
                       (blocks, pairs, values, stride, weights, scratch, sums),
                       add_sums)
