#ifndef CKERNELS_NEIGHBOURS_H
#define CKERNELS_NEIGHBOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// Weighted means of some pixels around each, with weights by their colours.
///
/// Guides are planes, one a channel, with pixels beyond the border around them, so that the pixel at an
/// offset is there for every pixel of a row. Weights of a row: `taps` values a pixel.

/// What neighbours weigh by.
typedef struct {
  /// The first pixel of the row in the first plane, and values from plane to plane.
  const float *guide;
  size_t plane, channels;
  /// 1 where pixels count and 0 elsewhere, from the first pixel of the row on; NULL where all do.
  const float *counted;
  /// Where each neighbour is from a pixel.
  const ptrdiff_t *offsets;
  size_t taps;
} ck_neighbours;

/// Pixels whose weights are found together.
enum { CK_NEIGHBOUR_BLOCK = 16 };

/// Softmax over neighbours of what their colours are like, in the units of their spread; see
/// `AffinityRefinement`. In float64: differences of squares decide.
///
/// - centres: how many times the pixel itself counts in the spread.
/// - width: 0.1 for |Δ| / (1e-8 + width·spread), and where `squared`, (Δ / (spread + 1e-8) / width)².
/// - added: what every pixel's weights get on top, one for each neighbour.
/// - scratch: 2 × taps × CK_NEIGHBOUR_BLOCK doubles.
void ck_affinity_weights(ck_neighbours neighbours, size_t centres, double width, bool squared,
                         const float *added, size_t count, float *weights, double *scratch);

/// Bilateral weights, divided by their sum: exp(slope·(Σ |ΔI|)²) times `spatial`.
///
/// - scratch: taps × CK_NEIGHBOUR_BLOCK floats.
void ck_bilateral_weights(ck_neighbours neighbours, float slope, const float *spatial, size_t count,
                          float *weights, float *scratch);

/// output[x] = Σ over neighbours of weight · values there, for a row of `count` pixels.
///
/// - rows: the row of each neighbour, and steps: how far along it; `columns`(x + step) is where to look,
///   for x + step from −margin on.
void ck_neighbour_sums(const float *values, const int32_t *rows, const int32_t *steps,
                       const int32_t *columns, size_t margin, const float *weights, size_t taps,
                       size_t count, size_t width, size_t stride, float *output);

#pragma GCC visibility pop

#endif
