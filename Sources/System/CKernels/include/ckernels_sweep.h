#ifndef CKERNELS_SWEEP_H
#define CKERNELS_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// One kernel of a sweep: where each point's vertices are, and what they hold.
typedef struct {
  /// count × corners: rows, counted from `first_row`.
  const uint32_t *vertices;
  const float *weights;
  /// Whether these are in the order of the points, not in that of the visits.
  bool is_by_point;
  int32_t corners;
  /// What every message is multiplied with, label by label (stride values), or, where that is NULL,
  /// all labels alike.
  const float *label_factors;
  float factor;
  /// Where labels are mixed, one row of `stride` values for each of the `channels` labels that messages are
  /// of: what it adds to every label. NULL elsewhere; `label_factors` is NULL where this is not.
  const float *matrix;
  int32_t channels;
  /// What a reverse sweep adds its products to, where they are wanted: Σ q ∘ sum over the points, by label,
  /// before `factor`; with a matrix, channels × stride: Σ sum · qᵀ, with it. NULL elsewhere.
  double *products;
  /// Factors of a point's message and of its marginals; NULL for 1.
  const float *message_scale;
  const float *marginal_scale;
  /// Blurred rows that messages are sliced from, in panels; NULL before the first update.
  const float *sliced;
  /// Rows that marginals are splatted to, in panels; NULL after the last update. They are set to 0 as
  /// the points reach them.
  float *splatted;
  /// Rows of `sliced` and `splatted`, and where the rows of these points begin.
  size_t row_count;
  size_t first_row;
  /// How many of these points' rows are reached before each block of points, as `ck_sweep_reach` says.
  const uint32_t *reach;
} ck_sweep_kernel;

/// Entries of what `ck_sweep_reach` finds: one for each block of points that pass through the stages
/// together, and two.
size_t ck_sweep_reach_count(const uint32_t *visits, size_t visit_count);

/// For each block, one more than the highest row that the blocks before it use; at the end, twice,
/// `segment_rows`, all there are.
///
/// vertices, is_by_point, corners: those of a kernel; visits: those of the sweep.
void ck_sweep_reach(const uint32_t *vertices, bool is_by_point, int32_t corners, const uint32_t *visits,
                    size_t visit_count, uint32_t segment_rows, uint32_t *reach);

/// Floats of scratch memory that `ck_sweep` needs.
size_t ck_sweep_scratch(size_t stride);

/// One pass over points: energies = unary + Σ messages, marginals = softmax(−energies), splat.
///
/// The points are visited run by run: visits[2k] ..< visits[2k + 1], which together are all of them.
///
/// unary: points × stride, its padding large. `marginals` may be NULL where they are not read, `energies`
/// where those that the softmax takes are not. `change`, where not NULL, receives the largest change of what `marginals` held before.
/// `scratch`: `ck_sweep_scratch` floats, on a cache line.
void ck_sweep(const float *unary, size_t stride, const uint32_t *visits, size_t visit_count,
              const ck_sweep_kernel *kernels, int32_t kernel_count, float *energies,
              float *marginals, float *change, float *scratch);

/// One pass back over points: sums the slopes that kernels bring, takes them through the softmax of
/// `marginals` to H = q ∘ (g − Σ q∘g), subtracts H from `gradient`, and splats it.
///
/// given: H of the first pass, which gathers nothing and needs no marginals; NULL afterwards. A kernel's
/// factors are what the gathered sums are multiplied with on their way to g. The padding of `marginals` must
/// be 0. `scratch`: `ck_sweep_scratch` floats, on a cache line.
void ck_reverse_sweep(const float *given, const float *marginals, size_t stride,
                      const uint32_t *visits, size_t visit_count, const ck_sweep_kernel *kernels,
                      int32_t kernel_count, float *gradient, float *scratch);

#pragma GCC visibility pop

#endif
