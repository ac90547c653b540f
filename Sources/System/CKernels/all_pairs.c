#include <math.h>
#include <string.h>

#include "exponential.h"
#include "include/ckernels_learning.h"

/// e^x for x ≤ 0; 0 below −708. Relative error below 4e-16·(1 + |x|/700).
///
/// As ck_exp: x = n·ln 2 + r, then the Taylor series to the 13th power, whose remainder for |r| ≤ ½ ln 2 is
/// below 5e-18·e^r.
CK_INLINE double exp_double(double x) {
  const double clamped = x < -708.0 ? -708.0 : x;
  const double n = rint(clamped * 1.4426950408889634);
  const double r = (clamped - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10;
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  // n + 1023 in the low bits of the sum, shifted to where the exponent is.
  const double shifted = n + 6755399441055744.0;
  int64_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  bits = (int64_t)((uint64_t)(bits + 1023) << 52);
  double power;
  memcpy(&power, &bits, sizeof power);
  return x < -708.0 ? 0.0 : p * power;
}

#define REAL float
#define REAL_EXP ck_exp
#define PAIR_GRADIENT ck_pair_gradient_float
#include "pair_gradient.h"
#undef REAL
#undef REAL_EXP
#undef PAIR_GRADIENT

#define REAL double
#define REAL_EXP exp_double
#define PAIR_GRADIENT ck_pair_gradient_double
#include "pair_gradient.h"

enum { LANES = CK_PANEL_POINTS };

CK_CLONES
void ck_gaussian_rows(const double *features, size_t points, size_t pitch, int32_t dimensions,
                      size_t first, size_t end, bool skips_own, double *weights) {
  for (size_t i = first; i < end; i++) {
    double *row = weights + (i - first) * pitch;
    for (size_t start = 0; start < pitch; start += LANES) {
      double squares[LANES] = {0};
      for (int32_t c = 0; c < dimensions; c++) {
        const double *plane = features + (size_t)c * pitch;
        for (int lane = 0; lane < LANES; lane++) {
          const double apart = plane[i] - plane[start + (size_t)lane];
          squares[lane] += apart * apart;
        }
      }
      for (int lane = 0; lane < LANES; lane++) row[start + (size_t)lane] = exp_double(-0.5 * squares[lane]);
    }
    for (size_t j = points; j < pitch; j++) row[j] = 0;
    if (skips_own) row[i] = 0;
  }
}

/// Channels whose sums are under way together.
enum { CHANNELS = 4 };

CK_INLINE void sum_channels(const double *row, const double *values, size_t pitch, double *output,
                            const int channels) {
  double sums[CHANNELS][LANES] = {{0}};
  for (size_t start = 0; start < pitch; start += LANES) {
    for (int c = 0; c < channels; c++) {
      const double *plane = values + (size_t)c * pitch + start;
      for (int lane = 0; lane < LANES; lane++) sums[c][lane] += row[start + (size_t)lane] * plane[lane];
    }
  }
  for (int c = 0; c < channels; c++) {
    double sum = 0;
    for (int lane = 0; lane < LANES; lane++) sum += sums[c][lane];
    output[(size_t)c * pitch] = sum;
  }
}

CK_CLONES
void ck_gaussian_sums(const double *weights, const double *values, size_t pitch, size_t channels,
                      size_t first, size_t end, double *output) {
  for (size_t i = first; i < end; i++) {
    const double *row = weights + (i - first) * pitch;
    size_t c = 0;
    for (; c + CHANNELS <= channels; c += CHANNELS) {
      sum_channels(row, values + c * pitch, pitch, output + c * pitch + i, CHANNELS);
    }
    for (; c < channels; c++) sum_channels(row, values + c * pitch, pitch, output + c * pitch + i, 1);
  }
}
