#ifndef CKERNELS_VERTICES_H
#define CKERNELS_VERTICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ckernels_lattice.h"

#pragma GCC visibility push(hidden)

/// A Gaussian between lattice vertices themselves, without a blur along axes.
///
/// Vertices stand in groups of CK_GROUP, near ones together, under a binary tree of boxes; d + 1
/// coordinates each, whole numbers, so that distances are exact. What is missing from the last group
/// lies infinitely far away.

enum { CK_GROUP = 16 };

/// coordinates[i] = the d + 1 coordinates of the table's vertex vertices[i].
void ck_vertex_coordinates(const ck_vertex_table *table, int32_t dimensions,
                           const uint32_t *vertices, size_t count, float *coordinates);

/// Orders 0 ..< count so that each run of CK_GROUP is near: halves along the widest axis, again and
/// again.
///
/// coordinates: count × width, |values| < 2²³; scratch: count.
void ck_order_vertices(const float *coordinates, size_t count, int32_t width, uint32_t *order,
                       uint64_t *scratch);

/// Writes the groups (⌈count / CK_GROUP⌉ × width × CK_GROUP) and the boxes of the tree's nodes
/// (2·groups − 1 of them, each width lowest and width highest coordinates).
void ck_group_vertices(const float *coordinates, size_t count, int32_t width,
                       const uint32_t *order, float *groups, float *boxes);

/// Finds the places in order of all vertices whose squared distance from one of the group's is below
/// `limit`. Returns how many; `sources` has room for all vertices.
size_t ck_near_vertices(const float *groups, const float *boxes, size_t group_count,
                        int32_t width, float limit, size_t target, uint32_t *sources);

/// tile[c * CK_GROUP + v] = Σ over sources of 2^(scale · distance²) · rows[source][c], for each vertex
/// v of the target group; distances² from `limit` on do not count. scale is negative, and
/// scale · limit at least −126.
void ck_vertex_gaussian(const float *groups, int32_t width, float scale, float limit,
                        size_t target, const uint32_t *sources, size_t count, const float *rows,
                        size_t stride, float *tile);

/// Copies that are fetched in advance; they lie anywhere in memory. As many more of any rows follow the
/// last one.
enum { CK_COPY_LOOKAHEAD = 24 };

/// sums[i] = Σ rows[copies[k]] for k in starts[i] ..< starts[i + 1], in their order.
///
/// rows: one panel, `width` floats a row; the rows of `sums` lie `stride` floats apart.
void ck_gather_copies(const float *rows, size_t width, const uint32_t *starts,
                      const uint32_t *copies, size_t count, float *sums, size_t stride);

/// Row copies[k] of a panel = column i of `tile`, for k in starts[i] ..< starts[i + 1].
void ck_scatter_tile(const float *tile, size_t width, const uint32_t *starts,
                     const uint32_t *copies, size_t count, float *rows);

/// Marks what each point's heaviest corner is, and adds the weights of every vertex.
void ck_vertex_masses(const uint32_t *vertices, const float *weights, size_t count,
                      size_t corners, float *masses, uint8_t *heaviest);

/// The constants of a simplex, all of whose kind are congruent.
typedef struct {
  /// d + 1, at most CK_SIMPLEX_LIMIT.
  int32_t corners;
  /// corners²: squared distances between corners, by remainder.
  const float *distances;
  /// For every set of kept corners, as a bit mask, corners² factors; those of absent corners are 0.
  const float *inverses;
  /// A corner at distance r responds with e^(scale · r²); negative.
  float scale;
} ck_simplex;

enum { CK_SIMPLEX_LIMIT = 9 };

/// Replaces barycentric weights by those of a projection onto the Gaussians around each point's kept
/// corners. Corners that are not kept get weight 0.
void ck_project_weights(const ck_simplex *simplex, const uint32_t *vertices,
                        const uint8_t *kept, size_t count, float *weights);

/// Scales the weights of kept corners to a sum of 1, and sets the others to 0.
void ck_restrict_weights(const uint32_t *vertices, const uint8_t *kept, size_t count,
                         size_t corners, float *weights);

/// Numbers kept vertices in the order in which points first use them, and returns how many there are;
/// corners that are not kept get the number of one that is. numbers[v] starts as UINT32_MAX.
uint32_t ck_renumber_vertices(uint32_t *vertices, const uint8_t *kept, size_t count,
                              size_t corners, uint32_t *numbers);

#pragma GCC visibility pop

#endif
