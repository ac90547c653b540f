#ifndef CKERNELS_PLANAR_H
#define CKERNELS_PLANAR_H

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// The permutohedral lattice of two features as an array: its vertices lie on lines of equal last
/// coordinate t, half a step apart from one line to the next.
///
/// With X = (first coordinate − second)/3, a step along axis 0 leads from (t, X) to (t + 1, X − 1), along
/// axis 1 to (t + 1, X + 1), along axis 2 to (t − 2, X). X is even on every other line. Vertex (t, X) is
/// entry (X − first_x) / 2 of line last_t − t.

/// Which lines and columns a run of points uses.
typedef struct {
  /// t of line 0.
  int32_t last_t;
  /// X of column 0, even.
  int32_t first_x;
  /// Columns.
  int32_t width;
} ck_planar_frame;

/// Finds the vertices of every point, and their barycentric weights, both count × 3; sets
/// `present[vertex]` to 1 for all of them.
///
/// features: count × 2; scratch: `ck_lattice_scratch(2)` floats. Every vertex must lie in the frame.
void ck_planar_embed(const float *features, size_t count, ck_planar_frame frame,
                     uint32_t *vertices, float *weights, uint8_t *present, float *scratch);

/// One line and its neighbours along an axis; a neighbour's entry has the line's number plus a shift.
typedef struct {
  const float *centre;
  const float *before;
  const float *after;
  ptrdiff_t before_shift;
  ptrdiff_t after_shift;
} ck_planar_lines;

/// output = centre + ½ (before + after) in columns runs[2k] ..< runs[2k + 1], and 0 between runs.
///
/// Lines have `columns` entries of `width` floats (4, 8 or 16); columns 0 and columns − 1 are in no run.
void ck_planar_blur(float *output, ck_planar_lines lines, const uint32_t *runs, size_t run_count,
                    size_t columns, size_t width);

/// target += source, `count` floats.
void ck_planar_add(float *target, const float *source, size_t count);

#pragma GCC visibility pop

#endif
