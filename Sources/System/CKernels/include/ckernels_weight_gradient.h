#ifndef CKERNELS_WEIGHT_GRADIENT_H
#define CKERNELS_WEIGHT_GRADIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// Sums are made in tiles of this many channels of one map × channels of the other.
enum { CK_NARROW_CHANNELS = 12, CK_WIDE_CHANNELS = 32 };

/// A map whose channels meet those of another, channels-last: some of the `pitch` floats at a position.
typedef struct {
  const float *values;
  size_t pitch, channels;
  int32_t height, width;
} ck_gradient_map;

/// How a loss changes with a convolution's weights: for each tap the product of the input at the shifted
/// positions, transposed, and of the gradient of the output.
typedef struct {
  ck_gradient_map input;
  /// The gradient of the loss by the output.
  ck_gradient_map gradient;
  int32_t kernel_rows, kernel_columns;
  int32_t stride_rows, stride_columns;
  int32_t padding_rows, padding_columns;
  int32_t rate_rows, rate_columns;
  /// Whether the input is what tiles have CK_WIDE_CHANNELS channels of.
  bool is_input_wide;
} ck_weight_gradient;

/// Bytes of scratch memory for `ck_add_weight_gradient` of `panel_count` panels.
size_t ck_weight_gradient_scratch(const ck_weight_gradient *w, size_t panel_count);

/// Floats of the sums of one panel of CK_WIDE_CHANNELS channels: narrow panel × tap × CK_NARROW_CHANNELS ×
/// CK_WIDE_CHANNELS.
size_t ck_weight_gradient_panel(const ck_weight_gradient *w);

/// Adds the products of `row_count` rows of the gradient from `first_row` on, counted through all images,
/// to the sums of `panel_count` panels from `first_panel` on.
void ck_add_weight_gradient(const ck_weight_gradient *w, size_t first_row, size_t row_count,
                            size_t first_panel, size_t panel_count, void *scratch, float *sums);

/// Writes the weights' gradient (outputs, inputs, taps) of the output channels `first` ..< `end`: the sums of
/// all panels, and of all `parts`, which lie `part_pitch` floats apart, in their order.
void ck_finish_weight_gradient(const ck_weight_gradient *w, const float *sums, size_t parts,
                               size_t part_pitch, size_t first, size_t end, float *weights);

/// How a loss changes with the weights of a depthwise convolution: adds the sums of `row_count` rows of the
/// gradient to sums[tap][channel].
void ck_add_depthwise_gradient(const ck_weight_gradient *w, size_t first_row, size_t row_count,
                               float *sums);

#pragma GCC visibility pop

#endif
