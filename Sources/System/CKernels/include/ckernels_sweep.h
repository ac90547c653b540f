#ifndef CKERNELS_SWEEP_H
#define CKERNELS_SWEEP_H

#include <stddef.h>
#include <stdint.h>

/// One kernel of a sweep: where each point's vertices are, and what they hold.
typedef struct {
  /// count × corners.
  const uint32_t *vertices;
  const float *weights;
  int32_t corners;
  /// What every message is multiplied with, label by label (stride values), or, where that is NULL,
  /// all labels alike.
  const float *label_factors;
  float factor;
  /// Factors of a point's message and of its marginals; NULL for 1.
  const float *message_scale;
  const float *marginal_scale;
  /// Blurred rows that messages are sliced from; NULL before the first update.
  const float *sliced;
  /// Rows that marginals are splatted to; NULL after the last update. They are set to 0 as the points
  /// reach them, which `vertices` must number in the order of their first use.
  float *splatted;
  /// Rows of `splatted` that are set already.
  uint32_t cleared;
} ck_sweep_kernel;

/// One pass over points: energies = unary + Σ messages, marginals = softmax(−energies), splat.
///
/// unary: count × stride, its padding large. `marginals` may be NULL where nobody reads them.
/// `change`, where not NULL, receives the largest change of what `marginals` held before.
/// `scratch`: 2 × stride floats.
void ck_sweep(const float *unary, size_t count, size_t stride, ck_sweep_kernel *kernels,
              int32_t kernel_count, float *marginals, float *change, float *scratch);

#endif
