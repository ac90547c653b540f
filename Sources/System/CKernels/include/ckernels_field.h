#ifndef CKERNELS_FIELD_H
#define CKERNELS_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/// Loops over fields: rows of `stride` floats, of which the first `channels` count.

/// output[i] = scale[i] · input[i], row by row.
void ck_scale_rows(const float *input, const float *scale, size_t count, size_t stride,
                   float *output);

/// energies[i] += scale[i] · weights ⊙ messages[i]; `scale` may be NULL for 1, `weights` has
/// `stride` values.
void ck_add_weighted(const float *messages, const float *scale, const float *weights, size_t count,
                     size_t stride, float *energies);

/// output[i] = weight · values[i] for `count` floats.
void ck_scale(const float *values, float weight, size_t count, float *output);

/// output[i] += weight · values[i] for `count` floats.
void ck_add_scaled(const float *values, float weight, size_t count, float *output);

/// rows[i] = the values of point `first` + i in `channels` planes of `points` values each; the rest of
/// each row becomes `padding`.
void ck_planes_to_rows(const float *planes, size_t points, size_t first, size_t count,
                       size_t channels, size_t stride, float padding, float *rows);

/// The reverse: rows 0 ..< count, times `factor`, go to points `first` + i of the planes.
void ck_rows_to_planes(const float *rows, size_t points, size_t first, size_t count,
                       size_t channels, size_t stride, float factor, float *planes);

/// Turns bounds of what the energies of `count` points are off by into bounds of what their marginals
/// are, 0…1. Returns the largest.
float ck_marginal_errors(const float *marginals, size_t count, size_t stride, size_t channels,
                         float *errors);

/// Whether all values are finite.
bool ck_all_finite(const float *values, size_t count);

/// Multiplies each of `count` groups of `size` values by its scale.
void ck_scale_groups(float *values, const float *scales, size_t count, size_t size);

/// output[i] += rows[i] · matrix, for `count` rows of `stride` floats.
///
/// matrix: channels × stride, 0 in the padding; what stands in the padding of `rows` does not matter.
void ck_add_matrix(const float *rows, size_t count, size_t stride, const float *matrix,
                   size_t channels, float *output);

/// Replaces logits by −log softmax, at most `ceiling`; the padding of rows is overwritten.
///
/// log Σₖ exp(sₖ − max) − (sₗ − max): no probability is formed, so none underflows, and logits of ±3e38
/// give the greatest energy, not NaN. Accurate to 3e-7.
void ck_convert_logits(float *rows, size_t count, size_t stride, size_t channels, float ceiling);

/// Replaces energies by exp(−θ)/Z; the padding of rows becomes 0. Probabilities below 1e-38 of the
/// greatest are 0. Accurate to 3e-7.
void ck_convert_energies(float *rows, size_t count, size_t stride, size_t channels);

/// Makes distributions of rows: what is negative becomes 0, and the rest is divided by its sum. Rows
/// without a sum above 0 become uniform.
void ck_normalize_rows(float *rows, size_t count, size_t stride, size_t channels);

#pragma GCC visibility pop

#endif
