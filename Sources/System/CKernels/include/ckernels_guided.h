#ifndef CKERNELS_GUIDED_H
#define CKERNELS_GUIDED_H

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// The guided filter (He, Sun & Tang 2013) over some positions at a time.
///
/// Positions refer to points by `map`; those outside of the grid, −1, count as zeros. Guides have C =
/// `channels` values a point. `lanes` labels are done at a time: 4, 8, 16, 24 or 32.

/// The most channels that a guide can have.
enum { CK_GUIDE_LIMIT = 64 };

/// What is known of a guide's window around each point, its statistics: C means, and the C(C + 1)/2 values
/// of the upper triangle of the inverse of its covariance + ε·1, row after row.
/// moments[i] = the guide and its products with itself, C + C(C + 1)/2 values and zeros up to `padded`.
void ck_guide_moments(const float *guide, size_t channels, const int32_t *map, size_t count,
                      size_t padded, double *moments);

/// Statistics from window sums of moments.
///
/// - reciprocals: one over the number of points that each sum stands for, but for a `scale` that all have.
/// - statistics: written where `map` says.
void ck_guide_statistics(const double *moments, size_t padded, const double *reciprocals, double scale,
                         size_t channels, double epsilon, const int32_t *map, size_t count,
                         float *statistics);

/// Scores and guides of some positions of a plane, one behind the other: rows of `lanes` and of C values.
void ck_guided_points(const float *scores, size_t stride, const float *guide, size_t channels,
                      const int32_t *map, size_t count, size_t lanes, float *own_scores,
                      float *own_guide);

/// Planes that follow each other, of what `ck_guided_points` gives; `pitch` positions apart.
typedef struct {
  const float *scores, *guide;
  size_t pitch;
} ck_guided_planes;

/// sums = p, and p times each channel of the guide, (C + 1) × lanes for each position, summed over the
/// windows across planes that begin with the first `count` planes of a block.
///
/// What is summed is never stored: scores and guides are a quarter of it for a colour guide.
///
/// - window: the planes of a block.
/// - next: the block that follows; count − 1 planes of it are read.
/// - pitch: floats between the planes of `sums`.
/// - scratch: window × (C + 1) × lanes floats.
void ck_guided_windows(ck_guided_planes block, ck_guided_planes next, size_t channels,
                       size_t positions, size_t window, size_t count, size_t lanes, float *sums,
                       size_t pitch, float *scratch);

/// Replaces the window sums of products by b and a (C × lanes).
void ck_guided_coefficients(float *sums, const float *reciprocals, float scale,
                            const float *statistics, size_t channels, const int32_t *map, size_t count,
                            size_t lanes);

/// scores = M(a)·I + M(b), from window sums of a and b.
void ck_guided_scores(const float *sums, const float *reciprocals, float scale, const float *guide,
                      size_t channels, const int32_t *map, size_t count, size_t lanes, float *scores,
                      size_t stride);

/// Means of a and b: C + 1 rows of `stride` floats a point.
void ck_guided_means(const float *sums, const float *reciprocals, float scale, size_t channels,
                     const int32_t *map, size_t count, size_t lanes, float *means, size_t stride);

/// The same as `ck_guided_scores` between means: those of `left` and `right` are mixed by `fractions`.
void ck_guided_enlarged(const float *means, const int32_t *left, const int32_t *right,
                        const float *fractions, const float *guide, size_t channels, size_t count,
                        size_t stride, float *scores);

#pragma GCC visibility pop

#endif
