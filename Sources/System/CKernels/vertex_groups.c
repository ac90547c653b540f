#include <math.h>
#include <string.h>

#include "clones.h"
#include "include/ckernels_vertices.h"
#include "row_vectors.h"
#include "vertex_table.h"

void ck_vertex_coordinates(const ck_vertex_table *table, int32_t dimensions,
                           const uint32_t *vertices, size_t count, float *coordinates) {
  for (size_t i = 0; i < count; i++) {
    const uint64_t *key = table->keys + (size_t)vertices[i] * (size_t)table->words;
    float *target = coordinates + i * (size_t)(dimensions + 1);
    float sum = 0.0f;
    for (int32_t k = 0; k < dimensions; k++) {
      const uint64_t lane = key[k / 4] >> (16 * (k & 3)) & 0xFFFF;
      target[k] = (float)((int32_t)lane - CK_KEY_BIAS);
      sum += target[k];
    }
    target[dimensions] = -sum;
  }
}

CK_INLINE void swap_keys(uint64_t *a, uint64_t *b) {
  const uint64_t kept = *a;
  *a = *b;
  *b = kept;
}

/// Puts the `rank` smallest of `count` different keys first (Hoare's selection).
static void select_smallest(uint64_t *keys, size_t count, size_t rank) {
  while (count > 1) {
    uint64_t *middle = keys + count / 2, *last = keys + count - 1;
    if (*middle < *keys) swap_keys(middle, keys);
    if (*last < *keys) swap_keys(last, keys);
    if (*last < *middle) swap_keys(last, middle);
    const uint64_t pivot = *middle;
    size_t low = 0, high = count - 1;
    while (true) {
      while (keys[low] < pivot) low++;
      while (keys[high] > pivot) high--;
      if (low >= high) break;
      swap_keys(keys + low++, keys + high--);
    }
    const size_t split = keys[low] < pivot ? low + 1 : low;
    if (rank == split) return;
    if (rank < split) {
      count = split;
    } else {
      keys += split;
      count -= split;
      rank -= split;
    }
  }
}

/// The axis along which a run is widest.
static int32_t widest_axis(const float *coordinates, int32_t width, const uint32_t *order,
                           size_t count) {
  int32_t widest = 0;
  float largest = -1.0f;
  for (int32_t axis = 0; axis < width; axis++) {
    float low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < count; i++) {
      const float value = coordinates[(size_t)order[i] * (size_t)width + (size_t)axis];
      low = value < low ? value : low;
      high = value > high ? value : high;
    }
    if (high - low > largest) {
      largest = high - low;
      widest = axis;
    }
  }
  return widest;
}

/// How many of `groups` groups belong to a node's first child.
CK_INLINE size_t first_half(size_t groups) { return (groups + 1) / 2; }

static void order_run(const float *coordinates, int32_t width, uint32_t *order, size_t count,
                      uint64_t *keys) {
  while (count > CK_GROUP) {
    const size_t half = CK_GROUP * first_half((count + CK_GROUP - 1) / CK_GROUP);
    const int32_t axis = widest_axis(coordinates, width, order, count);
    for (size_t i = 0; i < count; i++) {
      const float value = coordinates[(size_t)order[i] * (size_t)width + (size_t)axis];
      keys[i] = (uint64_t)((int64_t)value + (1 << 23)) << 32 | order[i];
    }
    select_smallest(keys, count, half);
    for (size_t i = 0; i < count; i++) order[i] = (uint32_t)keys[i];
    order_run(coordinates, width, order, half, keys);
    order += half;
    keys += half;
    count -= half;
  }
}

void ck_order_vertices(const float *coordinates, size_t count, int32_t width, uint32_t *order,
                       uint64_t *scratch) {
  for (size_t i = 0; i < count; i++) order[i] = (uint32_t)i;
  order_run(coordinates, width, order, count, scratch);
}

/// Boxes of a node over `groups` groups and of everything below it, in preorder.
static void box_nodes(const float *points, size_t groups, int32_t width, float *boxes) {
  float *low = boxes, *high = boxes + width;
  if (groups == 1) {
    for (int32_t k = 0; k < width; k++) {
      low[k] = INFINITY;
      high[k] = -INFINITY;
      for (int lane = 0; lane < CK_GROUP; lane++) {
        const float value = points[k * CK_GROUP + lane];
        if (value == INFINITY) continue;
        low[k] = value < low[k] ? value : low[k];
        high[k] = value > high[k] ? value : high[k];
      }
    }
    return;
  }
  const size_t half = first_half(groups), box = 2 * (size_t)width;
  float *first = boxes + box, *second = boxes + box * 2 * half;
  box_nodes(points, half, width, first);
  box_nodes(points + half * (size_t)width * CK_GROUP, groups - half, width, second);
  for (int32_t k = 0; k < width; k++) {
    low[k] = first[k] < second[k] ? first[k] : second[k];
    high[k] = first[width + k] > second[width + k] ? first[width + k] : second[width + k];
  }
}

void ck_group_vertices(const float *coordinates, size_t count, int32_t width,
                       const uint32_t *order, float *groups, float *boxes) {
  const size_t group_count = (count + CK_GROUP - 1) / CK_GROUP;
  for (size_t i = 0; i < group_count * CK_GROUP; i++) {
    float *target = groups + i / CK_GROUP * (size_t)width * CK_GROUP + i % CK_GROUP;
    for (int32_t k = 0; k < width; k++) {
      target[k * CK_GROUP] =
          i < count ? coordinates[(size_t)order[i] * (size_t)width + (size_t)k] : INFINITY;
    }
  }
  if (group_count > 0) box_nodes(groups, group_count, width, boxes);
}

CK_INLINE float box_distance(const float *a, const float *b, int32_t width) {
  float sum = 0.0f;
  for (int32_t k = 0; k < width; k++) {
    const float below = a[k] - b[width + k], above = b[k] - a[width + k];
    const float gap = fmaxf(fmaxf(below, above), 0.0f);
    sum += gap * gap;
  }
  return sum;
}

/// Whether a vertex, whose coordinates are CK_GROUP floats apart, is near one of the lanes.
CK_INLINE size_t is_near(const float *lanes, const float *vertex, float limit,
                         const int32_t width) {
  ck_v16 sum = {0};
  for (int32_t k = 0; k < width; k++) {
    const ck_v16 difference = *(const ck_v16 *)(lanes + k * CK_GROUP) - vertex[k * CK_GROUP];
    sum += difference * difference;
  }
  const ck_i16 near = sum < limit;
  return (size_t)(__builtin_reduce_or(near) & 1);
}

CK_CLONES
size_t ck_near_vertices(const float *groups, const float *boxes, size_t group_count,
                        int32_t width, float limit, size_t target, uint32_t *sources) {
  const size_t box = 2 * (size_t)width, group = (size_t)width * CK_GROUP;
  const float *own = boxes, *lanes = groups + target * group;
  for (size_t count = group_count, place = target; count > 1;) {
    const size_t half = first_half(count);
    own += place < half ? box : box * 2 * half;
    count = place < half ? half : count - half;
    place -= place < half ? 0 : half;
  }
  // A tree over 2³² groups is 33 nodes high, and one node a level waits.
  struct {
    const float *node;
    size_t first, count;
  } waiting[40] = {{boxes, 0, group_count}};
  size_t found = 0;
  for (int height = 1; height > 0;) {
    const float *node = waiting[--height].node;
    const size_t first = waiting[height].first, count = waiting[height].count;
    if (!(box_distance(own, node, width) < limit)) continue;
    if (count > 1) {
      const size_t half = first_half(count);
      waiting[height].node = node + box * 2 * half;
      waiting[height].first = first + half;
      waiting[height++].count = count - half;
      waiting[height].node = node + box;
      waiting[height].first = first;
      waiting[height++].count = half;
      continue;
    }
    for (size_t lane = 0; lane < CK_GROUP; lane++) {
      const float *vertex = groups + first * group + lane;
      // Written in any case, and counted where one lane at least is near: no branch to guess.
      sources[found] = (uint32_t)(first * CK_GROUP + lane);
      found += width == 6 ? is_near(lanes, vertex, limit, 6) : is_near(lanes, vertex, limit, width);
    }
  }
  return found;
}
