#ifndef CKERNELS_EXACT_H
#define CKERNELS_EXACT_H

#include <stddef.h>

/// kernel[i * columns + j] = exp(−½ ‖a_i − b_j‖²) for rows × columns pairs.
///
/// a: rows × d, points as rows; b: d × leading, points as columns. The exponential's relative error
/// is below 3e-7.
void ck_gaussian_block(const float *a, size_t rows, const float *b, size_t columns, size_t leading,
                       int dimensions, float *kernel);

#endif
