#ifndef CKERNELS_GRADIENTS_H
#define CKERNELS_GRADIENTS_H

#include "ckernels_layers.h"

#pragma GCC visibility push(hidden)

/// Gradients of the loops in ckernels_layers.h: how a loss changes with what went in, given how it changes
/// with what came out (`gradient`). Outputs share no memory with anything else.

/// output[i] = slope · gradient[i] where low < values[i] < high, 0 elsewhere.
void ck_clamp_gradient(const float *values, const float *gradient, size_t count, float low,
                       float high, float slope, float *output);

/// The gradient of ck_hard_swish: 0 up to −3, 1 from 3 on, x / 3 + ½ between them.
void ck_hard_swish_gradient(const float *values, const float *gradient, size_t count,
                            float *output);

/// Moves rest[i] to output[i] where values[i] = maxima[i]; elsewhere output[i] = 0.
void ck_take_maxima(const float *values, const float *maxima, size_t count, float *rest,
                    float *output);

/// output[i] = p · (gradient[i] − Σ p · gradient[i]) for the rows p of ck_softmax's output.
void ck_softmax_gradient(const float *probabilities, const float *gradient, size_t count,
                         size_t channels, float *output);

/// Adds gradient · (row − mean) over `count` rows to products[c], and the gradient to sums[c].
void ck_normalization_sums(const float *rows, const float *gradient, size_t count,
                           size_t channels, const float *mean, double *products, double *sums);

/// Adds `count` rows to sums[c].
void ck_channel_sums(const float *rows, size_t count, size_t channels, double *sums);

/// Adds the gradient of an average pool over one image, for the channels `first` ..< `end`; `pooled` is
/// the gradient's map, `map` the output's.
void ck_average_pool_gradient(const float *gradient, ck_map pooled, ck_window window,
                              bool counts_padding, size_t first, size_t end, ck_map map,
                              float *output);

/// output[switches[i][c]][c] += gradient[i][c] for `count` positions i and the channels `first` ..<
/// `end`; all switches lie within the output.
void ck_max_pool_gradient(const float *gradient, const float *switches, size_t count,
                          size_t channels, size_t first, size_t end, float *output);

/// The gradient of ck_max_unpool: moves rest[switches[i][c]][c] to output[i][c], for the last i first, since
/// the last value is the one that stays. `rest` begins as the gradient.
void ck_max_unpool_gradient(const float *switches, size_t count, size_t channels, size_t first,
                            size_t end, size_t positions, float *rest, float *output);

/// Adds the gradient of one row of ck_resize_row, `columns` × channels, to a row that had this weight
/// in it.
void ck_resize_row_gradient(const float *gradient, float weight, const ck_tap *taps,
                            size_t columns, size_t channels, float *output);

#pragma GCC visibility pop

#endif
