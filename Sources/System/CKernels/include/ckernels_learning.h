#ifndef CKERNELS_LEARNING_H
#define CKERNELS_LEARNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// Sums that gradients consist of. Products are summed in float over a few points at a time, those sums
/// in double: single parameters are sums over all points that cancel.

/// sums[l · channels + k] += Σ left[i][l] · right[i][k] over `count` rows of `stride` floats.
///
/// scratch: channels × stride floats.
void ck_add_outer_products(const float *left, const float *right, size_t count, size_t stride,
                           size_t channels, float *scratch, double *sums);

/// sums[c] += Σ left[i][c] · right[i][c] over `count` rows of `stride` floats.
void ck_add_channel_products(const float *left, const float *right, size_t count, size_t stride,
                             size_t channels, double *sums);

/// output[i · pitch] += sign · factors[i] · Σ left[i] ⊙ right[i]; the padding of one of the two must be 0,
/// that of the other finite. `factors` may be NULL for 1.
void ck_add_row_products(const float *left, const float *right, const float *factors, double sign,
                         size_t count, size_t stride, double *output, size_t pitch);

/// A sum over all pairs of points in blocks of this many: rows that are under way together, and columns
/// that vectors hold.
enum { CK_TILE_POINTS = 4, CK_PANEL_POINTS = 16 };

/// The gradient of Σᵢⱼ kᵢⱼ wᵢⱼ by the features, k the Gaussian and w symmetric: gradient[i][c] −=
/// Σⱼ kᵢⱼ wᵢⱼ (fᵢ − fⱼ)_c, for the points of the tiles `first` ..< `end`.
///
/// wᵢⱼ = Σₙ leftₙᵢ rightₙⱼ. features: d planes of `pitch` values, a multiple of CK_PANEL_POINTS; left:
/// tiles × inner × CK_TILE_POINTS; right: panels × inner × CK_PANEL_POINTS, both 0 beyond the points.
/// gradient: points × d. scratch: d × CK_TILE_POINTS × CK_PANEL_POINTS values.
void ck_pair_gradient_float(const float *features, size_t points, size_t pitch, int32_t dimensions,
                            const float *left, const float *right, size_t inner, size_t first,
                            size_t end, float *scratch, double *gradient);
void ck_pair_gradient_double(const double *features, size_t points, size_t pitch,
                             int32_t dimensions, const double *left, const double *right,
                             size_t inner, size_t first, size_t end, double *scratch,
                             double *gradient);

/// weights[(i − first) · pitch + j] = exp(−½‖fᵢ − fⱼ‖²) in double, to a few units of the last place, for
/// `first` ≤ i < `end`; 0 for j = i where `skips_own`, and beyond the points.
///
/// features: d planes of `pitch` values, a multiple of CK_PANEL_POINTS.
void ck_gaussian_rows(const double *features, size_t points, size_t pitch, int32_t dimensions,
                      size_t first, size_t end, bool skips_own, double *weights);

/// output[c][i] = Σⱼ weights[i − first][j] · values[c][j], for `first` ≤ i < `end`.
///
/// weights: rows of `pitch` values; values, output: `channels` planes of `pitch` values.
void ck_gaussian_sums(const double *weights, const double *values, size_t pitch, size_t channels,
                      size_t first, size_t end, double *output);

#pragma GCC visibility pop

#endif
