#ifndef CKERNELS_LINES_H
#define CKERNELS_LINES_H

#include <stddef.h>

#pragma GCC visibility push(hidden)

/// Floats of scratch memory that `ck_convolve_line` needs.
size_t ck_line_scratch(size_t length, size_t radius);

/// Convolves a line in place: entries of `width` floats (4, 8 or 16), `step` floats apart; what lies
/// beyond both ends is 0.
///
/// taps: 2 × radius + 1 of them between CK_LINE_BLOCK − 1 zeros on either side.
void ck_convolve_line(float *line, size_t length, size_t step, size_t width, const float *taps,
                      size_t radius, float *scratch);

/// Results that are computed together, sharing what they read.
enum { CK_LINE_BLOCK = 8 };

#pragma GCC visibility pop

#endif
