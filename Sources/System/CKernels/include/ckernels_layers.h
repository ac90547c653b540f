#ifndef CKERNELS_LAYERS_H
#define CKERNELS_LAYERS_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/// Loops over maps: one image of a tensor, height × width × channels floats, channels-last, without
/// gaps. Outputs share no memory with inputs unless the function says so.

typedef struct {
  size_t height, width, channels;
} ck_map;

/// A window that moves over a map: its taps, its steps, and the border around the map.
typedef struct {
  size_t rows, columns;
  size_t row_stride, column_stride;
  size_t row_padding, column_padding;
} ck_window;

/// Writes row `row` of a max pool, `columns` × channels. Every window must reach into the map.
void ck_max_pool_row(const float *input, ck_map map, ck_window window, size_t row, size_t columns,
                     float *output);

/// Writes where the maxima of ck_max_pool_row stand: row · width + column, the first of equals.
void ck_max_switches_row(const float *input, ck_map map, ck_window window, size_t row,
                         size_t columns, float *output);

/// Writes row `row` of an average pool; the divisor is the part of the window that lies within the
/// border, or within the map.
void ck_average_pool_row(const float *input, ck_map map, ck_window window, size_t row,
                         size_t columns, bool counts_padding, float *output);

/// means[c] = the mean over all positions of channel `first` + c, for c < `count`.
void ck_map_means(const float *input, ck_map map, size_t first, size_t count, float *means);

/// output[switches[i][c]][c] = values[i][c] for `count` positions i and the channels `first` ..<
/// `end`; the output has `positions` positions. Switches that point outside are left out.
void ck_max_unpool(const float *values, const float *switches, size_t count, size_t channels,
                   size_t first, size_t end, size_t positions, float *output);

/// output[i] = min(max(values[i], low), high); may be in place.
void ck_clamp(const float *values, size_t count, float low, float high, float *output);

/// output[i] = min(max(x + 3, 0), 6) / 6; may be in place.
void ck_hard_sigmoid(const float *values, size_t count, float *output);

/// output[i] = x · min(max(x + 3, 0), 6) / 6; may be in place.
void ck_hard_swish(const float *values, size_t count, float *output);

/// output[i][c] = scale[c] · rows[i][c] + shift[c]; may be in place.
void ck_scale_shift(const float *rows, size_t count, size_t channels, const float *scale,
                    const float *shift, float *output);

/// output[i] = first[i] + second[i]; the output may be either input.
void ck_add(const float *first, const float *second, size_t count, float *output);

/// output[i] = max(first[i], second[i]); the output may be either input.
void ck_max(const float *first, const float *second, size_t count, float *output);

/// Copies `count` rows of `length` floats that lie `input_stride` and `output_stride` floats apart.
void ck_copy_rows(const float *input, size_t input_stride, size_t count, size_t length,
                  float *output, size_t output_stride);

/// rows[i] = softmax of row i. The relative error of a probability is below 1e-6.
void ck_softmax(const float *rows, size_t count, size_t channels, float *output);

/// A position between two others: (1 − weight) · lower + weight · upper.
typedef struct {
  size_t lower, upper;
  float weight;
} ck_tap;

/// Writes one row of a bilinear resize: `columns` positions between those of two rows.
void ck_resize_row(const float *lower_row, const float *upper_row, float weight,
                   const ck_tap *taps, size_t columns, size_t channels, float *output);

/// Output channels that are computed together.
enum { CK_TRANSPOSED_PANEL = 16 };

/// A transposed convolution: what a convolution of this window makes of its output, reversed.
typedef struct {
  /// All input channels.
  ck_map input;
  ck_window window;
  size_t row_rate, column_rate;
  /// Output channels and input channels are each divided evenly among the groups.
  size_t outputs, groups;
} ck_transposed;

/// Writes one row, `columns` × outputs.
///
/// weights: groups × panels × rows × columns × (input channels / groups) × CK_TRANSPOSED_PANEL, zeros
/// where a group's outputs end; bias: outputs, or NULL; zeros: as many zeros as input channels.
void ck_transposed_row(const float *input, const ck_transposed *layer, const float *weights,
                       const float *bias, const float *zeros, size_t row, size_t columns,
                       float *output);

#pragma GCC visibility pop

#endif
