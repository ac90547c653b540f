#ifndef CKERNELS_GRID_H
#define CKERNELS_GRID_H

#include <stddef.h>
#include <stdint.h>

#include "ckernels_lattice.h"

#pragma GCC visibility push(hidden)

/// The bilateral grid of Chen, Paris & Durand (2007), doi:10.1145/1276377.1276506: the corners of cells in
/// feature space, one apart along every axis, as vertices of a table whose keys are their coordinates.

/// Features of a point at most: it touches 2ᵈ corners.
enum { CK_GRID_DIMENSIONS = 5 };

/// The largest coordinate of a corner: a key holds its neighbours within the largest radius too.
enum { CK_GRID_LIMIT = 32000 };

/// Finds the cell of every point, adds its corners to `table` and returns their numbers and the weights of
/// linear interpolation, both count × 2ᵈ; bit k of a corner's place tells the side along axis k.
///
/// features: count × d, multiplied with `scales`, d of them. On overflow `failed` is the point.
ck_embed_status ck_grid_embed(const float *features, size_t count, int32_t dimensions,
                              const float *scales, ck_vertex_table *table, uint32_t *vertices,
                              float *weights, size_t *failed);

/// The smallest and the largest coordinate along each axis of the table's vertices, of which there is one
/// at least.
void ck_grid_box(const ck_vertex_table *table, int32_t dimensions, int32_t *low, int32_t *high);

/// Adds all that is missing between `low` and `high`. False where memory is short.
bool ck_grid_fill(ck_vertex_table *table, int32_t dimensions, const int32_t *low,
                  const int32_t *high);

/// For vertices begin ..< end, the next one up along `axis` within `radius`, or UINT32_MAX where there is
/// none, and how many steps away it is.
void ck_grid_above(const ck_vertex_table *table, int32_t axis, int32_t radius, uint32_t begin,
                   uint32_t end, uint32_t *numbers, uint8_t *steps);

/// Vertices that differ in one coordinate, line after line.
typedef struct {
  /// The row of each vertex.
  const uint32_t *rows;
  /// Where it stands on its line, ascending.
  const uint32_t *places;
  /// Where each line begins, and the end of the last.
  const uint32_t *starts;
} ck_grid_lines;

/// Replaces each row of the lines first ..< end by Σ taps[distance] · row over its line's rows within
/// `radius`, in place.
///
/// rows: one panel, `width` floats a row: 4, 8 or 16. taps: radius + 1. scratch: the longest line × width.
void ck_grid_blur(float *rows, size_t width, ck_grid_lines lines, size_t first, size_t end,
                  const float *taps, size_t radius, float *scratch);

/// self[i] = gain · Σ weightₐ · weight_b · Π taps[aₖ ≠ bₖ] over the corners a and b of each point's cell.
///
/// weights: count × 2ᵈ. taps: d pairs, for distances 0 and 1.
void ck_grid_self_weights(const float *weights, size_t count, int32_t dimensions, const float *taps,
                          float gain, float *self);

#pragma GCC visibility pop

#endif
