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

/// The same across the planes of a block, `window` of them, `pitch` values apart: the first `count` become
/// the sums of the windows that begin with them, and of the others nothing is left.
///
/// - next: the planes of the block that follows, as far apart; count − 1 of them are read.
/// - size: the values of a plane, a multiple of 4.
void ck_box_planes(float *block, const float *next, size_t pitch, size_t window, size_t count,
                   size_t size);
void ck_box_planes_double(double *block, const double *next, size_t pitch, size_t window, size_t count,
                          size_t size);

#pragma GCC visibility pop

#endif
