#include "clones.h"
#include "exponential.h"
#include "include/ckernels_exact.h"

CK_CLONES
void ck_gaussian_block(const float *a, size_t rows, const float *b, size_t columns, size_t leading,
                       int dimensions, float *kernel) {
  for (size_t i = 0; i < rows; i++) {
    float *restrict row = kernel + i * columns;
    for (size_t j = 0; j < columns; j++) row[j] = 0.0f;
    for (int k = 0; k < dimensions; k++) {
      const float centre = a[i * (size_t)dimensions + (size_t)k];
      const float *feature = b + (size_t)k * leading;
      for (size_t j = 0; j < columns; j++) {
        const float difference = feature[j] - centre;
        row[j] += difference * difference;
      }
    }
    for (size_t j = 0; j < columns; j++) row[j] = ck_exp(-0.5f * row[j]);
  }
}
