#ifndef CKERNELS_EMBEDDING_H
#define CKERNELS_EMBEDDING_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "clones.h"

/// Where points lie in the permutohedral lattice.

/// Points embedded at a time; every loop over them is a vector loop.
enum { LANES = 16 };

/// Multiplying before adding must not be fused here: which simplex a point on a boundary falls into
/// would then depend on the instruction set.
#pragma STDC FP_CONTRACT OFF

typedef struct {
  float *elevated;
  float *nearest;
  float *residual;
  float *sorted;
  int32_t *rank;
  /// Whether a lane's point lies in the simplex of the lane before.
  int32_t *repeats;
} embedding;

CK_INLINE embedding embedding_in(float *scratch, int32_t d) {
  size_t rows = (size_t)(d + 2) * LANES;
  embedding e = {scratch, scratch + rows, scratch + 2 * rows, scratch + 3 * rows,
                 (int32_t *)(scratch + 4 * rows), (int32_t *)(scratch + 5 * rows)};
  return e;
}

/// Elevates LANES points onto the hyperplane of zero sum, where the lattice lives (eq. 5 of Adams et
/// al., scaled so that one blur has the variance of a unit Gaussian), finds the nearest point of
/// remainder 0, the order of the residuals and the barycentric coordinates.
///
/// In `sorted`, row r becomes the residual of rank r.
CK_INLINE void embed_block(const float *features, int32_t d, embedding e) {
  const float deviation = (float)(sqrt(2.0 / 3.0) * (d + 1));
  const float d1 = (float)(d + 1);
  const float inverse = 1.0f / d1;
  float sum[LANES] = {0};
  for (int32_t j = d; j > 0; j--) {
    const float scale = (float)(1.0 / sqrt((double)(j + 1) * j) * deviation);
    float *row = e.elevated + j * LANES;
    for (int lane = 0; lane < LANES; lane++) {
      float scaled = features[(size_t)lane * (size_t)d + (size_t)(j - 1)] * scale;
      row[lane] = sum[lane] - (float)j * scaled;
      sum[lane] += scaled;
    }
  }
  memcpy(e.elevated, sum, sizeof sum);

  float excess[LANES] = {0};
  for (int32_t i = 0; i <= d; i++) {
    for (int lane = 0; lane < LANES; lane++) {
      float rounded = rintf(e.elevated[i * LANES + lane] * inverse);
      e.nearest[i * LANES + lane] = rounded * d1;
      excess[lane] += rounded;
    }
  }

  for (int32_t i = 0; i <= d; i++) {
    for (int lane = 0; lane < LANES; lane++) {
      e.residual[i * LANES + lane] = e.elevated[i * LANES + lane] - e.nearest[i * LANES + lane];
      // The excess is within ±d, unless coordinates are so large that the caller refuses them.
      const float bounded = fminf(fmaxf(excess[lane], -d1), d1);
      e.rank[i * LANES + lane] = (int32_t)bounded;
    }
  }
  for (int32_t i = 0; i < d; i++) {
    for (int32_t j = i + 1; j <= d; j++) {
      for (int lane = 0; lane < LANES; lane++) {
        int32_t less = e.residual[i * LANES + lane] < e.residual[j * LANES + lane];
        e.rank[i * LANES + lane] += less;
        e.rank[j * LANES + lane] += 1 - less;
      }
    }
  }
  // Coordinates did not sum to zero where the ranks left 0...d: step back to the hyperplane.
  for (int32_t i = 0; i <= d; i++) {
    for (int lane = 0; lane < LANES; lane++) {
      int32_t rank = e.rank[i * LANES + lane];
      int32_t shift = (rank < 0 ? d + 1 : 0) - (rank > d ? d + 1 : 0);
      e.rank[i * LANES + lane] = rank + shift;
      e.nearest[i * LANES + lane] += (float)shift;
    }
  }
  memset(e.sorted, 0, (size_t)(d + 1) * LANES * sizeof(float));
  for (int32_t i = 0; i <= d; i++) {
    for (int lane = 0; lane < LANES; lane++) {
      e.residual[i * LANES + lane] =
          (e.elevated[i * LANES + lane] - e.nearest[i * LANES + lane]) * inverse;
    }
    for (int32_t r = 0; r <= d; r++) {
      for (int lane = 0; lane < LANES; lane++) {
        e.sorted[r * LANES + lane] +=
            e.rank[i * LANES + lane] == r ? e.residual[i * LANES + lane] : 0.0f;
      }
    }
  }
}

/// Weights of the vertices of remainder 0...d (§3.2 of the paper), LANES × (d + 1).
CK_INLINE void weigh_vertices(embedding e, int32_t d, float *weights) {
  const size_t corners = (size_t)d + 1;
  for (int lane = 0; lane < LANES; lane++) {
    weights[(size_t)lane * corners] = e.sorted[d * LANES + lane] + (1.0f - e.sorted[lane]);
  }
  for (int32_t k = 1; k <= d; k++) {
    const float *near = e.sorted + (d - k) * LANES;
    const float *far = e.sorted + (d + 1 - k) * LANES;
    for (int lane = 0; lane < LANES; lane++) {
      weights[(size_t)lane * corners + (size_t)k] = near[lane] - far[lane];
    }
  }
}

#endif
