#ifndef CKERNELS_WINOGRAD_H
#define CKERNELS_WINOGRAD_H

#include <stddef.h>
#include <stdint.h>

#include "ckernels_convolution.h"

#pragma GCC visibility push(hidden)

/// Winograd's F(4 × 4, 3 × 3) (Lavin & Gray 2015, arXiv:1509.09308): a patch of 6 × 6 inputs gives 4 ×
/// 4 outputs by 36 products instead of 144.
enum { CK_PATCH = 6, CK_PATCH_OUTPUTS = 4, CK_PATCH_VALUES = CK_PATCH * CK_PATCH };

/// A 3 × 3 convolution of stride 1, channels-last. With a rate above 1 the members of a patch lie that
/// far apart: patches of one phase of the image.
typedef struct {
  const float *input;
  int32_t height, width;
  /// Multiples of 16.
  size_t channels, output_channels;
  int32_t padding_rows, padding_columns;
  int32_t rate_rows, rate_columns;
  int32_t output_height, output_width;
  /// From `ck_winograd_weights`.
  const float *weights;
  float *output;
  ck_epilogue epilogue;
  /// `channels` zeros.
  const float *zeros;
} ck_winograd;

/// Floats of `ck_winograd_weights`' result.
size_t ck_winograd_weight_count(size_t output_channels, size_t channels);

/// Transforms weights that `ck_pack_weights` has packed: patch value × panel × channel × CK_TILE_COLUMNS, for
/// the panels from `first_panel` up to `end_panel`.
void ck_winograd_weights(const float *packed, size_t output_channels, size_t channels,
                         size_t first_panel, size_t end_panel, float *weights);

/// The inputs of patches `first` ..< `end`, transformed: patch value × `rows` × channel, of which a
/// patch fills the row of its number. A patch begins with the output at the position (row, column) in
/// `origins`.
void ck_winograd_inputs(const ck_winograd *w, const int32_t *origins, size_t first, size_t end,
                        size_t rows, float *values);

/// Sums over channels for one patch value: `rows` (a multiple of CK_TILE_ROWS) × `panels` panels of
/// output channels from `first_panel` on. `values` and `sums` are those of the patch value.
void ck_winograd_products(const ck_winograd *w, size_t value, size_t rows, const float *values,
                          size_t first_panel, size_t panels, float *sums);

/// The outputs of patches `first` ..< `end` in `panels` panels, from sums of all patch values.
void ck_winograd_outputs(const ck_winograd *w, const int32_t *origins, size_t first, size_t end,
                         size_t rows, const float *sums, size_t first_panel, size_t panels);

#pragma GCC visibility pop

#endif
