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

CK_INLINE void products_of(const float *scores, size_t stride, const float *guide, const size_t C,
                           const int32_t *map, size_t count, float *products, const int S) {
  const size_t size = (C + 1) * (size_t)S;
  for (size_t i = 0; i < count; i++) {
    float *result = products + i * size;
    if (map[i] < 0) {
      memset(result, 0, size * sizeof(float));
      continue;
    }
    const ck_row p = ck_row_load(scores + (size_t)map[i] * stride, S);
    ck_row_store(p, result, S);
    for (size_t c = 0; c < C; c++) {
      const float value = guide[(size_t)map[i] * C + c];
      ck_row_store(ck_row_scale(p, value, S), result + (c + 1) * (size_t)S, S);
    }
  }
}

CK_INLINE void guided_products(const float *scores, size_t stride, const float *guide,
                               size_t channels, const int32_t *map, size_t count, size_t lanes,
                               float *products) {
#define BODY(S)                                                                           \
  do {                                                                                    \
    if (channels == 3) products_of(scores, stride, guide, 3, map, count, products, S);    \
    else products_of(scores, stride, guide, channels, map, count, products, S);           \
  } while (0)
  CK_FOR_LANES(lanes, BODY)
#undef BODY
}

CK_DEFINE_WIDE(ck_guided_products,
               (const float *scores, size_t stride, const float *guide, size_t channels,
                const int32_t *map, size_t count, size_t lanes, float *products),
               (scores, stride, guide, channels, map, count, lanes, products), guided_products)

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
