#ifndef CKERNELS_TRAINING_H
#define CKERNELS_TRAINING_H

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// Loops over rows of channels, or over values, that only training needs.

/// Adds `count` rows to sums[c], and their squares to squares[c].
void ck_moments(const float *rows, size_t count, size_t channels, double *sums, double *squares);

/// output[i][c] = scale[c] · rows[i][c] + shift[c] + residual[i][c], clamped to low…high; the residual may be
/// NULL, and the output may be either.
void ck_normalize(const float *rows, size_t count, size_t channels, const float *scale,
                  const float *shift, const float *residual, float low, float high,
                  float *output);

/// What a loss changes by through a batch normalisation: output[i][c] = slope[c] · gradient[i][c] +
/// pull[c] · (rows[i][c] − mean[c]) + offset[c]. May be in place of the gradient.
void ck_normalize_gradient(const float *gradient, const float *rows, size_t count, size_t channels,
                           const float *slope, const float *mean, const float *pull,
                           const float *offset, float *output);

/// gradient[i] = 0 where values[i] is not between low and high.
void ck_mask(const float *values, size_t count, float low, float high, float *gradient);

/// output[i] = scale · values[i], or 0 where random number `first` + i of the sequence `key` is below
/// `threshold`; may be in place.
void ck_dropout(const float *values, size_t count, uint64_t first, uint64_t key,
                uint32_t threshold, float scale, float *output);

/// The sum of −log softmax(scores)[label] over `count` rows, without those whose label is `ignored`; and its
/// gradient by the scores times `scale`, 0 in the rows left out. All other labels are below `channels`.
double ck_cross_entropy(const float *scores, const uint16_t *labels, size_t count, size_t channels,
                        uint16_t ignored, float scale, float *gradient);

/// A step of stochastic gradient descent: with g = gradient + decay · value, PyTorch's rule is v = momentum · v + g
/// and value −= rate · v; Caffe's, where `keeps_rate`, v = momentum · v + rate · g and value −= v.
void ck_descend(float *values, const float *gradient, float *velocity, size_t count, float rate,
                float momentum, float decay, int keeps_rate);

/// What a step of AdamW takes; the corrections are 1 − βᵗ.
typedef struct {
  float rate, decay;
  float first_keep, second_keep;
  float first_correction, second_correction;
  float epsilon;
} ck_adam;

/// A step of AdamW: Loshchilov & Hutter (2019), arXiv:1711.05101, algorithm 2.
void ck_adam_step(float *values, const float *gradient, float *first, float *second, size_t count,
                  const ck_adam *step);

#pragma GCC visibility pop

#endif
