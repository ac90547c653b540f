#ifndef CKERNELS_WINDOW_H
#define CKERNELS_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// The Gaussian between points that are near on their grid, as in ConvCRF (Teichmann & Cipolla 2018,
/// arXiv:1805.04777).

/// The features of all points, each in a plane of its own.
typedef struct {
  /// d planes, `plane` floats apart. CK_NEAR_PADDING more floats than the last plane's may be read.
  const float *features;
  size_t plane;
  int32_t dimensions;
  /// Points of a line.
  size_t length;
  /// Pairs further apart than so many points of a line are left out.
  size_t radius;
  /// Whether each point's weight for itself is 0.
  bool skips_own;
} ck_near;

/// Floats behind a plane or a line that may be read or written.
enum { CK_NEAR_PADDING = 16 };

/// Floats of scratch memory that `ck_near_line` needs.
size_t ck_near_scratch(const ck_near *window);

/// Adds to each point of the line that begins at point `target` the values of the line that begins at
/// `source`, weighted by exp(−½‖fᵢ − fⱼ‖²), in the order of the source's points.
///
/// Weights are as those of `ck_pair_weights`. values, sums: all points, rows of `stride` floats.
void ck_near_line(const ck_near *window, size_t target, size_t source, const float *values,
                    size_t stride, float *sums, float *scratch);

#pragma GCC visibility pop

#endif
