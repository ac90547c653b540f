#include <float.h>

#include "exponential.h"
#include "include/ckernels_field.h"
#include "row_vectors.h"

/// `W` lanes at a time; rows are whole numbers of them.
CK_INLINE void convert_logits(float *rows, size_t count, size_t stride, size_t channels,
                              float ceiling, const int W) {
  for (size_t i = 0; i < count; i++) {
    float *row = rows + i * stride;
    for (size_t l = channels; l < stride; l++) row[l] = -FLT_MAX;
    float peaks[16], sums[16];
    for (int w = 0; w < W; w++) peaks[w] = row[w];
    for (size_t l = (size_t)W; l < stride; l += (size_t)W) {
      for (int w = 0; w < W; w++) peaks[w] = row[l + w] > peaks[w] ? row[l + w] : peaks[w];
    }
    float peak = peaks[0];
    for (int w = 1; w < W; w++) peak = peaks[w] > peak ? peaks[w] : peak;
    for (int w = 0; w < W; w++) sums[w] = 0.0f;
    for (size_t l = 0; l < stride; l += (size_t)W) {
      for (int w = 0; w < W; w++) sums[w] += ck_exp(row[l + w] - peak);
    }
    float sum = 0.0f;
    for (int w = 0; w < W; w++) sum += sums[w];
    const float origin = logf(sum);
    for (size_t l = 0; l < stride; l += (size_t)W) {
      for (int w = 0; w < W; w++) {
        const float energy = origin - (row[l + w] - peak);
        row[l + w] = energy < ceiling ? energy : ceiling;
      }
    }
  }
}

CK_CLONES
void ck_convert_logits(float *rows, size_t count, size_t stride, size_t channels, float ceiling) {
  if (stride % 8 == 0) {
    convert_logits(rows, count, stride, channels, ceiling, 8);
  } else {
    convert_logits(rows, count, stride, channels, ceiling, 4);
  }
}

/// Rows whose sums are folded together.
enum { FOLDED_ROWS = 8 };

/// results[i] = OP over the values of row i, for rows that are whole vectors of 8.
#define FOLD_ROWS(results, rows, count, stride, OP)                                    \
  do {                                                                                 \
    float vectors_[FOLDED_ROWS * 8] = {0};                                             \
    for (size_t i_ = 0; i_ < (count); i_++) {                                          \
      const float *row_ = (rows) + i_ * (stride);                                      \
      ck_v8 folded_ = *(const ck_v8 *)row_;                                            \
      for (size_t l_ = 8; l_ < (stride); l_ += 8) {                                    \
        folded_ = OP(folded_, *(const ck_v8 *)(row_ + l_));                            \
      }                                                                                \
      *(ck_v8 *)(vectors_ + i_ * 8) = folded_;                                         \
    }                                                                                  \
    CK_FOLD_EIGHT(results, vectors_, OP);                                              \
  } while (0)

CK_INLINE void divide_by_sums(float *rows, size_t count, const size_t stride) {
  float sums[FOLDED_ROWS];
  FOLD_ROWS(sums, rows, count, stride, CK_PLUS);
  for (size_t i = 0; i < count; i++) {
    const float scale = 1.0f / sums[i];
    for (size_t l = 0; l < stride; l++) rows[i * stride + l] *= scale;
  }
}

CK_INLINE void convert_energies(float *rows, size_t count, const size_t stride, size_t channels) {
  for (size_t first = 0; first < count; first += FOLDED_ROWS) {
    float *block = rows + first * stride;
    const size_t size = count - first < FOLDED_ROWS ? count - first : FOLDED_ROWS;
    float least[FOLDED_ROWS];
    for (size_t i = 0; i < size; i++) {
      for (size_t l = channels; l < stride; l++) block[i * stride + l] = FLT_MAX;
    }
    FOLD_ROWS(least, block, size, stride, CK_MIN);
    for (size_t i = 0; i < size; i++) {
      float *row = block + i * stride;
      for (size_t l = 0; l < stride; l++) row[l] = ck_exp(least[i] - row[l]);
    }
    divide_by_sums(block, size, stride);
  }
}

CK_INLINE void normalize_rows(float *rows, size_t count, const size_t stride, size_t channels) {
  for (size_t first = 0; first < count; first += FOLDED_ROWS) {
    float *block = rows + first * stride;
    const size_t size = count - first < FOLDED_ROWS ? count - first : FOLDED_ROWS;
    for (size_t i = 0; i < size; i++) {
      float *row = block + i * stride;
      for (size_t l = channels; l < stride; l++) row[l] = 0;
      for (size_t l = 0; l < stride; l++) row[l] = row[l] > 0 ? row[l] : 0;
    }
    float sums[FOLDED_ROWS];
    FOLD_ROWS(sums, block, size, stride, CK_PLUS);
    for (size_t i = 0; i < size; i++) {
      if (sums[i] > 0) continue;
      for (size_t l = 0; l < channels; l++) block[i * stride + l] = 1;
    }
    divide_by_sums(block, size, stride);
  }
}

/// One row of 4, as rows of 8.
#define WIDENED(rows, count, channels, CONVERT)                          \
  for (size_t i = 0; i < (count); i++) {                                 \
    float row[8] = {0};                                                  \
    memcpy(row, (rows) + 4 * i, 4 * sizeof(float));                      \
    CONVERT(row, 1, 8, channels);                                        \
    memcpy((rows) + 4 * i, row, 4 * sizeof(float));                      \
  }

#define DEFINE_BY_STRIDE(name, convert)                                                \
  CK_CLONES void name(float *rows, size_t count, size_t stride, size_t channels) {     \
    switch (stride) {                                                                  \
      case 4: WIDENED(rows, count, channels, convert) break;                           \
      case 8: convert(rows, count, 8, channels); break;                                \
      case 16: convert(rows, count, 16, channels); break;                              \
      case 24: convert(rows, count, 24, channels); break;                              \
      default: convert(rows, count, stride, channels); break;                          \
    }                                                                                  \
  }

DEFINE_BY_STRIDE(ck_convert_energies, convert_energies)
DEFINE_BY_STRIDE(ck_normalize_rows, normalize_rows)
