#ifndef CKERNELS_BOX_H
#define CKERNELS_BOX_H

#include <stddef.h>

#pragma GCC visibility push(hidden)

/// Sums over windows of 2·radius + 1 entries, from sums that begin and end where blocks of as many
/// entries do (van Herk 1992): nothing is ever subtracted, so that rounding errors do not gather, and what
/// is not finite stays within the windows that hold it.

/// Replaces each of `outer` lines of `length` entries by its length − 2·radius window sums.
///
/// Entries have `inner` values, a multiple of 4, one behind the other; the shorter lines follow each
/// other without gaps.
void ck_box_sums(float *values, size_t outer, size_t length, size_t inner, size_t radius);
void ck_box_sums_double(double *values, size_t outer, size_t length, size_t inner, size_t radius);

/// What window sums over planes that come one after another keep: `window` planes in `slots`, and a plane
/// in `prefix`.
typedef struct {
  float *slots, *prefix;
  size_t window;
} ck_box_planes;
typedef struct {
  double *slots, *prefix;
  size_t window;
} ck_box_planes_double;

/// The same for one line, which is plane number `index`, and then for the last `window` planes, where
/// there are as many.
void ck_box_step(ck_box_planes planes, size_t index, float *values, size_t length, size_t inner,
                 size_t radius);
void ck_box_step_double(ck_box_planes_double planes, size_t index, double *values, size_t length,
                        size_t inner, size_t radius);

#pragma GCC visibility pop

#endif
