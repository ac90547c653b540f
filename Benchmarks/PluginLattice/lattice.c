// A permutohedral lattice (Adams, Baek & Davis 2010) as a plug-in: what Benchmarks/compare_plugins loads, and
// calls without a plug-in in between, to see what that costs. Written to be short.

#include "lattice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DIMENSIONS = 15 };

struct lattice {
  int64_t points, runs, vertices;
  int32_t dimensions, corners;
  int64_t *first_rows;    // runs + 1
  uint32_t *rows;         // points x corners, counted from the run's first
  float *weights;         // points x corners
  uint32_t *vertex_of;    // by row: which vertex it stands for
  int32_t *neighbours;    // corners x vertices x 2; -1 for none
};

struct table {
  int16_t *keys;  // count x dimensions
  int32_t *slots;
  int64_t count, capacity, size;
  int32_t dimensions;
};

static uint64_t hash(const int16_t *key, int32_t d) {
  uint64_t h = 0;
  for (int32_t i = 0; i < d; i++) h = (h + (uint16_t)key[i]) * 0x9E3779B97F4A7C15u;
  return h ^ h >> 29;
}

// The number of a key; a new one where `adds` says so, else -1 where there is none.
static int32_t look_up(struct table *t, const int16_t *key, int adds) {
  int32_t d = t->dimensions;
  if (adds && 2 * t->count >= t->size) {
    t->size = t->size ? 2 * t->size : 1 << 12;
    t->slots = realloc(t->slots, (size_t)t->size * sizeof *t->slots);
    memset(t->slots, 0xFF, (size_t)t->size * sizeof *t->slots);
    for (int64_t k = 0; k < t->count; k++) {
      uint64_t place = hash(t->keys + k * d, d) & (uint64_t)(t->size - 1);
      while (t->slots[place] >= 0) place = (place + 1) & (uint64_t)(t->size - 1);
      t->slots[place] = (int32_t)k;
    }
  }
  if (t->size == 0) return -1;
  uint64_t place = hash(key, d) & (uint64_t)(t->size - 1);
  for (; t->slots[place] >= 0; place = (place + 1) & (uint64_t)(t->size - 1))
    if (memcmp(t->keys + (int64_t)t->slots[place] * d, key, (size_t)d * sizeof *key) == 0)
      return t->slots[place];
  if (!adds) return -1;
  if (t->count == t->capacity) {
    t->capacity = t->capacity ? 2 * t->capacity : 1 << 12;
    t->keys = realloc(t->keys, (size_t)(t->capacity * d) * sizeof *t->keys);
  }
  memcpy(t->keys + t->count * d, key, (size_t)d * sizeof *key);
  t->slots[place] = (int32_t)t->count;
  return (int32_t)t->count++;
}

static void release_table(struct table *t) {
  free(t->keys);
  free(t->slots);
}

// The corners of the simplex around a point, and its weights for them.
static void embed(const float *f, int32_t d, int16_t *keys, float *weights) {
  float elevated[MOST_DIMENSIONS + 1], sum = 0;
  int rem0[MOST_DIMENSIONS + 1], rank[MOST_DIMENSIONS + 1] = {0}, excess = 0;
  float deviation = sqrtf(2.0f / 3) * (float)(d + 1);
  for (int j = d; j > 0; j--) {
    float scaled = f[j - 1] * deviation / sqrtf((float)(j * (j + 1)));
    elevated[j] = sum - (float)j * scaled;
    sum += scaled;
  }
  elevated[0] = sum;
  for (int i = 0; i <= d; i++) {
    int rounded = (int)rintf(elevated[i] / (float)(d + 1));
    rem0[i] = rounded * (d + 1);
    excess += rounded;
  }
  for (int i = 0; i < d; i++)
    for (int j = i + 1; j <= d; j++)
      if (elevated[i] - (float)rem0[i] < elevated[j] - (float)rem0[j]) rank[i]++;
      else rank[j]++;
  for (int i = 0; i <= d; i++) {
    rank[i] += excess;
    if (rank[i] < 0) { rank[i] += d + 1; rem0[i] += d + 1; }
    else if (rank[i] > d) { rank[i] -= d + 1; rem0[i] -= d + 1; }
  }
  float barycentric[MOST_DIMENSIONS + 2] = {0};
  for (int i = 0; i <= d; i++) {
    float delta = (elevated[i] - (float)rem0[i]) / (float)(d + 1);
    barycentric[d - rank[i]] += delta;
    barycentric[d + 1 - rank[i]] -= delta;
  }
  barycentric[0] += 1 + barycentric[d + 1];
  for (int corner = 0; corner <= d; corner++) {
    for (int i = 0; i < d; i++)
      keys[corner * d + i] = (int16_t)(rem0[i] + corner - (rank[i] > d - corner ? d + 1 : 0));
    weights[corner] = barycentric[corner];
  }
}

void lattice_release(void *filter) {
  struct lattice *lattice = filter;
  free(lattice->first_rows);
  free(lattice->rows);
  free(lattice->weights);
  free(lattice->vertex_of);
  free(lattice->neighbours);
  free(lattice);
}

int lattice_prepare(
    void *object, const latticecrf_plugin_features *features, void **filter,
    latticecrf_plugin_call *call) {
  int32_t d = features->dimensions, corners = d + 1;
  (void)object;
  if (d > MOST_DIMENSIONS)
    return latticecrf_plugin_fail(call, "this lattice has at most %d dimensions", MOST_DIMENSIONS);
  struct lattice *lattice = calloc(1, sizeof *lattice);
  struct table all = {.dimensions = d};
  int16_t keys[(MOST_DIMENSIONS + 1) * MOST_DIMENSIONS];
  lattice->points = features->points;
  lattice->runs = features->run_count;
  lattice->dimensions = d;
  lattice->corners = corners;
  lattice->first_rows = malloc((size_t)(lattice->runs + 1) * sizeof *lattice->first_rows);
  lattice->rows = malloc((size_t)(lattice->points * corners + 1) * sizeof *lattice->rows);
  lattice->weights = malloc((size_t)(lattice->points * corners + 1) * sizeof *lattice->weights);
  lattice->first_rows[0] = 1;
  int64_t capacity = 0;
  for (int64_t run = 0; run < lattice->runs; run++) {
    struct table own = {.dimensions = d};
    for (int64_t point = features->runs[run]; point < features->runs[run + 1]; point++) {
      embed(features->features + point * d, d, keys, lattice->weights + point * corners);
      for (int32_t corner = 0; corner < corners; corner++)
        lattice->rows[point * corners + corner] = (uint32_t)look_up(&own, keys + corner * d, 1);
    }
    int64_t first = lattice->first_rows[run];
    if (first + own.count > capacity) {
      capacity = 2 * (first + own.count);
      lattice->vertex_of = realloc(lattice->vertex_of, (size_t)capacity * sizeof(uint32_t));
    }
    for (int64_t row = 0; row < own.count; row++)
      lattice->vertex_of[first + row] = (uint32_t)look_up(&all, own.keys + row * d, 1);
    lattice->first_rows[run + 1] = first + own.count;
    release_table(&own);
  }
  lattice->vertices = all.count;
  lattice->neighbours =
      malloc((size_t)(2 * corners * all.count + 1) * sizeof *lattice->neighbours);
  for (int32_t axis = 0; axis < corners; axis++)
    for (int64_t vertex = 0; vertex < all.count; vertex++)
      for (int side = 0; side < 2; side++) {
        int step = side ? 1 : -1;
        for (int32_t i = 0; i < d; i++)
          keys[i] = (int16_t)(all.keys[vertex * d + i] + (i == axis ? -step * d : step));
        lattice->neighbours[2 * (axis * all.count + vertex) + side] = look_up(&all, keys, 0);
      }
  release_table(&all);
  *filter = lattice;
  return 0;
}

int lattice_factors(void *filter, latticecrf_plugin_factors *factors, latticecrf_plugin_call *call) {
  const struct lattice *lattice = filter;
  (void)call;
  factors->rows = lattice->first_rows[lattice->runs];
  factors->first_rows = lattice->first_rows;
  factors->corners = lattice->corners;
  factors->vertices = lattice->rows;
  factors->weights = lattice->weights;
  factors->gain = 1 / (1 + ldexpf(1, -lattice->dimensions));
  factors->scratch = 2 * (lattice->vertices + 1);
  return 0;
}

int lattice_blur(
    void *filter, float *panel, int64_t rows, int32_t width, float *scratch,
    latticecrf_plugin_call *call) {
  const struct lattice *lattice = filter;
  // Vertex -1 is absent, and 0.
  float *old = scratch + width, *new = old + (lattice->vertices + 1) * width;
  (void)call;
  memset(scratch, 0, (size_t)(2 * (lattice->vertices + 1) * width) * sizeof *scratch);
  for (int64_t row = 1; row < rows; row++) {
    float *sum = old + (int64_t)lattice->vertex_of[row] * width;
    for (int32_t column = 0; column < width; column++) sum[column] += panel[row * width + column];
  }
  for (int32_t axis = 0; axis < lattice->corners; axis++) {
    const int32_t *neighbours = lattice->neighbours + 2 * axis * lattice->vertices;
    for (int64_t vertex = 0; vertex < lattice->vertices; vertex++) {
      const float *own = old + vertex * width;
      const float *left = old + (int64_t)neighbours[2 * vertex] * width;
      const float *right = old + (int64_t)neighbours[2 * vertex + 1] * width;
      for (int32_t column = 0; column < width; column++)
        new[vertex * width + column] = own[column] + 0.5f * (left[column] + right[column]);
    }
    float *other = old;
    old = new;
    new = other;
  }
  for (int64_t row = 1; row < rows; row++)
    memcpy(
        panel + row * width, old + (int64_t)lattice->vertex_of[row] * width,
        (size_t)width * sizeof *panel);
  return 0;
}

static const latticecrf_plugin_filter lattice = {
    .kind =
        {.size = sizeof lattice,
         .role = LATTICECRF_PLUGIN_FILTER,
         .name = "short-lattice",
         .summary = "a permutohedral lattice in a page of C"},
    .prepare = lattice_prepare,
    .release_filter = lattice_release,
    .factors = lattice_factors,
    .blur = lattice_blur,
};

static const latticecrf_plugin_kind *const kinds[] = {&lattice.kind};

static const latticecrf_plugin_table table = {
    .size = sizeof table,
    .abi_version = LATTICECRF_PLUGIN_ABI_VERSION,
    .kind_count = 1,
    .name = "short-lattice",
    .kinds = kinds,
};

LATTICECRF_PLUGIN_EXPORT const latticecrf_plugin_table *latticecrf_plugin(void) { return &table; }
