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

/// products[i] = p, and p times each channel of the guide: (C + 1) × lanes.
void ck_guided_products(const float *scores, size_t stride, const float *guide, size_t channels,
                        const int32_t *map, size_t count, size_t lanes, float *products);

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
