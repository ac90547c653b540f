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

/// Replaces the `length` entries of a line, `width` floats each, `step` apart, by the means over windows.
///
/// - map: for each place from `radius` before the line to as far behind it, the entry that counts there;
///   −1 for none.
/// - reciprocals: one over the number of places of each window.
/// - sums: (length + 2·radius + 1) × width doubles of scratch memory.
void ck_window_means(float *values, size_t length, size_t step, size_t width, size_t radius,
                     const int32_t *map, const float *reciprocals, double *sums);

/// The transpose of that, for gradients.
void ck_window_means_transposed(float *values, size_t length, size_t step, size_t width,
                                size_t radius, const int32_t *map, const float *reciprocals,
                                double *sums);

/// products = p, and p times each channel of the guide, (C + 1) × lanes for each of `count` points.
void ck_guided_products(const float *scores, size_t stride, const float *guide, size_t channels,
                        size_t count, size_t lanes, float *products);

/// The way back through the models of windows, of 4 or 8 lanes.
///
/// - models: b and a, (C + 1) × lanes a window.
/// - gradients: ∂/∂b and ∂/∂a before, ∂/∂ of the means of p and of I·p after.
/// - windows: ∂/∂Ī, but for what comes through Σ, and the upper triangle of ∂/∂Σ, C + C(C + 1)/2 values; what is
///   found is added.
void ck_guided_window_gradients(const float *models, const float *statistics, size_t channels,
                                size_t count, size_t lanes, float *gradients, float *windows);

/// Adds to ∂/∂Ī what comes through Σ = mean(I·Iᵀ) − Ī·Īᵀ.
///
/// - Returns: the trace of ∂/∂Σ over all windows, which is ∂/∂ε.
double ck_guided_settle_windows(const float *statistics, size_t channels, size_t count,
                                float *windows);

/// The gradients at points, of 4 or 8 lanes.
///
/// - by_products: ∂/∂p and ∂/∂(I·p) of each point, (C + 1) × lanes.
/// - means: M(b) and M(a).
/// - by_scores: becomes ∂/∂p, where p stands.
/// - by_guide: gains ∂/∂I, C values a point, but for what comes through windows of the guide alone.
void ck_guided_point_gradients(const float *scores, const float *upstream, size_t stride,
                               const float *guide, const float *by_products, const float *means,
                               size_t channels, size_t count, size_t lanes, float *by_scores,
                               float *by_guide);

/// Adds ∂/∂I and 2·∂/∂(I·Iᵀ)·I to the guide's gradient; `by_moments` has C + C(C + 1)/2 values a point.
void ck_guided_add_moments(const float *guide, const float *by_moments, size_t channels, size_t count,
                           float *by_guide);

#pragma GCC visibility pop

#endif
