#ifndef CKERNELS_CONVOLUTION_H
#define CKERNELS_CONVOLUTION_H

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// Outputs are computed in tiles of this many positions × channels, which stay in registers for as long
/// as their sums take.
enum { CK_TILE_ROWS = 12, CK_TILE_COLUMNS = 32 };

/// What happens to the sums of products.
typedef struct {
  /// Added to every position, or NULL.
  const float *bias;
  /// Added position by position, `residual_pitch` floats apart, or NULL. May be the output itself.
  const float *residual;
  size_t residual_pitch;
  /// The range that results are clamped to: (0, ∞) is a ReLU, (−∞, ∞) leaves them alone.
  float lowest;
  float highest;
} ck_epilogue;

/// One image's convolution, channels-last: `run` values at each tap, from positions that lie
/// `input_pitch` floats apart.
typedef struct {
  const float *input;
  int32_t height, width;
  size_t input_pitch;
  size_t run;
  int32_t kernel_rows, kernel_columns;
  int32_t stride_rows, stride_columns;
  int32_t padding_rows, padding_columns;
  int32_t rate_rows, rate_columns;
  int32_t output_width;
  /// Panels of CK_TILE_COLUMNS channels: each tap × run × CK_TILE_COLUMNS.
  const float *weights;
  float *output;
  size_t output_pitch;
  size_t output_channels;
  ck_epilogue epilogue;
  /// `run` zeros.
  const float *zeros;
} ck_convolution;

/// Bytes of scratch memory for `ck_convolve` of `count` positions.
size_t ck_convolve_scratch(const ck_convolution *c, size_t count);

/// The outputs at `count` positions from `first` on, row by row, of `panel_count` panels of channels
/// from `first_panel` on. A shifted matrix product: taps whose inputs all lie in the padding are left
/// out, and nothing is copied.
void ck_convolve(const ck_convolution *c, size_t first, size_t count, size_t first_panel,
                 size_t panel_count, void *scratch);

/// Brings weights (`output_channels`, `run`, taps) into the panels of a ck_convolution. Missing
/// channels of the last panel are 0.
void ck_pack_weights(const float *weights, size_t output_channels, size_t run, size_t taps,
                     float *panels);

/// A convolution in which every channel sees itself alone: the outputs at `count` positions from `first` on.
/// `run` is the number of channels, and `weights` are tap × channel.
void ck_depthwise(const ck_convolution *c, size_t first, size_t count);

#pragma GCC visibility pop

#endif
