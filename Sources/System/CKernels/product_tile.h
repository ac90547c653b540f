#ifndef CKERNELS_PRODUCT_TILE_H
#define CKERNELS_PRODUCT_TILE_H

#include <stdbool.h>

#include "include/ckernels_convolution.h"
#include "row_vectors.h"

/// The most products in a stretch, so that its weights stay in the first-level cache while all tiles
/// pass by.
enum { CK_STRETCH = 256 };

/// A stretch of a tile's sums: `length` values from each of CK_TILE_ROWS rows, with the weights for
/// them, length × CK_TILE_COLUMNS.
typedef struct {
  const float *const *rows;
  size_t offset;
  const float *weights;
  size_t length;
} ck_stretch;

/// Where a tile's sums begin and where they go.
typedef struct {
  float *output;
  size_t pitch;
  /// Whether `output` holds the sums so far; if not, they begin with the bias and the residual.
  bool continues;
  /// Whether these are the last stretches, so that results are clamped.
  bool ends;
  const float *bias;
  const float *residual;
  size_t residual_pitch;
  float lowest;
  float highest;
} ck_tile;

#define SUBTILE ck_subtile_512
#define VECTOR ck_v16
#define WIDTH 16
#define ROWS 12
#define VECTORS 2
#include "product_subtile.h"

#define SUBTILE ck_subtile_256
#define VECTOR ck_v8
#define WIDTH 8
#define ROWS 6
#define VECTORS 2
#include "product_subtile.h"

/// Adds the stretches to a whole tile.
CK_INLINE void ck_add_products(const ck_stretch *stretches, size_t count, const ck_tile *t,
                               const bool is_wide) {
  if (is_wide) {
    ck_subtile_512(stretches, count, t, 0, 0);
    return;
  }
  for (int row = 0; row < CK_TILE_ROWS; row += 6) {
    for (int column = 0; column < CK_TILE_COLUMNS; column += 16) {
      ck_subtile_256(stretches, count, t, row, column);
    }
  }
}

#endif
