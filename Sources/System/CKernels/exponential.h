#ifndef CKERNELS_EXPONENTIAL_H
#define CKERNELS_EXPONENTIAL_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "clones.h"

/// e^x for x ≤ 88, in a form that vectorises; 0 below −87.3. Relative error below 2e-7.
///
/// x = n·ln 2 + r with |r| ≤ ½ ln 2 (ln 2 in two parts: Cody & Waite 1980), then the Taylor series of
/// e^r to the sixth power, whose remainder there is r⁷/7! < 1.3e-7·e^r.
CK_INLINE float ck_exp(float x) {
  const float clamped = x < -87.3f ? -87.3f : x;
  const float n = rintf(clamped * 1.44269504f);
  const float r = (clamped - n * 0.693145752f) - n * 1.42860677e-6f;
  float p = 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const int32_t bits = ((int32_t)n + 127) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  return x < -87.3f ? 0.0f : p * power;
}

#endif
