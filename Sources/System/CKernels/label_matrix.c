#include "include/ckernels_field.h"
#include "row_vectors.h"

/// Points whose sums are under way at once: enough to hide how long one multiplication takes.
enum { POINTS = 4 };

CK_INLINE void add_products(const float *rows, size_t count, const float *matrix, size_t channels,
                            float *output, const int S) {
  for (size_t first = 0; first < count; first += POINTS) {
    const size_t points = count - first < POINTS ? count - first : POINTS;
    ck_row sums[POINTS];
    const float *given[POINTS];
    for (size_t i = 0; i < POINTS; i++) {
      // What a last, shorter group lacks is computed twice and stored once.
      const size_t point = first + (i < points ? i : 0);
      given[i] = rows + point * S;
      sums[i] = ck_row_load(output + point * S, S);
    }
    for (size_t k = 0; k < channels; k++) {
      const ck_row factors = ck_row_load(matrix + k * S, S);
      for (size_t i = 0; i < POINTS; i++) sums[i] = ck_row_add(sums[i], given[i][k], factors, S);
    }
    for (size_t i = 0; i < points; i++) ck_row_store(sums[i], output + (first + i) * S, S);
  }
}

CK_INLINE void add_long_products(const float *rows, size_t count, size_t stride,
                                 const float *matrix, size_t channels, float *output) {
  for (size_t i = 0; i < count; i++) {
    float *restrict sum = output + i * stride;
    for (size_t k = 0; k < channels; k++) {
      const float value = rows[i * stride + k];
      const float *factors = matrix + k * stride;
      for (size_t c = 0; c < stride; c++) sum[c] += value * factors[c];
    }
  }
}

CK_INLINE void add_matrix(const float *rows, size_t count, size_t stride, const float *matrix,
                          size_t channels, float *output) {
  switch (stride) {
    case 4: add_products(rows, count, matrix, channels, output, 4); break;
    case 8: add_products(rows, count, matrix, channels, output, 8); break;
    case 16: add_products(rows, count, matrix, channels, output, 16); break;
    case 24: add_products(rows, count, matrix, channels, output, 24); break;
    case 32: add_products(rows, count, matrix, channels, output, 32); break;
    default: add_long_products(rows, count, stride, matrix, channels, output); break;
  }
}

CK_DEFINE_WIDE(ck_add_matrix,
               (const float *rows, size_t count, size_t stride, const float *matrix,
                size_t channels, float *output),
               (rows, count, stride, matrix, channels, output), add_matrix)
