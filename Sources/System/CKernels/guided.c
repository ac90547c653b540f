#include "include/ckernels_guided.h"

#include <string.h>

#include "clones.h"
#include "row_vectors.h"

/// Calls `BODY(C)` with a constant for gray and for colour guides.
#define CK_FOR_GUIDE(channels, BODY) \
  switch (channels) {                \
    case 1: BODY(1); break;          \
    case 3: BODY(3); break;          \
    default: BODY(channels); break;  \
  }

/// Calls `BODY(S)` with the constant that equals `lanes`.
#define CK_FOR_LANES(lanes, BODY) \
  switch (lanes) {                \
    case 4: BODY(4); break;       \
    case 8: BODY(8); break;       \
    case 16: BODY(16); break;     \
    case 24: BODY(24); break;     \
    default: BODY(32); break;     \
  }

CK_INLINE void moments_of(const float *guide, const size_t C, const int32_t *map, size_t count,
                          size_t padded, double *restrict moments) {
  for (size_t i = 0; i < count; i++) {
    double *row = moments + i * padded;
    size_t k = 0;
    if (map[i] >= 0) {
      const float *value = guide + (size_t)map[i] * C;
      for (size_t c = 0; c < C; c++) row[k++] = (double)value[c];
      for (size_t c = 0; c < C; c++) {
        for (size_t d = c; d < C; d++) row[k++] = (double)value[c] * (double)value[d];
      }
    }
    for (; k < padded; k++) row[k] = 0;
  }
}

CK_CLONES
void ck_guide_moments(const float *guide, size_t channels, const int32_t *map, size_t count,
                      size_t padded, double *moments) {
#define BODY(C) moments_of(guide, C, map, count, padded, moments)
  CK_FOR_GUIDE(channels, BODY)
#undef BODY
}

/// Inverts a symmetric matrix in place whose smallest eigenvalue is at least `least`, as therefore every
/// pivot is, but for rounding.
CK_INLINE void invert(double *restrict matrix, double least, const size_t C) {
  for (size_t k = 0; k < C; k++) {
    double *pivot_row = matrix + k * C;
    const double reciprocal = 1 / (pivot_row[k] > least ? pivot_row[k] : least);
    pivot_row[k] = 1;
    for (size_t j = 0; j < C; j++) pivot_row[j] *= reciprocal;
    for (size_t i = 0; i < C; i++) {
      if (i == k) continue;
      double *row = matrix + i * C;
      const double factor = row[k];
      row[k] = 0;
      for (size_t j = 0; j < C; j++) row[j] -= factor * pivot_row[j];
    }
  }
}

CK_INLINE void statistics_of(const double *moments, size_t padded, const double *reciprocals,
                             double scale, const size_t C, double epsilon, const int32_t *map,
                             size_t count, float *statistics) {
  double matrix[CK_GUIDE_LIMIT * CK_GUIDE_LIMIT];
  for (size_t i = 0; i < count; i++) {
    const double *mean = moments + i * padded, *square = mean + C;
    const double reciprocal = scale * reciprocals[i];
    float *result = statistics + (size_t)map[i] * (C + C * (C + 1) / 2);
    for (size_t c = 0; c < C; c++) {
      for (size_t d = c; d < C; d++) {
        const double covariance =
            *square++ * reciprocal - mean[c] * reciprocal * (mean[d] * reciprocal);
        matrix[c * C + d] = covariance + (c == d ? epsilon : 0);
        matrix[d * C + c] = matrix[c * C + d];
      }
    }
    invert(matrix, epsilon, C);
    for (size_t c = 0; c < C; c++) *result++ = (float)(mean[c] * reciprocal);
    for (size_t c = 0; c < C; c++) {
      for (size_t d = c; d < C; d++) *result++ = (float)matrix[c * C + d];
    }
  }
}

CK_CLONES
void ck_guide_statistics(const double *moments, size_t padded, const double *reciprocals, double scale,
                         size_t channels, double epsilon, const int32_t *map, size_t count,
                         float *statistics) {
#define BODY(C) \
  statistics_of(moments, padded, reciprocals, scale, C, epsilon, map, count, statistics)
  CK_FOR_GUIDE(channels, BODY)
#undef BODY
}

CK_INLINE void points_of(const float *scores, size_t stride, const float *guide, const size_t C,
                         const int32_t *map, size_t count, float *own_scores, float *own_guide,
                         const int S) {
  for (size_t i = 0; i < count; i++) {
    float *score = own_scores + i * (size_t)S, *value = own_guide + i * C;
    if (map[i] < 0) {
      memset(score, 0, (size_t)S * sizeof(float));
      memset(value, 0, C * sizeof(float));
      continue;
    }
    ck_row_store(ck_row_load(scores + (size_t)map[i] * stride, S), score, S);
    for (size_t c = 0; c < C; c++) value[c] = guide[(size_t)map[i] * C + c];
  }
}

CK_INLINE void guided_points(const float *scores, size_t stride, const float *guide,
                             size_t channels, const int32_t *map, size_t count, size_t lanes,
                             float *own_scores, float *own_guide) {
#define BODY(S)                                                                              \
  do {                                                                                       \
    if (channels == 3) {                                                                     \
      points_of(scores, stride, guide, 3, map, count, own_scores, own_guide, S);             \
    } else {                                                                                 \
      points_of(scores, stride, guide, channels, map, count, own_scores, own_guide, S);      \
    }                                                                                        \
  } while (0)
  CK_FOR_LANES(lanes, BODY)
#undef BODY
}

CK_DEFINE_WIDE(ck_guided_points,
               (const float *scores, size_t stride, const float *guide, size_t channels,
                const int32_t *map, size_t count, size_t lanes, float *own_scores,
                float *own_guide),
               (scores, stride, guide, channels, map, count, lanes, own_scores, own_guide),
               guided_points)

/// Rows `first` ..< `first` + ROWS of the products' window sums; row 0 is of the scores themselves.
CK_INLINE void window_rows(ck_guided_planes block, ck_guided_planes next, const size_t C,
                           size_t first, const size_t ROWS, size_t positions, size_t window,
                           size_t count, float *sums, size_t pitch, float *scratch, const int S) {
  const size_t size = ROWS * (size_t)S, row = (C + 1) * (size_t)S;
  for (size_t i = 0; i < positions; i++) {
    ck_row total[4] = {0};
    for (size_t k = window; k-- > 0;) {
      const size_t place = k * block.pitch + i;
      const ck_row p = ck_row_load(block.scores + place * (size_t)S, S);
      const float *value = block.guide + place * C;
#pragma unroll
      for (size_t j = 0; j < ROWS; j++) {
        const float weight = first + j == 0 ? 1 : value[first + j - 1];
        total[j] = ck_row_add(total[j], weight, p, S);
        ck_row_store(total[j], scratch + k * size + j * (size_t)S, S);
      }
    }
    float *sum = sums + i * row + first * (size_t)S;
#pragma unroll
    for (size_t j = 0; j < ROWS; j++) {
      ck_row_store(total[j], sum + j * (size_t)S, S);
      total[j] = (ck_row){0};
    }
    for (size_t k = 1; k < count; k++) {
      const size_t place = (k - 1) * next.pitch + i;
      const ck_row p = ck_row_load(next.scores + place * (size_t)S, S);
      const float *value = next.guide + place * C;
#pragma unroll
      for (size_t j = 0; j < ROWS; j++) {
        const float weight = first + j == 0 ? 1 : value[first + j - 1];
        total[j] = ck_row_add(total[j], weight, p, S);
        const ck_row rest = ck_row_load(scratch + k * size + j * (size_t)S, S);
        ck_row_store(ck_row_add(rest, 1, total[j], S), sum + k * pitch + j * (size_t)S, S);
      }
    }
  }
}

CK_INLINE void guided_windows(ck_guided_planes block, ck_guided_planes next, size_t channels,
                              size_t positions, size_t window, size_t count, size_t lanes,
                              float *sums, size_t pitch, float *scratch) {
#define ROWS(S, C, first, rows) \
  window_rows(block, next, C, first, rows, positions, window, count, sums, pitch, scratch, S)
#define BODY(S)                                                                 \
  do {                                                                          \
    if (channels == 3) {                                                        \
      ROWS(S, 3, 0, 4);                                                         \
    } else if (channels == 1) {                                                 \
      ROWS(S, 1, 0, 2);                                                         \
    } else {                                                                    \
      for (size_t c = 0; c <= channels; c++) ROWS(S, channels, c, 1);           \
    }                                                                           \
  } while (0)
  CK_FOR_LANES(lanes, BODY)
#undef BODY
#undef ROWS
}

CK_DEFINE_WIDE(ck_guided_windows,
               (ck_guided_planes block, ck_guided_planes next, size_t channels, size_t positions,
                size_t window, size_t count, size_t lanes, float *sums, size_t pitch,
                float *scratch),
               (block, next, channels, positions, window, count, lanes, sums, pitch, scratch),
               guided_windows)

/// For guides of up to `LIMIT` channels; UNROLL keeps what a few need in registers.
#define CK_DEFINE_COEFFICIENTS(name, LIMIT, UNROLL)                                               \
  CK_INLINE void name(float *sums, const float *reciprocals, float scale,                         \
                      const float *statistics, const size_t C, const int32_t *map, size_t count,  \
                      const int S) {                                                              \
    for (size_t i = 0; i < count; i++) {                                                          \
      float *row = sums + i * (C + 1) * (size_t)S;                                                \
      if (map[i] < 0) {                                                                           \
        memset(row, 0, (C + 1) * (size_t)S * sizeof(float));                                      \
        continue;                                                                                 \
      }                                                                                           \
      const float *mean = statistics + (size_t)map[i] * (C + C * (C + 1) / 2);                    \
      const float *inverse = mean + C;                                                            \
      const float reciprocal = scale * reciprocals[i];                                            \
      const ck_row p = ck_row_scale(ck_row_load(row, S), reciprocal, S);                          \
      ck_row covariance[LIMIT];                                                                   \
      UNROLL for (size_t c = 0; c < C; c++) {                                                     \
        const ck_row sum = ck_row_load(row + (c + 1) * (size_t)S, S);                             \
        covariance[c] = ck_row_add(ck_row_scale(sum, reciprocal, S), -mean[c], p, S);             \
      }                                                                                           \
      ck_row b = p;                                                                               \
      UNROLL for (size_t c = 0; c < C; c++) {                                                     \
        ck_row a = {0};                                                                           \
        UNROLL for (size_t d = 0; d < C; d++) {                                                   \
          const size_t low = c < d ? c : d, high = c < d ? d : c;                                 \
          const float weight = inverse[low * (2 * C - low + 1) / 2 + high - low];                 \
          a = ck_row_add(a, weight, covariance[d], S);                                            \
        }                                                                                         \
        b = ck_row_add(b, -mean[c], a, S);                                                        \
        ck_row_store(a, row + (c + 1) * (size_t)S, S);                                            \
      }                                                                                           \
      ck_row_store(b, row, S);                                                                    \
    }                                                                                             \
  }

CK_DEFINE_COEFFICIENTS(coefficients_of_few, 3, _Pragma("unroll"))
CK_DEFINE_COEFFICIENTS(coefficients_of_many, CK_GUIDE_LIMIT, _Pragma("nounroll"))

CK_INLINE void guided_coefficients(float *sums, const float *reciprocals, float scale,
                                   const float *statistics, size_t channels, const int32_t *map,
                                   size_t count, size_t lanes) {
#define BODY(S)                                                                              \
  do {                                                                                       \
    if (channels == 3) {                                                                     \
      coefficients_of_few(sums, reciprocals, scale, statistics, 3, map, count, S);           \
    } else if (channels == 1) {                                                              \
      coefficients_of_few(sums, reciprocals, scale, statistics, 1, map, count, S);           \
    } else {                                                                                 \
      coefficients_of_many(sums, reciprocals, scale, statistics, channels, map, count, S);   \
    }                                                                                        \
  } while (0)
  CK_FOR_LANES(lanes, BODY)
#undef BODY
}

CK_DEFINE_WIDE(ck_guided_coefficients,
               (float *sums, const float *reciprocals, float scale, const float *statistics,
                size_t channels, const int32_t *map, size_t count, size_t lanes),
               (sums, reciprocals, scale, statistics, channels, map, count, lanes),
               guided_coefficients)

CK_INLINE void scores_of(const float *sums, const float *reciprocals, float scale,
                         const float *guide, const size_t C, const int32_t *map, size_t count,
                         float *scores, size_t stride, const int S) {
  for (size_t i = 0; i < count; i++) {
    const float *row = sums + i * (C + 1) * (size_t)S, *value = guide + (size_t)map[i] * C;
    ck_row q = ck_row_load(row, S);
    for (size_t c = 0; c < C; c++) {
      q = ck_row_add(q, value[c], ck_row_load(row + (c + 1) * (size_t)S, S), S);
    }
    ck_row_store(ck_row_scale(q, scale * reciprocals[i], S), scores + (size_t)map[i] * stride, S);
  }
}

CK_INLINE void guided_scores(const float *sums, const float *reciprocals, float scale,
                             const float *guide, size_t channels, const int32_t *map, size_t count,
                             size_t lanes, float *scores, size_t stride) {
#define BODY(S)                                                                                  \
  do {                                                                                           \
    if (channels == 3) scores_of(sums, reciprocals, scale, guide, 3, map, count, scores, stride, S); \
    else scores_of(sums, reciprocals, scale, guide, channels, map, count, scores, stride, S);    \
  } while (0)
  CK_FOR_LANES(lanes, BODY)
#undef BODY
}

CK_DEFINE_WIDE(ck_guided_scores,
               (const float *sums, const float *reciprocals, float scale, const float *guide,
                size_t channels, const int32_t *map, size_t count, size_t lanes, float *scores,
                size_t stride),
               (sums, reciprocals, scale, guide, channels, map, count, lanes, scores, stride),
               guided_scores)

CK_CLONES
void ck_guided_means(const float *sums, const float *reciprocals, float scale, size_t channels,
                     const int32_t *map, size_t count, size_t lanes, float *means, size_t stride) {
  for (size_t i = 0; i < count; i++) {
    const float *row = sums + i * (channels + 1) * lanes;
    float *result = means + (size_t)map[i] * (channels + 1) * stride;
    const float reciprocal = scale * reciprocals[i];
    for (size_t c = 0; c <= channels; c++) {
      for (size_t l = 0; l < lanes; l++) {
        result[c * stride + l] = reciprocal * row[c * lanes + l];
      }
    }
  }
}

CK_CLONES
void ck_guided_enlarged(const float *means, const int32_t *left, const int32_t *right,
                        const float *fractions, const float *guide, size_t channels, size_t count,
                        size_t stride, float *scores) {
  const size_t size = (channels + 1) * stride;
  for (size_t i = 0; i < count; i++) {
    const float *a = means + (size_t)left[i] * size, *b = means + (size_t)right[i] * size;
    const float *value = guide + i * channels;
    const float fraction = fractions[i];
    float *restrict score = scores + i * stride;
    for (size_t l = 0; l < stride; l++) score[l] = a[l] + fraction * (b[l] - a[l]);
    for (size_t c = 0; c < channels; c++) {
      const float *p = a + (c + 1) * stride, *q = b + (c + 1) * stride;
      for (size_t l = 0; l < stride; l++) {
        score[l] += value[c] * (p[l] + fraction * (q[l] - p[l]));
      }
    }
  }
}
