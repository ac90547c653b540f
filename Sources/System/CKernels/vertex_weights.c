#include <string.h>

#include "clones.h"
#include "exponential.h"
#include "include/ckernels_vertices.h"

void ck_vertex_masses(const uint32_t *vertices, const float *weights, size_t count,
                      size_t corners, float *masses, uint8_t *heaviest) {
  for (size_t i = 0; i < count; i++) {
    const uint32_t *numbers = vertices + i * corners;
    const float *own = weights + i * corners;
    size_t best = 0;
    for (size_t k = 0; k < corners; k++) {
      masses[numbers[k]] += own[k];
      if (own[k] > own[best]) best = k;
    }
    heaviest[numbers[best]] = 1;
  }
}

/// With c(a) the squared distance of the point from corner a: Σ_b w_b D_ab − ½ Σ_ab w_a w_b D_ab, w
/// being its barycentric weights and D the squared distances between corners.
CK_INLINE void project_point(const ck_simplex *simplex, const float *inverse, float *weights,
                             const int corners) {
  float distances[16] = {0}, responses[16];
  float mean = 0.0f;
  for (int a = 0; a < corners; a++) {
    for (int b = 0; b < corners; b++) {
      distances[a] += weights[b] * simplex->distances[a * corners + b];
    }
    mean += weights[a] * distances[a];
  }
  for (int a = 0; a < 16; a++) {
    responses[a] = ck_exp(simplex->scale * (distances[a] - 0.5f * mean));
  }
  for (int a = 0; a < corners; a++) {
    float sum = 0.0f;
    for (int b = 0; b < corners; b++) sum += inverse[a * corners + b] * responses[b];
    weights[a] = sum;
  }
}

CK_CLONES
void ck_project_weights(const ck_simplex *simplex, const uint32_t *vertices,
                        const uint8_t *kept, size_t count, float *weights) {
  const int corners = simplex->corners;
  for (size_t i = 0; i < count; i++) {
    const uint32_t *numbers = vertices + i * (size_t)corners;
    float *own = weights + i * (size_t)corners;
    size_t mask = 0;
    for (int k = 0; k < corners; k++) mask |= (size_t)kept[numbers[k]] << k;
    const float *inverse = simplex->inverses + mask * (size_t)(corners * corners);
    if (corners == 6) {
      project_point(simplex, inverse, own, 6);
    } else {
      project_point(simplex, inverse, own, corners);
    }
  }
}

void ck_restrict_weights(const uint32_t *vertices, const uint8_t *kept, size_t count,
                         size_t corners, float *weights) {
  for (size_t i = 0; i < count; i++) {
    float *own = weights + i * corners;
    float sum = 0.0f;
    for (size_t k = 0; k < corners; k++) {
      own[k] *= (float)kept[vertices[i * corners + k]];
      sum += own[k];
    }
    for (size_t k = 0; k < corners; k++) own[k] /= sum;
  }
}

uint32_t ck_renumber_vertices(uint32_t *vertices, const uint8_t *kept, size_t count,
                              size_t corners, uint32_t *numbers) {
  uint32_t next = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t *own = vertices + i * corners;
    uint32_t last = 0;
    for (size_t k = 0; k < corners; k++) {
      if (!kept[own[k]]) continue;
      if (numbers[own[k]] == UINT32_MAX) numbers[own[k]] = next++;
      last = numbers[own[k]];
    }
    for (size_t k = 0; k < corners; k++) own[k] = kept[own[k]] ? numbers[own[k]] : last;
  }
  return next;
}
