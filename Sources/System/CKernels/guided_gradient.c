#include <string.h>

#include "clones.h"
#include "include/ckernels_guided.h"
#include "row_vectors.h"

CK_CLONES
void ck_window_means(float *values, size_t length, size_t step, size_t width, size_t radius,
                     const int32_t *map, const float *reciprocals, double *sums) {
  for (size_t l = 0; l < width; l++) sums[l] = 0;
  for (size_t j = 0; j < length + 2 * radius; j++) {
    const double *from = sums + j * width;
    double *to = sums + (j + 1) * width;
    if (map[j] < 0) {
      memcpy(to, from, width * sizeof(double));
      continue;
    }
    const float *entry = values + (size_t)map[j] * step;
    for (size_t l = 0; l < width; l++) to[l] = from[l] + (double)entry[l];
  }
  for (size_t i = 0; i < length; i++) {
    const double *from = sums + i * width, *to = sums + (i + 2 * radius + 1) * width;
    const double reciprocal = (double)reciprocals[i];
    for (size_t l = 0; l < width; l++) values[i * step + l] = (float)((to[l] - from[l]) * reciprocal);
  }
}

CK_CLONES
void ck_window_means_transposed(float *values, size_t length, size_t step, size_t width,
                                size_t radius, const int32_t *map, const float *reciprocals,
                                double *sums) {
  for (size_t l = 0; l < width; l++) sums[l] = 0;
  for (size_t i = 0; i < length; i++) {
    const double *from = sums + i * width;
    double *to = sums + (i + 1) * width;
    float *entry = values + i * step;
    const double reciprocal = (double)reciprocals[i];
    for (size_t l = 0; l < width; l++) {
      to[l] = from[l] + (double)entry[l] * reciprocal;
      entry[l] = 0;
    }
  }
  for (size_t j = 0; j < length + 2 * radius; j++) {
    if (map[j] < 0) continue;
    const size_t first = j < 2 * radius ? 0 : j - 2 * radius, end = j < length ? j + 1 : length;
    const double *from = sums + first * width, *to = sums + end * width;
    float *entry = values + (size_t)map[j] * step;
    for (size_t l = 0; l < width; l++) entry[l] += (float)(to[l] - from[l]);
  }
}

/// Where the entry (c, d) of a symmetric matrix of C rows stands in its upper triangle.
CK_INLINE size_t triangle(size_t c, size_t d, size_t C) {
  const size_t low = c < d ? c : d, high = c < d ? d : c;
  return low * (2 * C - low + 1) / 2 + high - low;
}

CK_INLINE float sum_of(const float *values, const int S) {
  float sum = 0;
  for (int l = 0; l < S; l++) sum += values[l];
  return sum;
}

/// a · b over the lanes.
CK_INLINE float dot(ck_row a, ck_row b, const int S) {
  float products[CK_ROW_LIMIT];
  ck_row_store(ck_row_multiply(a, b, S), products, S);
  return sum_of(products, S);
}

CK_INLINE void windows_of(const float *models, const float *statistics, size_t C, size_t count,
                          float *gradients, float *windows, const int S) {
  const size_t row = (C + 1) * (size_t)S, entries = C + C * (C + 1) / 2;
  for (size_t i = 0; i < count; i++) {
    const float *model = models + i * row, *mean = statistics + i * entries, *inverse = mean + C;
    float *gradient = gradients + i * row, *window = windows + i * entries;
    float by_models[(CK_GUIDE_LIMIT + 1) * 8];
    const ck_row by_offset = ck_row_load(gradient, S);
    // b = p̄ − a·Ī
    ck_row p = ck_row_load(model, S);
    for (size_t c = 0; c < C; c++) {
      const float *a = model + (c + 1) * (size_t)S;
      p = ck_row_add(p, mean[c], ck_row_load(a, S), S);
      const ck_row by_slope = ck_row_load(gradient + (c + 1) * (size_t)S, S);
      ck_row_store(ck_row_add(by_slope, -mean[c], by_offset, S), by_models + c * (size_t)S, S);
    }
    // a = (Σ + ε)⁻¹·(mean(I·p) − Ī·p̄)
    ck_row by_mean = by_offset;
    for (size_t c = 0; c < C; c++) {
      ck_row by_covariance = {0};
      for (size_t d = 0; d < C; d++) {
        by_covariance = ck_row_add(by_covariance, inverse[triangle(c, d, C)],
                                   ck_row_load(by_models + d * (size_t)S, S), S);
      }
      ck_row_store(by_covariance, gradient + (c + 1) * (size_t)S, S);
      by_mean = ck_row_add(by_mean, -mean[c], by_covariance, S);
      const ck_row a = ck_row_load(model + (c + 1) * (size_t)S, S);
      window[c] -= dot(by_covariance, p, S) + dot(by_offset, a, S);
    }
    ck_row_store(by_mean, gradient, S);
    for (size_t c = 0; c < C; c++) {
      const ck_row mine = ck_row_load(gradient + (c + 1) * (size_t)S, S);
      const ck_row a = ck_row_load(model + (c + 1) * (size_t)S, S);
      for (size_t d = c; d < C; d++) {
        const ck_row other = ck_row_load(gradient + (d + 1) * (size_t)S, S);
        const ck_row b = ck_row_load(model + (d + 1) * (size_t)S, S);
        window[C + triangle(c, d, C)] -= 0.5f * (dot(mine, b, S) + dot(other, a, S));
      }
    }
  }
}

CK_CLONES
void ck_guided_window_gradients(const float *models, const float *statistics, size_t channels,
                                size_t count, size_t lanes, float *gradients, float *windows) {
  if (lanes == 4) {
    windows_of(models, statistics, channels, count, gradients, windows, 4);
  } else {
    windows_of(models, statistics, channels, count, gradients, windows, 8);
  }
}

CK_CLONES
double ck_guided_settle_windows(const float *statistics, size_t channels, size_t count,
                                float *windows) {
  const size_t C = channels, entries = C + C * (C + 1) / 2;
  double trace = 0;
  for (size_t i = 0; i < count; i++) {
    const float *mean = statistics + i * entries;
    float *window = windows + i * entries;
    for (size_t c = 0; c < C; c++) {
      float sum = 0;
      for (size_t d = 0; d < C; d++) sum += window[C + triangle(c, d, C)] * mean[d];
      window[c] -= 2 * sum;
      trace += (double)window[C + triangle(c, c, C)];
    }
  }
  return trace;
}

CK_INLINE void points_of(const float *scores, const float *upstream, size_t stride,
                         const float *guide, const float *by_products, const float *means, size_t C,
                         size_t count, float *by_scores, float *by_guide, const int S) {
  const size_t row = (C + 1) * (size_t)S;
  for (size_t i = 0; i < count; i++) {
    const float *products = by_products + i * row, *model = means + i * row;
    const ck_row p = ck_row_load(scores + i * stride, S);
    const ck_row given = ck_row_load(upstream + i * stride, S);
    ck_row sum = ck_row_load(products, S);
    for (size_t c = 0; c < C; c++) {
      const ck_row product = ck_row_load(products + (c + 1) * (size_t)S, S);
      sum = ck_row_add(sum, guide[i * C + c], product, S);
      by_guide[i * C + c] +=
          dot(p, product, S) + dot(given, ck_row_load(model + (c + 1) * (size_t)S, S), S);
    }
    ck_row_store(sum, by_scores + i * stride, S);
  }
}

CK_CLONES
void ck_guided_point_gradients(const float *scores, const float *upstream, size_t stride,
                               const float *guide, const float *by_products, const float *means,
                               size_t channels, size_t count, size_t lanes, float *by_scores,
                               float *by_guide) {
  if (lanes == 4) {
    points_of(scores, upstream, stride, guide, by_products, means, channels, count, by_scores,
              by_guide, 4);
  } else {
    points_of(scores, upstream, stride, guide, by_products, means, channels, count, by_scores,
              by_guide, 8);
  }
}

CK_CLONES
void ck_guided_products(const float *scores, size_t stride, const float *guide, size_t channels,
                        size_t count, size_t lanes, float *products) {
  for (size_t i = 0; i < count; i++) {
    const float *score = scores + i * stride, *value = guide + i * channels;
    float *product = products + i * (channels + 1) * lanes;
    for (size_t l = 0; l < lanes; l++) product[l] = score[l];
    for (size_t c = 0; c < channels; c++) {
      product += lanes;
      for (size_t l = 0; l < lanes; l++) product[l] = value[c] * score[l];
    }
  }
}

CK_CLONES
void ck_guided_add_moments(const float *guide, const float *by_moments, size_t channels,
                           size_t count, float *by_guide) {
  const size_t C = channels, entries = C + C * (C + 1) / 2;
  for (size_t i = 0; i < count; i++) {
    const float *moment = by_moments + i * entries, *value = guide + i * C;
    for (size_t c = 0; c < C; c++) {
      float sum = 0;
      for (size_t d = 0; d < C; d++) sum += moment[C + triangle(c, d, C)] * value[d];
      by_guide[i * C + c] += moment[c] + 2 * sum;
    }
  }
}
