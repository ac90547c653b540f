#include "include/ckernels_neighbours.h"

#include <math.h>

#include "exponential.h"
#include "row_vectors.h"

enum { BLOCK = CK_NEIGHBOUR_BLOCK };

/// Adds one channel's part to what `exponents` has of BLOCK pixels, whose spreads are over so many
/// `samples`. Where `counted` is given, it is 1 for neighbours that count and 0 for others.
CK_INLINE void add_channel(const float *plane, const float *counted, ck_neighbours neighbours,
                           size_t centres, const double *samples, double width, bool squared,
                           double *restrict exponents, double *restrict differences) {
  const size_t taps = neighbours.taps;
  double sums[BLOCK] = {0}, squares[BLOCK], factors[BLOCK];
  for (size_t t = 0; t < taps; t++) {
    const float *other = plane + neighbours.offsets[t];
    for (int i = 0; i < BLOCK; i++) {
      differences[t * BLOCK + i] = (double)other[i] - (double)plane[i];
      if (counted) differences[t * BLOCK + i] *= (double)counted[neighbours.offsets[t] + i];
      sums[i] += differences[t * BLOCK + i];
    }
  }
  for (int i = 0; i < BLOCK; i++) {
    sums[i] /= samples[i];
    squares[i] = (double)centres * sums[i] * sums[i];
  }
  for (size_t t = 0; t < taps; t++) {
    for (int i = 0; i < BLOCK; i++) {
      double deviation = differences[t * BLOCK + i] - sums[i];
      if (counted) deviation *= (double)counted[neighbours.offsets[t] + i];
      squares[i] += deviation * deviation;
    }
  }
  for (int i = 0; i < BLOCK; i++) {
    const double others = samples[i] - 1;
    const double spread = sqrt(squares[i] / (counted && others < 1 ? 1 : others)) / 255;
    factors[i] = (squared ? 1 / (width * (spread + 1e-8)) : 1 / (1e-8 + width * spread)) / 255;
  }
  for (size_t t = 0; t < taps; t++) {
    for (int i = 0; i < BLOCK; i++) {
      const double value = differences[t * BLOCK + i] * factors[i];
      exponents[t * BLOCK + i] -= squared ? value * value : fabs(value);
    }
  }
}

CK_INLINE void affinity_weights(ck_neighbours neighbours, size_t centres, double width, bool squared,
                                const float *added, size_t count, float *weights, double *scratch,
                                const bool masked) {
  const size_t taps = neighbours.taps;
  double *exponents = scratch, *differences = scratch + taps * BLOCK;
  for (size_t start = 0; start < count; start += BLOCK) {
    // The last block goes back, rather than beyond the row.
    const size_t first = start + BLOCK <= count || count < BLOCK ? start : count - BLOCK;
    const size_t pixels = count - first < BLOCK ? count - first : BLOCK;
    const float *counted = masked ? neighbours.counted + first : NULL;
    double samples[BLOCK];
    for (int i = 0; i < BLOCK; i++) {
      samples[i] = (double)(masked ? centres : taps + centres);
      for (size_t t = 0; masked && t < taps; t++) {
        samples[i] += (double)counted[neighbours.offsets[t] + i];
      }
      if (masked && samples[i] < 1) samples[i] = 1;
    }
    for (size_t k = 0; k < taps * BLOCK; k++) exponents[k] = 0;
    for (size_t c = 0; c < neighbours.channels; c++) {
      add_channel(neighbours.guide + c * neighbours.plane + first, counted, neighbours, centres,
                  samples, width, squared, exponents, differences);
    }
    for (size_t t = 0; masked && t < taps; t++) {
      for (int i = 0; i < BLOCK; i++) {
        if (!(counted[neighbours.offsets[t] + i] > 0)) exponents[t * BLOCK + i] = -1e30;
      }
    }
    double peaks[BLOCK];
    float sums[BLOCK] = {0}, powers[BLOCK];
    for (int i = 0; i < BLOCK; i++) peaks[i] = exponents[i];
    for (size_t t = 1; t < taps; t++) {
      for (int i = 0; i < BLOCK; i++) {
        const double value = exponents[t * BLOCK + i];
        peaks[i] = value > peaks[i] ? value : peaks[i];
      }
    }
    const double share = 1 / (double)neighbours.channels;
    for (size_t t = 0; t < taps; t++) {
      for (int i = 0; i < BLOCK; i++) {
        powers[i] = ck_exp((float)((exponents[t * BLOCK + i] - peaks[i]) * share));
        if (masked) powers[i] *= counted[neighbours.offsets[t] + i];
        sums[i] += powers[i];
      }
      for (size_t i = 0; i < pixels; i++) weights[(first + i) * taps + t] = powers[i];
    }
    for (size_t i = 0; i < pixels; i++) {
      float *row = weights + (first + i) * taps;
      const float scale = masked && !(sums[i] > 0) ? 0 : 1 / sums[i];
      if (!masked) {
        for (size_t t = 0; t < taps; t++) row[t] = row[t] * scale + added[t];
        continue;
      }
      // What is added sums to the same over the neighbours that count.
      float all = 0, kept = 0;
      for (size_t t = 0; t < taps; t++) {
        all += added[t];
        kept += added[t] * counted[neighbours.offsets[t] + (ptrdiff_t)i];
      }
      const float share_of_added = kept > 0 ? all / kept : 0;
      for (size_t t = 0; t < taps; t++) {
        row[t] = row[t] * scale +
                 added[t] * share_of_added * counted[neighbours.offsets[t] + (ptrdiff_t)i];
      }
    }
  }
}

CK_CLONES
void ck_affinity_weights(ck_neighbours neighbours, size_t centres, double width, bool squared,
                         const float *added, size_t count, float *weights, double *scratch) {
  if (neighbours.counted) {
    affinity_weights(neighbours, centres, width, squared, added, count, weights, scratch, true);
  } else {
    affinity_weights(neighbours, centres, width, squared, added, count, weights, scratch, false);
  }
}

CK_CLONES
void ck_bilateral_weights(ck_neighbours neighbours, float slope, const float *spatial, size_t count,
                          float *weights, float *scratch) {
  const size_t taps = neighbours.taps;
  for (size_t start = 0; start < count; start += BLOCK) {
    const size_t first = start + BLOCK <= count || count < BLOCK ? start : count - BLOCK;
    const size_t pixels = count - first < BLOCK ? count - first : BLOCK;
    const float *counted = neighbours.counted ? neighbours.counted + first : NULL;
    float sums[BLOCK] = {0};
    for (size_t t = 0; t < taps; t++) {
      float *distances = scratch + t * BLOCK;
      for (int i = 0; i < BLOCK; i++) distances[i] = 0;
      for (size_t c = 0; c < neighbours.channels; c++) {
        const float *plane = neighbours.guide + c * neighbours.plane + first;
        const float *other = plane + neighbours.offsets[t];
        for (int i = 0; i < BLOCK; i++) distances[i] += fabsf(other[i] - plane[i]);
      }
      for (int i = 0; i < BLOCK; i++) {
        distances[i] = spatial[t] * ck_exp(slope * distances[i] * distances[i]);
        if (counted) distances[i] *= counted[neighbours.offsets[t] + i];
        sums[i] += distances[i];
      }
    }
    for (size_t i = 0; i < pixels; i++) {
      const float scale = sums[i] > 0 ? 1 / sums[i] : 0;
      for (size_t t = 0; t < taps; t++) {
        weights[(first + i) * taps + t] = scratch[t * BLOCK + i] * scale;
      }
    }
  }
}

CK_INLINE void neighbour_sums_of(const float *values, const int32_t *rows, const int32_t *steps,
                                 const int32_t *columns, size_t margin, const float *weights,
                                 size_t taps, size_t count, size_t width, size_t stride,
                                 float *output, const int S) {
  for (size_t x = 0; x < count; x++) {
    const float *weight = weights + x * taps;
    const int32_t *places = columns + margin + x;
#define BODY(channel, P)                                                                       \
  do {                                                                                         \
    ck_row sum = {0};                                                                          \
    for (size_t t = 0; t < taps; t++) {                                                        \
      const size_t point = (size_t)rows[t] * width + (size_t)places[steps[t]];                 \
      sum = ck_row_add(sum, weight[t], ck_row_load(values + point * stride + (channel), P), P); \
    }                                                                                          \
    ck_row_store(sum, output + x * stride + (channel), P);                                     \
  } while (0)
    CK_FOR_PIECES(S, stride, BODY);
#undef BODY
  }
}

CK_INLINE void neighbour_sums(const float *values, const int32_t *rows, const int32_t *steps,
                              const int32_t *columns, size_t margin, const float *weights,
                              size_t taps, size_t count, size_t width, size_t stride,
                              float *output) {
#define BODY(S)                                                                                 \
  neighbour_sums_of(values, rows, steps, columns, margin, weights, taps, count, width, stride, \
                    output, S)
  CK_FOR_STRIDE(stride, BODY)
#undef BODY
}

CK_DEFINE_WIDE(ck_neighbour_sums,
               (const float *values, const int32_t *rows, const int32_t *steps,
                const int32_t *columns, size_t margin, const float *weights, size_t taps,
                size_t count, size_t width, size_t stride, float *output),
               (values, rows, steps, columns, margin, weights, taps, count, width, stride, output),
               neighbour_sums)
