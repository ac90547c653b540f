#include "include/ckernels_weight_gradient.h"

#include <string.h>

#include "row_vectors.h"

enum {
  NARROW = CK_NARROW_CHANNELS,
  WIDE = CK_WIDE_CHANNELS,
  /// Positions of a block of rows: enough that loading and storing a tile's sums does not matter.
  BLOCK_POSITIONS = 384,
  /// Floats that a block's packed rows may take, so that they stay in the second-level cache.
  BLOCK_FLOATS = 160 << 10,
  MOST_ROWS = 64,
};

/// Positions in a row at which both maps have values.
typedef struct {
  const float *narrow;
  const float *wide;
  size_t length;
} ck_segment;

#define SUBTILE add_outer_512
#define VECTOR ck_v16
#define WIDTH 16
#define ROWS 12
#define VECTORS 2
#include "outer_subtile.h"

#define SUBTILE add_outer_256
#define VECTOR ck_v8
#define WIDTH 8
#define ROWS 6
#define VECTORS 2
#include "outer_subtile.h"

/// Adds the outer products at all positions to a tile.
CK_INLINE void add_outer_products(const ck_segment *segments, size_t count, size_t narrow_step,
                                  size_t wide_step, float *tile, const bool is_wide) {
  if (is_wide) {
    add_outer_512(segments, count, narrow_step, wide_step, tile, 0, 0);
    return;
  }
  for (int row = 0; row < NARROW; row += 6) {
    for (int column = 0; column < WIDE; column += 16) {
      add_outer_256(segments, count, narrow_step, wide_step, tile, row, column);
    }
  }
}

static size_t panels(size_t channels, size_t width) { return (channels + width - 1) / width; }

static const ck_gradient_map *narrow_map(const ck_weight_gradient *w) {
  return w->is_input_wide ? &w->gradient : &w->input;
}

static const ck_gradient_map *wide_map(const ck_weight_gradient *w) {
  return w->is_input_wide ? &w->input : &w->gradient;
}

static size_t gradient_taps(const ck_weight_gradient *w) {
  return (size_t)w->kernel_rows * (size_t)w->kernel_columns;
}

size_t ck_weight_gradient_panel(const ck_weight_gradient *w) {
  return panels(narrow_map(w)->channels, NARROW) * gradient_taps(w) * NARROW * WIDE;
}

/// Rows of the input that `rows` rows of the gradient can reach.
static size_t reached_rows(const ck_weight_gradient *w, size_t rows) {
  const size_t span = (rows - 1) * (size_t)w->stride_rows + 1;
  const size_t apart = (size_t)w->rate_rows * (size_t)(w->kernel_rows - 1) + span;
  const size_t each = rows * (size_t)w->kernel_rows;
  const size_t reached = apart < each ? apart : each;
  return reached < (size_t)w->input.height ? reached : (size_t)w->input.height;
}

/// Floats of the packed rows of a map.
static size_t packed_size(const ck_gradient_map *map, size_t rows, size_t panel_count,
                          size_t width) {
  return rows * (size_t)map->width * panel_count * width;
}

static size_t block_size(const ck_weight_gradient *w, size_t rows, size_t panel_count) {
  const size_t narrow_panels = panels(narrow_map(w)->channels, NARROW);
  const size_t of_input = packed_size(&w->input, reached_rows(w, rows),
                                      w->is_input_wide ? panel_count : narrow_panels,
                                      w->is_input_wide ? WIDE : NARROW);
  const size_t of_gradient = packed_size(&w->gradient, rows,
                                         w->is_input_wide ? narrow_panels : panel_count,
                                         w->is_input_wide ? NARROW : WIDE);
  return of_input + of_gradient;
}

/// Rows of the gradient that pass through together.
static size_t block_rows(const ck_weight_gradient *w, size_t panel_count) {
  const size_t enough = panels(BLOCK_POSITIONS, (size_t)w->gradient.width);
  size_t rows = 1;
  while (rows < MOST_ROWS && rows < (size_t)w->gradient.height &&
         (rows < enough || block_size(w, rows + 1, panel_count) <= BLOCK_FLOATS)) {
    rows++;
  }
  return rows;
}

size_t ck_weight_gradient_scratch(const ck_weight_gradient *w, size_t panel_count) {
  const size_t rows = block_rows(w, panel_count);
  return block_size(w, rows, panel_count) * sizeof(float) +
         (size_t)w->input.height * sizeof(uint32_t);
}

/// Brings one row of a map into panels of `width` channels, `panel_pitch` floats apart. Missing channels
/// of the last panel are 0.
CK_INLINE void pack_row(const ck_gradient_map *map, const float *row, size_t first_panel,
                        size_t panel_count, const size_t width, size_t panel_pitch, float *packed) {
  for (size_t panel = 0; panel < panel_count; panel++) {
    const size_t channel = (first_panel + panel) * width;
    const size_t left = map->channels - channel;
    const float *from = row + channel;
    float *to = packed + panel * panel_pitch;
    if (left >= width) {
      for (int32_t x = 0; x < map->width; x++, from += map->pitch, to += width) {
        memcpy(to, from, width * sizeof(float));
      }
      continue;
    }
    for (int32_t x = 0; x < map->width; x++, from += map->pitch, to += width) {
      for (size_t c = 0; c < width; c++) to[c] = c < left ? from[c] : 0.0f;
    }
  }
}

/// Rows of a map, packed: where each of them is.
typedef struct {
  float *base;
  size_t row_pitch, panel_pitch;
  size_t width;
} packed_rows;

CK_INLINE void pack(const ck_gradient_map *map, size_t map_row, packed_rows to, size_t slot,
                    size_t first_panel, size_t panel_count) {
  const float *row = map->values + map_row * (size_t)map->width * map->pitch;
  float *packed = to.base + slot * to.row_pitch;
  if (to.width == NARROW) {
    pack_row(map, row, first_panel, panel_count, NARROW, to.panel_pitch, packed);
  } else {
    pack_row(map, row, first_panel, panel_count, WIDE, to.panel_pitch, packed);
  }
}

/// The columns of the gradient, `first` ..< `end`, whose inputs at a tap lie within the map.
typedef struct {
  int32_t first, end;
} column_range;

static column_range present_columns(const ck_weight_gradient *w, int32_t tap) {
  const int32_t offset = tap * w->rate_columns - w->padding_columns, stride = w->stride_columns;
  column_range range = {0, 0};
  if (offset < 0) range.first = (-offset + stride - 1) / stride;
  const int32_t last = w->input.width - 1 - offset;
  range.end = last < 0 ? 0 : last / stride + 1;
  if (range.end > w->gradient.width) range.end = w->gradient.width;
  if (range.first > range.end) range.first = range.end;
  return range;
}

/// A block of rows of one image's gradient, and the maps' packed rows.
typedef struct {
  size_t row, rows;
  packed_rows input, gradient;
  /// For each row of the input, 1 + its place among the packed ones, or 0.
  const uint32_t *slots;
} row_block;

/// The segments of one tap, for the first panels. Returns their number.
static size_t find_segments(const ck_weight_gradient *w, const row_block *b, int32_t ky, int32_t kx,
                            ck_segment *segments) {
  const column_range columns = present_columns(w, kx);
  if (columns.first == columns.end) return 0;
  const size_t input_column = (size_t)(columns.first * w->stride_columns +
                                       kx * w->rate_columns - w->padding_columns);
  size_t count = 0;
  for (size_t i = 0; i < b->rows; i++) {
    const int32_t y =
        (int32_t)(b->row + i) * w->stride_rows - w->padding_rows + ky * w->rate_rows;
    if (y < 0 || y >= w->input.height) continue;
    const float *input = b->input.base + (b->slots[y] - 1) * b->input.row_pitch +
                         input_column * b->input.width;
    const float *gradient = b->gradient.base + i * b->gradient.row_pitch +
                            (size_t)columns.first * b->gradient.width;
    segments[count++] = (ck_segment){w->is_input_wide ? gradient : input,
                                     w->is_input_wide ? input : gradient,
                                     (size_t)(columns.end - columns.first)};
  }
  return count;
}

CK_INLINE void add_block(const ck_weight_gradient *w, const row_block *b, size_t panel_count,
                         float *sums, const bool is_wide) {
  const size_t taps = gradient_taps(w), narrow_panels = panels(narrow_map(w)->channels, NARROW);
  const packed_rows *narrow = w->is_input_wide ? &b->gradient : &b->input;
  const packed_rows *wide = w->is_input_wide ? &b->input : &b->gradient;
  const size_t input_step = (size_t)w->stride_columns * b->input.width;
  const size_t narrow_step = w->is_input_wide ? NARROW : input_step;
  const size_t wide_step = w->is_input_wide ? input_step : WIDE;
  for (size_t panel = 0; panel < panel_count; panel++) {
    for (size_t tap = 0; tap < taps; tap++) {
      ck_segment segments[MOST_ROWS];
      const int32_t ky = (int32_t)tap / w->kernel_columns, kx = (int32_t)tap % w->kernel_columns;
      const size_t count = find_segments(w, b, ky, kx, segments);
      if (count == 0) continue;
      for (size_t s = 0; s < count; s++) segments[s].wide += panel * wide->panel_pitch;
      for (size_t other = 0; other < narrow_panels; other++) {
        float *tile = sums + ((panel * narrow_panels + other) * taps + tap) * NARROW * WIDE;
        add_outer_products(segments, count, narrow_step, wide_step, tile, is_wide);
        for (size_t s = 0; s < count; s++) segments[s].narrow += narrow->panel_pitch;
      }
    }
  }
}

/// Packs the rows of the input that a block of the gradient's rows reaches.
CK_INLINE void pack_inputs(const ck_weight_gradient *w, size_t image, row_block *b,
                           uint32_t *slots, size_t first_panel, size_t panel_count) {
  memset(slots, 0, (size_t)w->input.height * sizeof(uint32_t));
  uint32_t used = 0;
  for (size_t i = 0; i < b->rows; i++) {
    for (int32_t ky = 0; ky < w->kernel_rows; ky++) {
      const int32_t y =
          (int32_t)(b->row + i) * w->stride_rows - w->padding_rows + ky * w->rate_rows;
      if (y < 0 || y >= w->input.height || slots[y] != 0) continue;
      pack(&w->input, image * (size_t)w->input.height + (size_t)y, b->input, used, first_panel,
           panel_count);
      slots[y] = ++used;
    }
  }
}

CK_INLINE void add_weight_gradient(const ck_weight_gradient *w, size_t first_row, size_t row_count,
                                   size_t first_panel, size_t panel_count, void *scratch,
                                   float *sums, const bool is_wide) {
  const size_t rows = block_rows(w, panel_count), reached = reached_rows(w, rows);
  const size_t narrow_panels = panels(narrow_map(w)->channels, NARROW);
  const bool swaps = w->is_input_wide;
  float *packed = scratch;
  packed_rows input = {packed, (size_t)w->input.width * (swaps ? WIDE : NARROW), 0,
                       swaps ? WIDE : NARROW};
  input.panel_pitch = reached * input.row_pitch;
  const size_t input_panels = swaps ? panel_count : narrow_panels;
  const size_t gradient_panels = swaps ? narrow_panels : panel_count;
  packed_rows gradient = {packed + input_panels * input.panel_pitch,
                          (size_t)w->gradient.width * (swaps ? NARROW : WIDE), 0,
                          swaps ? NARROW : WIDE};
  gradient.panel_pitch = rows * gradient.row_pitch;
  uint32_t *slots = (uint32_t *)(gradient.base + gradient_panels * gradient.panel_pitch);
  const size_t height = (size_t)w->gradient.height;
  size_t row = first_row;
  while (row < first_row + row_count) {
    row_block b = {row % height, 0, input, gradient, slots};
    const size_t in_image = height - b.row, left = first_row + row_count - row;
    b.rows = rows < in_image ? rows : in_image;
    if (b.rows > left) b.rows = left;
    for (size_t i = 0; i < b.rows; i++) {
      pack(&w->gradient, row + i, gradient, i, swaps ? 0 : first_panel, gradient_panels);
    }
    pack_inputs(w, row / height, &b, slots, swaps ? first_panel : 0, input_panels);
    add_block(w, &b, panel_count, sums, is_wide);
    row += b.rows;
  }
}

CK_DEFINE_BY_REGISTERS(ck_add_weight_gradient,
                       (const ck_weight_gradient *w, size_t first_row, size_t row_count,
                        size_t first_panel, size_t panel_count, void *scratch, float *sums),
                       (w, first_row, row_count, first_panel, panel_count, scratch, sums),
                       add_weight_gradient)

void ck_finish_weight_gradient(const ck_weight_gradient *w, const float *sums, size_t parts,
                               size_t part_pitch, size_t first, size_t end, float *weights) {
  const size_t inputs = w->input.channels, taps = gradient_taps(w);
  const size_t panel_pitch = ck_weight_gradient_panel(w);
  // Outputs within, which are neighbours in the tiles where the gradient is the wide map.
  for (size_t input = 0; input < inputs; input++) {
    for (size_t tap = 0; tap < taps; tap++) {
      for (size_t output = first; output < end; output++) {
        const size_t narrow = w->is_input_wide ? output : input;
        const size_t wide = w->is_input_wide ? input : output;
        const float *value = sums + wide / WIDE * panel_pitch +
                             (narrow / NARROW * taps + tap) * NARROW * WIDE +
                             narrow % NARROW * WIDE + wide % WIDE;
        float sum = *value;
        for (size_t part = 1; part < parts; part++) sum += value[part * part_pitch];
        weights[(output * inputs + input) * taps + tap] = sum;
      }
    }
  }
}

CK_CLONES
void ck_add_depthwise_gradient(const ck_weight_gradient *w, size_t first_row, size_t row_count,
                               float *sums) {
  const ck_gradient_map in = w->input, out = w->gradient;
  const size_t count = in.channels;
  for (size_t row = first_row; row < first_row + row_count; row++) {
    const size_t image = row / (size_t)out.height;
    for (int32_t ky = 0; ky < w->kernel_rows; ky++) {
      const int32_t y = (int32_t)(row % (size_t)out.height) * w->stride_rows - w->padding_rows +
                        ky * w->rate_rows;
      if (y < 0 || y >= in.height) continue;
      const float *inputs =
          in.values + (image * (size_t)in.height + (size_t)y) * (size_t)in.width * in.pitch;
      for (int32_t kx = 0; kx < w->kernel_columns; kx++) {
        const column_range columns = present_columns(w, kx);
        float *to = sums + (size_t)(ky * w->kernel_columns + kx) * count;
        for (int32_t x = columns.first; x < columns.end; x++) {
          const int32_t column = x * w->stride_columns - w->padding_columns + kx * w->rate_columns;
          const float *a = inputs + (size_t)column * in.pitch;
          const float *b = out.values + (row * (size_t)out.width + (size_t)x) * out.pitch;
          for (size_t c = 0; c < count; c++) to[c] += a[c] * b[c];
        }
      }
    }
  }
}
