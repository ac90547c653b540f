#ifndef CKERNELS_PRODUCT_TILE_H
#define CKERNELS_PRODUCT_TILE_H

#include <stdbool.h>

#include "include/ckernels_convolution.h"
#include "row_vectors.h"

/// A stretch of a tile's sums: `length` values from each of CK_TILE_ROWS rows, with the weights for them,
/// length × CK_TILE_COLUMNS.
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

/// Defines `name`: R rows × V vectors of a tile, from row `row` and channel `column` on.
#define CK_DEFINE_SUBTILE(name, vector, W, R, V)                                                       \
  CK_INLINE void name(const ck_stretch *stretches, size_t count, const ck_tile *t, const int row,      \
                      const int column) {                                                              \
    vector sums[R][V];                                                                                 \
    float *output = t->output + (size_t)row * t->pitch + column;                                       \
    if (t->continues) {                                                                                \
      _Pragma("unroll") for (int i = 0; i < R; i++)                                                    \
          _Pragma("unroll") for (int j = 0; j < V; j++)                                                \
              sums[i][j] = *(const vector *)(output + (size_t)i * t->pitch + j * W);                   \
    } else {                                                                                           \
      _Pragma("unroll") for (int j = 0; j < V; j++) {                                                  \
        const vector bias =                                                                            \
            t->bias == NULL ? (vector){0} : *(const vector *)(t->bias + column + j * W);               \
        _Pragma("unroll") for (int i = 0; i < R; i++) sums[i][j] = bias;                               \
      }                                                                                                \
      if (t->residual != NULL) {                                                                       \
        const float *residual = t->residual + (size_t)row * t->residual_pitch + column;                \
        _Pragma("unroll") for (int i = 0; i < R; i++)                                                  \
            _Pragma("unroll") for (int j = 0; j < V; j++)                                              \
                sums[i][j] += *(const vector *)(residual + (size_t)i * t->residual_pitch + j * W);     \
      }                                                                                                \
    }                                                                                                  \
    for (size_t s = 0; s < count; s++) {                                                               \
      const float *rows[R];                                                                            \
      _Pragma("unroll") for (int i = 0; i < R; i++)                                                    \
          rows[i] = stretches[s].rows[row + i] + stretches[s].offset;                                  \
      const float *weights = stretches[s].weights + column;                                            \
      const size_t length = stretches[s].length;                                                       \
      for (size_t k = 0; k < length; k++) {                                                            \
        vector w[V];                                                                                   \
        _Pragma("unroll") for (int j = 0; j < V; j++)                                                  \
            w[j] = *(const vector *)(weights + k * CK_TILE_COLUMNS + j * W);                           \
        _Pragma("unroll") for (int i = 0; i < R; i++) {                                                \
          const float x = rows[i][k];                                                                  \
          _Pragma("unroll") for (int j = 0; j < V; j++) sums[i][j] += x * w[j];                        \
        }                                                                                              \
      }                                                                                                \
    }                                                                                                  \
    if (t->ends) {                                                                                     \
      const vector lowest = (vector){0} + t->lowest, highest = (vector){0} + t->highest;               \
      _Pragma("unroll") for (int i = 0; i < R; i++) _Pragma("unroll") for (int j = 0; j < V; j++) {    \
        sums[i][j] = __builtin_elementwise_max(sums[i][j], lowest);                                    \
        sums[i][j] = __builtin_elementwise_min(sums[i][j], highest);                                   \
      }                                                                                                \
    }                                                                                                  \
    _Pragma("unroll") for (int i = 0; i < R; i++) _Pragma("unroll") for (int j = 0; j < V; j++)        \
        *(vector *)(output + (size_t)i * t->pitch + j * W) = sums[i][j];                               \
  }

CK_DEFINE_SUBTILE(ck_subtile_512, ck_v16, 16, 12, 2)
CK_DEFINE_SUBTILE(ck_subtile_256, ck_v8, 8, 6, 2)

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
