#ifndef CKERNELS_LOGARITHM_H
#define CKERNELS_LOGARITHM_H

#include <stdint.h>
#include <string.h>

#include "clones.h"

/// The least number whose logarithm is taken: what is smaller counts as this.
#define CK_LEAST_PROBABILITY 1e-37f

/// log x for x ≥ CK_LEAST_PROBABILITY, to two units of the last place, in a form that vectorises;
/// smaller ones count as that. The polynomial is that of Cephes' logf.
CK_INLINE float ck_logarithm(float x) {
  const float above = x < CK_LEAST_PROBABILITY ? CK_LEAST_PROBABILITY : x;
  // The exponent for which the rest lies in √½ … √2.
  const int32_t offset = 0x3F3504F3;
  int32_t bits;
  memcpy(&bits, &above, sizeof bits);
  const int32_t exponent = (bits - offset) >> 23;
  const int32_t rest = bits - (int32_t)((uint32_t)exponent << 23);
  float mantissa;
  memcpy(&mantissa, &rest, sizeof mantissa);
  const float f = mantissa - 1.0f;
  float p = f * 7.0376836292e-2f - 1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f - 1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f - 1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f - 2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  const float n = (float)exponent;
  const float square = f * f;
  return f + (p * f * square - 0.5f * square - 2.12194440e-4f * n) + 0.693359375f * n;
}

#endif
