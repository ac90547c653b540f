#include "include/ckernels_solver.h"

#include <stdbool.h>

#include "exponential.h"
#include "logarithm.h"
#include "row_vectors.h"

/// The sum of a row whose length is a multiple of four, in four lanes.
CK_INLINE double row_sum(const float *row, const size_t stride) {
  float lanes[4] = {0};
  for (size_t c = 0; c < stride; c += 4) {
    for (int lane = 0; lane < 4; lane++) lanes[lane] += row[c + (size_t)lane];
  }
  return ((double)lanes[0] + (double)lanes[1]) + ((double)lanes[2] + (double)lanes[3]);
}

CK_INLINE float row_least(const float *row, const size_t stride) {
  float lanes[4] = {row[0], row[1], row[2], row[3]};
  for (size_t c = 4; c < stride; c += 4) {
    for (int lane = 0; lane < 4; lane++) {
      const float x = row[c + (size_t)lane];
      lanes[lane] = x < lanes[lane] ? x : lanes[lane];
    }
  }
  const float a = lanes[0] < lanes[1] ? lanes[0] : lanes[1];
  const float b = lanes[2] < lanes[3] ? lanes[2] : lanes[3];
  return a < b ? a : b;
}

/// Floats of a row that are summed at a time.
enum { PIECE = 64 };

/// total += Σ of TERM over the row, where TERM is written with the channel `c`.
#define CK_ADD_ROW(total, stride, TERM)                                         \
  for (size_t start_ = 0; start_ < (stride); start_ += PIECE) {                 \
    const size_t end_ = (stride) < start_ + PIECE ? (stride) : start_ + PIECE;  \
    float piece_[PIECE];                                                        \
    for (size_t c = start_; c < end_; c++) piece_[c - start_] = (TERM);         \
    (total) += row_sum(piece_, end_ - start_);                                  \
  }

CK_INLINE void objective_rows(const float *energies, const float *slopes, const float *marginals,
                              size_t count, const size_t stride, bool with_gap, double *sums) {
  double unary = 0, slope = 0, entropy = 0, square = 0, gap = 0;
  for (size_t i = 0; i < count; i++) {
    const float *q = marginals + i * stride, *g = slopes + i * stride, *e = energies + i * stride;
    CK_ADD_ROW(unary, stride, q[c] * e[c])
    CK_ADD_ROW(slope, stride, q[c] * g[c])
    CK_ADD_ROW(entropy, stride, q[c] * ck_logarithm(q[c]))
    CK_ADD_ROW(square, stride, q[c] * q[c])
    if (!with_gap) continue;
    const float least = row_least(g, stride);
    double sum = 0;
    CK_ADD_ROW(sum, stride, ck_exp(least - g[c]))
    const float inverse = (float)(1 / sum), shift = least - ck_logarithm((float)sum);
    // Both lack a constant of the point, over which q − p sums to 0.
    CK_ADD_ROW(gap, stride,
               (ck_logarithm(q[c]) + (g[c] - shift)) *
                   (q[c] - inverse * ck_exp(least - g[c])))
  }
  sums[0] += unary;
  sums[1] += slope;
  sums[2] += entropy;
  sums[3] += square;
  sums[4] += gap;
}

CK_CLONES
void ck_objective_sums(const float *energies, const float *slopes, const float *marginals,
                       size_t count, size_t stride, int32_t with_gap, double *sums) {
#define CK_OBJECTIVE(S) \
  objective_rows(energies, slopes, marginals, count, (S) != 0 ? (S) : stride, with_gap != 0, sums)
  CK_FOR_STRIDE(stride, CK_OBJECTIVE)
}

CK_CLONES
void ck_damp_rows(float *values, const float *slopes, const float *steps, float step, size_t count,
                  size_t stride) {
  for (size_t i = 0; i < count; i++) {
    const float s = steps == NULL ? step : step * steps[i];
    float *v = values + i * stride;
    const float *g = slopes + i * stride;
    for (size_t c = 0; c < stride; c++) v[c] = (1.0f - s) * v[c] + s * g[c];
  }
}

CK_CLONES
void ck_negative_logarithms(const float *marginals, size_t count, size_t stride, size_t channels,
                            float *output) {
  for (size_t i = 0; i < count; i++) {
    float *row = output + i * stride;
    for (size_t c = 0; c < stride; c++) row[c] = -ck_logarithm(marginals[i * stride + c]);
    for (size_t c = channels; c < stride; c++) row[c] = 1e30f;
  }
}

/// Curvatures below this are none.
#define CK_LEAST_CURVATURE 1e-12f
/// Newton's steps for λ: four to six are usual.
enum { MOST_ROUNDS = 40 };
/// Σq may be off by this before it is divided by.
#define CK_SUM_TOLERANCE 1e-6

/// y ← the roots of y + κe^y = b − λ.
///
/// w = κe^y has w + log w = log κ + b − λ: it is found to a few hundredths (Iacono & Boyd 2017, eq. 23), and y
/// then by Newton's method, whose error is squared twice.
CK_INLINE void find_logarithms(float *y, const float *b, float lambda, float kappa, float log_kappa,
                               const size_t stride) {
  for (size_t c = 0; c < stride; c++) {
    const float right = b[c] - lambda, x = right + log_kappa;
    const float bent = ck_logarithm(1.0f + ck_exp(x < 30.0f ? x : 30.0f));
    const float u = x < 30.0f ? bent : x;
    const float w = u * (1.0f - ck_logarithm(1.0f + u) / (2.0f + u));
    float root = x < -5.0f ? right : ck_logarithm(w) - log_kappa;
    for (int round = 0; round < 3; round++) {
      const float power = kappa * ck_exp(root < 80.0f ? root : 80.0f);
      root -= (root + power - right) / (1.0f + power);
    }
    y[c] = root;
  }
}

CK_INLINE float concave_convex_row(const float *g, float kappa, float *q, const size_t stride,
                                   const size_t channels, float *b, float *y, float *z) {
  const float least = row_least(g, stride);
  for (size_t c = 0; c < stride; c++) b[c] = kappa * q[c] - (g[c] - least);
  for (size_t c = channels; c < stride; c++) b[c] = -1e30f;
  float top = b[0];
  for (size_t c = 1; c < channels; c++) top = b[c] > top ? b[c] : top;
  double sum = 0;
  CK_ADD_ROW(sum, stride, ck_exp(b[c] - top))
  const float upper = top + ck_logarithm((float)sum);
  if (kappa < CK_LEAST_CURVATURE) {
    for (size_t c = 0; c < stride; c++) z[c] = ck_exp(b[c] - upper);
  } else {
    const float log_kappa = ck_logarithm(kappa);
    float lambda = upper, low = upper - kappa, high = upper;
    for (int round = 0; round < MOST_ROUNDS; round++) {
      find_logarithms(y, b, lambda, kappa, log_kappa, stride);
      for (size_t c = 0; c < stride; c++) z[c] = ck_exp(y[c]);
      double total = 0, slope = 0;
      CK_ADD_ROW(total, stride, z[c])
      CK_ADD_ROW(slope, stride, z[c] / (1.0f + kappa * z[c]))
      const double excess = total - 1;
      if (excess < CK_SUM_TOLERANCE && excess > -CK_SUM_TOLERANCE) break;
      if (excess > 0) low = lambda; else high = lambda;
      float next = lambda + (float)(excess / slope);
      if (!(next >= low && next <= high)) next = 0.5f * (low + high);
      if (next == lambda) break;
      lambda = next;
    }
  }
  // Of the padding, where b is −1e30, z is 0.
  double total = 0;
  CK_ADD_ROW(total, stride, z[c])
  const float inverse = (float)(1 / total);
  float largest = 0;
  for (size_t c = 0; c < channels; c++) {
    const float next = inverse * z[c], change = next > q[c] ? next - q[c] : q[c] - next;
    largest = change > largest ? change : largest;
    q[c] = next;
  }
  return largest;
}

CK_INLINE float concave_convex_rows(const float *slopes, const float *kappa, float *marginals,
                                    size_t count, const size_t stride, size_t channels,
                                    float *scratch) {
  float largest = 0;
  for (size_t i = 0; i < count; i++) {
    const float change =
        concave_convex_row(slopes + i * stride, kappa[i], marginals + i * stride, stride, channels,
                           scratch, scratch + stride, scratch + 2 * stride);
    largest = change > largest ? change : largest;
  }
  return largest;
}

CK_CLONES
float ck_concave_convex_rows(const float *slopes, const float *kappa, float *marginals,
                             size_t count, size_t stride, size_t channels, float *scratch) {
  float largest = 0;
#define CK_CONCAVE(S)                                                                        \
  largest = concave_convex_rows(slopes, kappa, marginals, count, (S) != 0 ? (S) : stride,    \
                                channels, scratch)
  CK_FOR_STRIDE(stride, CK_CONCAVE)
  return largest;
}

CK_INLINE void line_rows(const float *marginals, const float *target, const float *slopes,
                         const float *target_slopes, size_t count, const size_t stride,
                         double *sums) {
  double first = 0, second = 0, square = 0, product = 0;
  for (size_t i = 0; i < count; i++) {
    const float *q = marginals + i * stride, *p = target + i * stride;
    const float *g = slopes + i * stride, *h = target_slopes + i * stride;
    // Δ sums to 0 over the labels but for rounding.
    const float least = row_least(g, stride);
    CK_ADD_ROW(first, stride, (p[c] - q[c]) * (g[c] - least))
    CK_ADD_ROW(second, stride, (p[c] - q[c]) * (h[c] - g[c]))
    CK_ADD_ROW(square, stride, (p[c] - q[c]) * (p[c] - q[c]))
    CK_ADD_ROW(product, stride, (p[c] - q[c]) * q[c])
  }
  sums[0] += first;
  sums[1] += second;
  sums[2] += square;
  sums[3] += product;
}

CK_CLONES
void ck_line_sums(const float *marginals, const float *target, const float *slopes,
                  const float *target_slopes, size_t count, size_t stride, double *sums) {
#define CK_LINE(S) \
  line_rows(marginals, target, slopes, target_slopes, count, (S) != 0 ? (S) : stride, sums)
  CK_FOR_STRIDE(stride, CK_LINE)
}

CK_INLINE void slope_rows(const float *marginals, const float *target, const float *slopes,
                          const float *target_slopes, float alpha, size_t count,
                          const size_t stride, double *sums) {
  double slope = 0, bend = 0;
  for (size_t i = 0; i < count; i++) {
    const float *q = marginals + i * stride, *p = target + i * stride;
    const float *g = slopes + i * stride, *h = target_slopes + i * stride;
    size_t best = 0;
    for (size_t c = 1; c < stride; c++) best = g[c] < g[best] ? c : best;
    // Of the best label: Δ sums to 0 over the labels but for rounding, which should not count as much as that.
    const float centre =
        g[best] + alpha * (h[best] - g[best]) + ck_logarithm(q[best] + alpha * (p[best] - q[best]));
    CK_ADD_ROW(slope, stride,
               (p[c] - q[c]) * (g[c] + alpha * (h[c] - g[c]) +
                                ck_logarithm(q[c] + alpha * (p[c] - q[c])) - centre))
    CK_ADD_ROW(bend, stride,
               (p[c] - q[c]) * ((h[c] - g[c]) + (p[c] - q[c]) / (q[c] + alpha * (p[c] - q[c]) +
                                                                 CK_LEAST_PROBABILITY)))
  }
  sums[0] += slope;
  sums[1] += bend;
}

CK_CLONES
void ck_line_slope(const float *marginals, const float *target, const float *slopes,
                   const float *target_slopes, float alpha, size_t count, size_t stride,
                   double *sums) {
#define CK_SLOPE(S)                                                                     \
  slope_rows(marginals, target, slopes, target_slopes, alpha, count, (S) != 0 ? (S) : stride, sums)
  CK_FOR_STRIDE(stride, CK_SLOPE)
}

CK_CLONES
float ck_blend(float *values, const float *target, float alpha, size_t count) {
  float lanes[16] = {0};
  size_t k = 0;
  for (; k + 16 <= count; k += 16) {
    for (size_t lane = 0; lane < 16; lane++) {
      const float step = alpha * (target[k + lane] - values[k + lane]);
      const float size = step < 0 ? -step : step;
      lanes[lane] = size > lanes[lane] ? size : lanes[lane];
      values[k + lane] += step;
    }
  }
  for (; k < count; k++) {
    const float step = alpha * (target[k] - values[k]), size = step < 0 ? -step : step;
    lanes[0] = size > lanes[0] ? size : lanes[0];
    values[k] += step;
  }
  float largest = 0;
  for (int lane = 0; lane < 16; lane++) largest = lanes[lane] > largest ? lanes[lane] : largest;
  return largest;
}

/// The threshold τ with Σ max(v − τ, 0) = 1: values that lie below are put aside until none does (Michelot 1986).
CK_INLINE float simplex_threshold(const float *v, const size_t channels) {
  float threshold = -1e30f;
  size_t kept = 0;
  for (;;) {
    double sum = 0;
    size_t above = 0;
    for (size_t c = 0; c < channels; c++) {
      const bool counts = v[c] > threshold;
      sum += counts ? (double)v[c] : 0;
      above += counts ? 1 : 0;
    }
    // Those that are kept only get fewer; rounding could put the last one aside.
    if (above == 0 || above == kept) return threshold;
    kept = above;
    threshold = (float)((sum - 1) / (double)above);
  }
}

CK_CLONES
float ck_project_rows(const float *slopes, const float *kappa, float scale, const float *marginals,
                      float *output, size_t count, size_t stride, size_t channels,
                      float *scratch) {
  float largest = 0;
  for (size_t i = 0; i < count; i++) {
    const float *g = slopes + i * stride, *q = marginals + i * stride;
    float *result = output + i * stride;
    const float divisor = kappa == NULL ? scale : kappa[i];
    const bool bends = divisor >= CK_LEAST_CURVATURE;
    size_t best = 0;
    for (size_t c = 1; c < channels; c++) best = g[c] < g[best] ? c : best;
    float threshold = 0;
    if (bends) {
      const float inverse = 1.0f / divisor;
      for (size_t c = 0; c < channels; c++) {
        scratch[c] = (kappa == NULL ? 0.0f : q[c]) - (g[c] - g[best]) * inverse;
      }
      float top = scratch[0];
      for (size_t c = 1; c < channels; c++) top = scratch[c] > top ? scratch[c] : top;
      // Whatever is 1 below the largest is 0: nothing large is left in the sums.
      for (size_t c = 0; c < channels; c++) {
        const float v = scratch[c] - top;
        scratch[c] = v < -1.0f ? -1.0f : v;
      }
      threshold = simplex_threshold(scratch, channels);
    }
    for (size_t c = 0; c < stride; c++) {
      float next = 0;
      if (c < channels) {
        const float rest = bends ? scratch[c] - threshold : c == best ? 1.0f : 0.0f;
        next = rest > 0 ? rest : 0;
        const float change = next > q[c] ? next - q[c] : q[c] - next;
        largest = change > largest ? change : largest;
      }
      result[c] = next;
    }
  }
  return largest;
}
