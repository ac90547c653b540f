#ifndef CKERNELS_EDGES_H
#define CKERNELS_EDGES_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/// Filters along lines of a grid that follow the edges of a guide.
///
/// A link is what lies between a point and the one before it on its line. Lines are done some at a time:
/// `lines` of `length` points, `step` apart on a line and `line_step` from line to line. Weights have
/// a value for each line, point after point: length × lines; those of the first points are not read.

/// links[i] = Σ over channels of |guide[i] − guide[i − step]|, for `count` points from `guide` on.
void ck_link_differences(const float *guide, size_t channels, size_t count, size_t step, float *links);

/// links[i] = the Euclidean length of guide[i] − guide[i − step].
void ck_link_distances(const float *guide, size_t channels, size_t count, size_t step, float *links);

/// weights = exp(offset + slope·link).
void ck_link_weights(const float *links, size_t length, size_t step, size_t lines, size_t line_step,
                     float offset, float slope, float *weights);

/// What the tridiagonal system of the fast global smoother (Min et al. 2014, eq. 7) comes to as two
/// recursions, from its weights w: forward f(n) += weights(n)·(f(n − 1) − f(n)), then backward with
/// `backward`(n + 1) and f(n + 1). `forward` is w before.
void ck_smoother_weights(float *forward, float *backward, double lambda, size_t length, size_t lines);

/// y(n) += w·(y(n ∓ 1) − y(n)) along the lines, forward or backward, w being that of the link between.
void ck_recursive_pass(float *values, size_t length, size_t step, size_t lines, size_t line_step,
                       size_t stride, const float *weights, bool forward);

/// The gradient of that pass for rows of `lanes` floats, 4 or 8: replaces ∂/∂output by ∂/∂input, and
/// writes ∂/∂w to `weight_gradients`, in double.
///
/// - before, after: the values before and after the pass.
void ck_recursive_pass_gradient(const float *before, const float *after, float *gradients,
                                size_t length, size_t step, size_t lines, size_t line_step,
                                size_t lanes, const float *weights, bool forward,
                                double *weight_gradients);

/// Adds slope·w·∂/∂w to `links`, which lie as those of `ck_link_weights` do.
///
/// - Returns: Σ w·∂/∂w.
double ck_add_link_gradients(const double *weight_gradients, const float *weights, size_t length,
                             size_t step, size_t lines, size_t line_step, double slope,
                             double *links);

/// Replaces the points of one line, rows of `stride` floats, by the means of those whose positions are
/// within `radius`.
///
/// - sums: (length + 1) × stride doubles of scratch memory.
void ck_normalized_convolution(float *line, const double *positions, double radius, size_t length,
                               size_t stride, double *sums);

/// The same for the means of what lies on straight lines between the points; the first and the last value
/// continue beyond. `sums`: 2 × length × stride doubles.
void ck_interpolated_convolution(float *line, const double *positions, double radius, size_t length,
                                 size_t stride, double *sums);

#pragma GCC visibility pop

#endif
