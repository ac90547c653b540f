#ifndef CKERNELS_SOLVER_H
#define CKERNELS_SOLVER_H

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// What solvers of mean field do beside filtering: sums for energies, and steps point by point.
///
/// Rows of `stride` floats, `channels` of them labels. In the padding marginals are 0 and energies large; both
/// stay so. Sums are of floats within a point and of doubles over points.

/// sums[0] += Σ qθ, sums[1] += Σ qg, sums[2] += Σ q log q, sums[3] += Σ q², and, where `with_gap` is not 0,
/// sums[4] += Σ (log q − log p)(q − p) with p = softmax(−g), over `count` points.
void ck_objective_sums(const float *energies, const float *slopes, const float *marginals,
                       size_t count, size_t stride, int32_t with_gap, double *sums);

/// values ← (1 − s)·values + s·slopes; s is `step` times that of the point in `steps`, which may be NULL for 1.
void ck_damp_rows(float *values, const float *slopes, const float *steps, float step, size_t count,
                  size_t stride);

/// output ← −log q, of 1e-37 where q is less; 1e30 in the padding.
void ck_negative_logarithms(const float *marginals, size_t count, size_t stride, size_t channels,
                            float *output);

/// q ← the marginals with log q_l + κ q_l = κ q_l − g_l − λ before and after, Σ q = 1: what minimises the convex
/// part of the free energy beside the tangent of the concave one (Krähenbühl & Koltun 2013).
///
/// kappa: one number of at least 0 a point. scratch: 3 × stride floats. Returns the largest change of q.
float ck_concave_convex_rows(const float *slopes, const float *kappa, float *marginals,
                             size_t count, size_t stride, size_t channels, float *scratch);

/// With Δ = target − q: sums[0] += ⟨Δ, g⟩, sums[1] += ⟨Δ, g′ − g⟩, sums[2] += |Δ|², sums[3] += ⟨Δ, q⟩.
void ck_line_sums(const float *marginals, const float *target, const float *slopes,
                  const float *target_slopes, size_t count, size_t stride, double *sums);

/// The slope of the free energy at q + αΔ along Δ = target − q, and how it bends: sums[0] += ⟨Δ, g + α(g′ − g) +
/// log(q + αΔ)⟩, sums[1] += ⟨Δ, g′ − g + Δ/(q + αΔ)⟩.
void ck_line_slope(const float *marginals, const float *target, const float *slopes,
                   const float *target_slopes, float alpha, size_t count, size_t stride,
                   double *sums);

/// values ← values + α(target − values), number by number. Returns the largest change.
float ck_blend(float *values, const float *target, float alpha, size_t count);

/// output ← the point of the simplex nearest to (κq − g)/κ, or to −g/`scale` where `kappa` is NULL. Where κ
/// vanishes, all of the least g (the first on ties).
///
/// output may be `marginals`, which is read where `kappa` is given. Returns the largest |output − marginals|.
float ck_project_rows(const float *slopes, const float *kappa, float scale, const float *marginals,
                      float *output, size_t count, size_t stride, size_t channels, float *scratch);

#pragma GCC visibility pop

#endif
