#ifndef CKERNELS_LATTICE_H
#define CKERNELS_LATTICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// The permutohedral lattice of Adams, Baek & Davis (2010), doi:10.1111/j.1467-8659.2009.01645.x.

/// Where a table has its memory from.
typedef struct {
  /// `size` bytes; NULL where memory is short.
  void *(*allocate)(size_t size);
  /// Takes back a block, given with its size.
  void (*release)(void *block, size_t size);
} ck_allocator;

/// Lattice points numbered in the order in which they were first seen: a hash table whose keys are
/// the first d coordinates, 16 bits each, packed four to a word and offset so that none is negative.
typedef struct {
  /// Words a key: ⌈d/4⌉.
  int32_t words;
  /// Points held so far.
  uint32_t count;
  /// Points that `keys` has room for.
  uint32_t capacity;
  /// Slots less one; their number is a power of two.
  uint32_t mask;
  /// count × words.
  uint64_t *keys;
  /// Number of the point in a slot, plus one; 0 is an empty slot. NULL where the table is sealed.
  uint32_t *slots;
  ck_allocator allocator;
} ck_vertex_table;

/// Prepares a table for d-dimensional features. False where memory is short.
bool ck_table_init(ck_vertex_table *table, int32_t dimensions, uint32_t expected,
                   ck_allocator allocator);
void ck_table_free(ck_vertex_table *table);

/// Gives back the memory that only looking for keys, or adding some, needs. Neither may be done afterwards.
void ck_table_seal(ck_vertex_table *table);

/// Adds every key of `other`; `numbers[i]` becomes the number of its key i. False where memory is
/// short or numbers run out.
bool ck_table_merge(ck_vertex_table *table, const ck_vertex_table *other, uint32_t *numbers);

/// For points begin..<end of the table, the number of the neighbour one step up along `axis`
/// (0...d), or UINT32_MAX where there is none.
void ck_table_neighbours(const ck_vertex_table *table, int32_t dimensions, int32_t axis,
                         uint32_t begin, uint32_t end, uint32_t *numbers);

/// What `ck_lattice_embed` reports.
typedef enum {
  CK_EMBED_OK = 0,
  /// A coordinate leaves the 16 bits of a key.
  CK_EMBED_KEY_OVERFLOW = 1,
  CK_EMBED_NO_MEMORY = 2,
} ck_embed_status;

/// Floats of scratch memory that `ck_lattice_embed` needs.
size_t ck_lattice_scratch(int32_t dimensions);

/// The largest coordinate that a key can hold together with its neighbours.
float ck_lattice_coordinate_limit(int32_t dimensions);

/// Finds the simplex of every point (§3.1 of the paper), adds its vertices to `table` and returns
/// their numbers and barycentric weights, both count × (d + 1).
///
/// features: count × d; scratch: `ck_lattice_scratch` floats, on a cache line. On overflow `failed` is the
/// point.
ck_embed_status ck_lattice_embed(const float *features, size_t count, int32_t dimensions,
                                 ck_vertex_table *table, uint32_t *vertices, float *weights,
                                 float *scratch, size_t *failed);

/// rows[vertices[i]] += weight[i] · values[i] for every point and vertex, in the order of points.
///
/// rows: `row_count` rows of `stride` floats in panels of 16 channels; vertices are counted from
/// `first_row`.
void ck_lattice_splat(const float *values, size_t count, size_t stride, const uint32_t *vertices,
                      const float *weights, int32_t corners, float *rows, size_t row_count,
                      size_t first_row);

/// output[i] = gain · Σ weight[i] · rows[vertices[i]], with rows as above.
void ck_lattice_slice(const float *rows, size_t row_count, size_t first_row, size_t count,
                      size_t stride, const uint32_t *vertices, const float *weights,
                      int32_t corners, float gain, float *output);

/// rows[4 · vertices[i]] += weight[i]: what a splat of ones does in the first channel of four. Vertices are
/// counted from the first of `rows`.
void ck_lattice_splat_ones(size_t count, const uint32_t *vertices, const float *weights,
                           int32_t corners, float *rows);

/// output[i] = gain · Σ weight[i] · rows[4 · vertices[i]].
void ck_lattice_slice_first(const float *rows, size_t count, const uint32_t *vertices,
                            const float *weights, int32_t corners, float gain, float *output);

/// Entries of a chain that are fetched in advance; they lie anywhere in memory, and a quarter of the
/// first-level cache holds so many.
enum { CK_CHAIN_LOOKAHEAD = 192 };

/// rows[r] += weight · (the rows before and after r in its chain), in place, for entries 1 ..< count of
/// `chain`: row numbers, with a 0 before, between and after chains, entry `count` among them, and
/// CK_CHAIN_LOOKAHEAD more of any rows. Row 0 must hold zeros.
///
/// rows: one panel, `width` floats a row: 4, 8 or 16. unused: `width` floats.
void ck_lattice_blur(float *rows, size_t width, const uint32_t *chain, size_t count, float weight,
                     float *unused);

/// rows[owners[i]] += rows[copies[i]], in their order, in one panel.
void ck_lattice_merge(float *rows, size_t width, const uint32_t *owners, const uint32_t *copies,
                      size_t count);

/// rows[copies[i]] = rows[owners[i]].
void ck_lattice_spread(float *rows, size_t width, const uint32_t *owners, const uint32_t *copies,
                       size_t count);

#pragma GCC visibility pop

#endif
