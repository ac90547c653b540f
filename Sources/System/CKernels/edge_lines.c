#include "include/ckernels_edges.h"

#include <math.h>
#include <string.h>

#include "exponential.h"
#include "row_vectors.h"

CK_CLONES
void ck_link_differences(const float *guide, size_t channels, size_t count, size_t step,
                         float *links) {
  for (size_t i = 0; i < count; i++) {
    const float *here = guide + i * channels, *before = here - step * channels;
    float sum = 0;
    for (size_t c = 0; c < channels; c++) sum += fabsf(here[c] - before[c]);
    links[i] = sum;
  }
}

CK_CLONES
void ck_link_distances(const float *guide, size_t channels, size_t count, size_t step,
                       float *links) {
  for (size_t i = 0; i < count; i++) {
    const float *here = guide + i * channels, *before = here - step * channels;
    float sum = 0;
    for (size_t c = 0; c < channels; c++) sum += (here[c] - before[c]) * (here[c] - before[c]);
    links[i] = sqrtf(sum);
  }
}

CK_CLONES
void ck_link_weights(const float *links, size_t length, size_t step, size_t lines, size_t line_step,
                     float offset, float slope, float *weights) {
  for (size_t n = 0; n < length; n++) {
    for (size_t k = 0; k < lines; k++) weights[n * lines + k] = links[n * step + k * line_step];
  }
  for (size_t i = 0; i < length * lines; i++) weights[i] = ck_exp(offset + slope * weights[i]);
}

/// Lines of which weights are found together.
enum { SMOOTHED_LINES = 8 };

/// With e(n) = λ·w(n)·(1 − b(n − 1)), elimination gives forward weights e/(1 + e) and backward ones
/// b(n) = λ·w(n + 1)/(1 + e(n) + λ·w(n + 1)): what is solved for is divided by the solution for ones, so that
/// a constant stays one.
CK_INLINE void smoother_weights(float *forward, float *backward, double lambda, size_t length,
                                size_t lines, size_t count) {
  double kept[SMOOTHED_LINES];
  for (size_t k = 0; k < count; k++) {
    // Nothing comes before the first points.
    forward[k] = 0;
    kept[k] = 1;
  }
  for (size_t n = 0; n < length; n++) {
    float *weights = forward + n * lines, *next = backward + (n + 1) * lines;
    const bool ends = n + 1 == length;
    for (size_t k = 0; k < count; k++) {
      const double coupling = lambda * (double)weights[k] * kept[k];
      const double ahead = ends ? 0 : lambda * (double)weights[lines + k];
      const double reciprocal = 1 / (1 + coupling + ahead);
      kept[k] = (1 + coupling) * reciprocal;
      weights[k] = (float)(coupling / (1 + coupling));
      if (!ends) next[k] = (float)(ahead * reciprocal);
    }
  }
}

CK_CLONES
void ck_smoother_weights(float *forward, float *backward, double lambda, size_t length,
                         size_t lines) {
  for (size_t first = 0; first < lines; first += SMOOTHED_LINES) {
    const size_t count = lines - first < SMOOTHED_LINES ? lines - first : SMOOTHED_LINES;
    // A constant for whole blocks, so that their loops become vectors.
    if (count == SMOOTHED_LINES) {
      smoother_weights(forward + first, backward + first, lambda, length, lines, SMOOTHED_LINES);
    } else {
      smoother_weights(forward + first, backward + first, lambda, length, lines, count);
    }
  }
}

CK_INLINE ck_row ck_row_subtract(ck_row a, ck_row b, const int S) {
  return ck_row_add(a, -1.0f, b, S);
}

CK_INLINE void recursive_pass_of(float *values, size_t length, size_t step, size_t lines,
                                 size_t line_step, size_t stride, const float *weights,
                                 bool forward, const int S) {
  const ptrdiff_t back = (forward ? -(ptrdiff_t)step : (ptrdiff_t)step) * (ptrdiff_t)stride;
  for (size_t i = 1; i < length; i++) {
    const size_t n = forward ? i : length - 1 - i;
    const float *weight = weights + (forward ? n : n + 1) * lines;
    float *point = values + n * step * stride;
    for (size_t k = 0; k < lines; k++) {
      float *row = point + k * line_step * stride;
#define BODY(channel, P)                                                                  \
  do {                                                                                    \
    const ck_row here = ck_row_load(row + (channel), P);                                  \
    const ck_row other = ck_row_load(row + back + (ptrdiff_t)(channel), P);               \
    ck_row_store(ck_row_add(here, weight[k], ck_row_subtract(other, here, P), P),         \
                 row + (channel), P);                                                     \
  } while (0)
      CK_FOR_PIECES(S, stride, BODY);
#undef BODY
    }
  }
}

CK_INLINE void recursive_pass(float *values, size_t length, size_t step, size_t lines,
                              size_t line_step, size_t stride, const float *weights, bool forward) {
#define BODY(S) \
  recursive_pass_of(values, length, step, lines, line_step, stride, weights, forward, S)
  CK_FOR_STRIDE(stride, BODY)
#undef BODY
}

CK_DEFINE_WIDE(ck_recursive_pass,
               (float *values, size_t length, size_t step, size_t lines, size_t line_step,
                size_t stride, const float *weights, bool forward),
               (values, length, step, lines, line_step, stride, weights, forward), recursive_pass)

typedef double ck_double4 __attribute__((vector_size(32), aligned(8)));

/// Σ over four lanes of a · (b − c), in double.
CK_INLINE double change_of(const float *a, const float *b, const float *c) {
  const ck_double4 x = __builtin_convertvector(*(const ck_v4 *)a, ck_double4);
  const ck_double4 y = __builtin_convertvector(*(const ck_v4 *)b, ck_double4);
  const ck_double4 z = __builtin_convertvector(*(const ck_v4 *)c, ck_double4);
  const ck_double4 product = x * (y - z);
  return (product[0] + product[1]) + (product[2] + product[3]);
}

CK_INLINE void recursive_pass_gradient(const float *before, const float *after, float *gradients,
                                       size_t length, size_t step, size_t lines, size_t line_step,
                                       const float *weights, bool forward, double *weight_gradients,
                                       const int S) {
  const ptrdiff_t back = (forward ? -(ptrdiff_t)step : (ptrdiff_t)step) * S;
  for (size_t i = 1; i < length; i++) {
    const size_t n = forward ? length - i : i - 1;
    const size_t link = (forward ? n : n + 1) * lines;
    for (size_t k = 0; k < lines; k++) {
      const size_t place = (n * step + k * line_step) * (size_t)S;
      const float *input = before + place, *neighbour = after + place + back;
      float *row = gradients + place;
      double sum = 0;
      for (int c = 0; c < S; c += 4) sum += change_of(row + c, neighbour + c, input + c);
      const float weight = weights[link + k];
      const ck_row here = ck_row_load(row, S);
      ck_row_store(ck_row_add(ck_row_load(row + back, S), weight, here, S), row + back, S);
      ck_row_store(ck_row_scale(here, 1 - weight, S), row, S);
      weight_gradients[link + k] = sum;
    }
  }
}

CK_CLONES
void ck_recursive_pass_gradient(const float *before, const float *after, float *gradients,
                                size_t length, size_t step, size_t lines, size_t line_step,
                                size_t lanes, const float *weights, bool forward,
                                double *weight_gradients) {
#define BODY(S)                                                                                 \
  recursive_pass_gradient(before, after, gradients, length, step, lines, line_step, weights,    \
                          forward, weight_gradients, S)
  if (lanes == 4) {
    BODY(4);
  } else {
    BODY(8);
  }
#undef BODY
}

CK_CLONES
double ck_add_link_gradients(const double *weight_gradients, const float *weights, size_t length,
                             size_t step, size_t lines, size_t line_step, double slope,
                             double *links) {
  double sum = 0;
  for (size_t n = 1; n < length; n++) {
    for (size_t k = 0; k < lines; k++) {
      const double change = (double)weights[n * lines + k] * weight_gradients[n * lines + k];
      links[n * step + k * line_step] += slope * change;
      sum += change;
    }
  }
  return sum;
}

CK_CLONES
void ck_normalized_convolution(float *line, const double *positions, double radius, size_t length,
                               size_t stride, double *sums) {
  for (size_t l = 0; l < stride; l++) sums[l] = 0;
  for (size_t n = 0; n < length; n++) {
    const double *sum = sums + n * stride;
    for (size_t l = 0; l < stride; l++) sums[(n + 1) * stride + l] = sum[l] + (double)line[n * stride + l];
  }
  size_t low = 0, high = 0;
  for (size_t n = 0; n < length; n++) {
    while (positions[low] < positions[n] - radius) low++;
    while (high < length && positions[high] <= positions[n] + radius) high++;
    const double reciprocal = 1 / (double)(high - low);
    const double *from = sums + low * stride, *to = sums + high * stride;
    for (size_t l = 0; l < stride; l++) {
      line[n * stride + l] = (float)((to[l] - from[l]) * reciprocal);
    }
  }
}

/// The integral up to a place: `sums` up to point k, and `inside` further.
typedef struct {
  size_t k;
  double inside, outside;
} ck_place;

CK_INLINE ck_place place_of(double position, const double *positions, size_t length, size_t k) {
  const double last = positions[length - 1];
  const double clamped = position < 0 ? 0 : position > last ? last : position;
  while (k + 2 < length && positions[k + 1] <= clamped) k++;
  ck_place place = {k, clamped - positions[k], position - clamped};
  return place;
}

/// Value l of the integral up to a place.
CK_INLINE double integral_at(ck_place place, const float *line, const double *positions,
                             size_t length, size_t stride, const double *sums, size_t l) {
  const float *point = line + place.k * stride;
  const double value = (double)point[l], next = (double)point[stride + l];
  const double slope = (next - value) / (positions[place.k + 1] - positions[place.k]);
  const double beyond = (double)(place.outside < 0 ? line[l] : line[(length - 1) * stride + l]);
  return sums[place.k * stride + l] + place.inside * (value + 0.5 * place.inside * slope) +
         place.outside * beyond;
}

CK_CLONES
void ck_interpolated_convolution(float *line, const double *positions, double radius, size_t length,
                                 size_t stride, double *sums) {
  if (length < 2) return;
  for (size_t l = 0; l < stride; l++) sums[l] = 0;
  for (size_t n = 0; n + 1 < length; n++) {
    const double half = 0.5 * (positions[n + 1] - positions[n]);
    const float *point = line + n * stride;
    for (size_t l = 0; l < stride; l++) {
      sums[(n + 1) * stride + l] =
          sums[n * stride + l] + half * ((double)point[l] + (double)point[stride + l]);
    }
  }
  // Results wait behind the sums until no later window reads the points that they replace.
  double *results = sums + length * stride;
  size_t low = 0, high = 0;
  for (size_t n = 0; n < length; n++) {
    const ck_place from = place_of(positions[n] - radius, positions, length, low);
    const ck_place to = place_of(positions[n] + radius, positions, length, high);
    low = from.k;
    high = to.k;
    for (size_t l = 0; l < stride; l++) {
      results[n * stride + l] = (integral_at(to, line, positions, length, stride, sums, l) -
                                 integral_at(from, line, positions, length, stride, sums, l)) /
                                (2 * radius);
    }
  }
  for (size_t i = 0; i < length * stride; i++) line[i] = (float)results[i];
}
