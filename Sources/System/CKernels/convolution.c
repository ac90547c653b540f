#include "include/ckernels_convolution.h"

#include <string.h>

#include "product_tile.h"

enum { MOST_STRETCHES = 64 };

/// Where the inputs of all tiles lie.
typedef struct {
  size_t tiles;
  size_t taps;
  /// tap × tile × CK_TILE_ROWS.
  const float **rows;
  /// tap × tile: whether one of the rows is more than padding.
  uint8_t *is_present;
} input_rows;

static size_t tap_count(const ck_convolution *c) {
  return (size_t)c->kernel_rows * (size_t)c->kernel_columns;
}

static size_t tile_count(size_t positions) { return (positions + CK_TILE_ROWS - 1) / CK_TILE_ROWS; }

size_t ck_convolve_scratch(const ck_convolution *c, size_t count) {
  return tap_count(c) * tile_count(count) * (CK_TILE_ROWS * sizeof(float *) + 1);
}

static input_rows find_rows(const ck_convolution *c, size_t first, size_t count, void *scratch) {
  const size_t tiles = tile_count(count), taps = tap_count(c);
  input_rows r = {tiles, taps, scratch, NULL};
  r.is_present = (uint8_t *)(r.rows + taps * tiles * CK_TILE_ROWS);
  memset(r.is_present, 0, taps * tiles);
  for (size_t i = 0; i < tiles * CK_TILE_ROWS; i++) {
    const size_t position = first + (i < count ? i : count - 1);
    const int32_t y = (int32_t)(position / (size_t)c->output_width) * c->stride_rows;
    const int32_t x = (int32_t)(position % (size_t)c->output_width) * c->stride_columns;
    size_t tap = 0;
    for (int32_t ky = 0; ky < c->kernel_rows; ky++) {
      const int32_t row = y - c->padding_rows + ky * c->rate_rows;
      for (int32_t kx = 0; kx < c->kernel_columns; kx++, tap++) {
        const int32_t column = x - c->padding_columns + kx * c->rate_columns;
        const int is_inside = row >= 0 && row < c->height && column >= 0 && column < c->width;
        const size_t pixel = (size_t)row * (size_t)c->width + (size_t)column;
        r.rows[tap * tiles * CK_TILE_ROWS + i] =
            is_inside ? c->input + pixel * c->input_pitch : c->zeros;
        r.is_present[tap * tiles + i / CK_TILE_ROWS] |= (uint8_t)is_inside;
      }
    }
  }
  return r;
}

__attribute__((noinline)) static void add_values(const float *values, size_t count, float *sums) {
  for (size_t j = 0; j < count; j++) sums[j] += values[j];
}

/// A tile that does not have all its rows or columns: it is computed beside the output.
CK_INLINE void add_part(const ck_stretch *stretches, size_t count, const ck_tile *t, size_t rows,
                        size_t columns, const bool is_wide) {
  float values[CK_TILE_ROWS * CK_TILE_COLUMNS] __attribute__((aligned(64))) = {0};
  for (size_t i = 0; i < rows; i++) {
    float *row = values + i * CK_TILE_COLUMNS;
    if (t->continues) {
      memcpy(row, t->output + i * t->pitch, columns * sizeof(float));
      continue;
    }
    if (t->bias != NULL) memcpy(row, t->bias, columns * sizeof(float));
    // Apart from the loop: a masked load from no address is dropped, but takes hundreds of cycles.
    if (t->residual != NULL) add_values(t->residual + i * t->residual_pitch, columns, row);
  }
  ck_tile whole = *t;
  whole.output = values;
  whole.pitch = CK_TILE_COLUMNS;
  whole.continues = true;
  ck_add_products(stretches, count, &whole, is_wide);
  for (size_t i = 0; i < rows; i++) {
    memcpy(t->output + i * t->pitch, values + i * CK_TILE_COLUMNS, columns * sizeof(float));
  }
}

/// The products of taps `tap` ..< `end`, channels from `channel` on, for all tiles of a panel.
typedef struct {
  size_t panel;
  size_t tap, end;
  size_t channel, length;
} chunk;

CK_INLINE void add_chunk(const ck_convolution *c, const input_rows *r, chunk k, size_t first,
                         size_t count, const bool is_wide) {
  const size_t channel = k.panel * CK_TILE_COLUMNS;
  const float *weights = c->weights + k.panel * r->taps * c->run * CK_TILE_COLUMNS;
  const size_t left = c->output_channels - channel;
  const size_t columns = left < CK_TILE_COLUMNS ? left : CK_TILE_COLUMNS;
  const ck_epilogue e = c->epilogue;
  ck_tile t = {0};
  t.pitch = c->output_pitch;
  t.continues = k.tap > 0 || k.channel > 0;
  t.ends = k.end == r->taps && k.channel + k.length == c->run;
  t.bias = e.bias == NULL ? NULL : e.bias + channel;
  t.residual_pitch = e.residual_pitch;
  t.lowest = e.lowest;
  t.highest = e.highest;
  for (size_t tile = 0; tile < r->tiles; tile++) {
    ck_stretch stretches[MOST_STRETCHES];
    size_t present = 0;
    for (size_t tap = k.tap; tap < k.end; tap++) {
      if (!r->is_present[tap * r->tiles + tile]) continue;
      stretches[present++] =
          (ck_stretch){r->rows + (tap * r->tiles + tile) * CK_TILE_ROWS, k.channel,
                       weights + (tap * c->run + k.channel) * CK_TILE_COLUMNS, k.length};
    }
    if (present == 0 && t.continues && !t.ends) continue;
    const size_t position = first + tile * CK_TILE_ROWS;
    t.output = c->output + position * c->output_pitch + channel;
    t.residual = e.residual == NULL ? NULL : e.residual + position * e.residual_pitch + channel;
    const size_t rest = count - tile * CK_TILE_ROWS;
    if (rest >= CK_TILE_ROWS && columns == CK_TILE_COLUMNS) {
      ck_add_products(stretches, present, &t, is_wide);
    } else {
      const size_t rows = rest < CK_TILE_ROWS ? rest : CK_TILE_ROWS;
      add_part(stretches, present, &t, rows, columns, is_wide);
    }
  }
}

CK_INLINE void convolve(const ck_convolution *c, size_t first, size_t count, size_t first_panel,
                        size_t panel_count, void *scratch, const bool is_wide) {
  const input_rows r = find_rows(c, first, count, scratch);
  const size_t pieces = (c->run + CK_STRETCH - 1) / CK_STRETCH;
  const size_t piece = (c->run + pieces - 1) / pieces;
  size_t group = pieces > 1 ? 1 : CK_STRETCH / c->run;
  if (group > MOST_STRETCHES) group = MOST_STRETCHES;
  for (size_t panel = first_panel; panel < first_panel + panel_count; panel++) {
    for (size_t tap = 0; tap < r.taps; tap += group) {
      const size_t end = tap + group < r.taps ? tap + group : r.taps;
      for (size_t channel = 0; channel < c->run; channel += piece) {
        const size_t rest = c->run - channel;
        const chunk k = {panel, tap, end, channel, rest < piece ? rest : piece};
        add_chunk(c, &r, k, first, count, is_wide);
      }
    }
  }
}

CK_DEFINE_BY_REGISTERS(ck_convolve,
                       (const ck_convolution *c, size_t first, size_t count, size_t first_panel,
                        size_t panel_count, void *scratch),
                       (c, first, count, first_panel, panel_count, scratch), convolve)

void ck_pack_weights(const float *weights, size_t output_channels, size_t run, size_t taps,
                     float *panels) {
  const size_t panel_count = (output_channels + CK_TILE_COLUMNS - 1) / CK_TILE_COLUMNS;
  // Taps within: each output channel's weights are read in the order in which they stand.
  for (size_t panel = 0; panel < panel_count; panel++, panels += taps * run * CK_TILE_COLUMNS) {
    for (size_t k = 0; k < run; k++) {
      for (size_t tap = 0; tap < taps; tap++) {
        float *row = panels + (tap * run + k) * CK_TILE_COLUMNS;
        for (size_t j = 0; j < CK_TILE_COLUMNS; j++) {
          const size_t channel = panel * CK_TILE_COLUMNS + j;
          row[j] = channel < output_channels ? weights[(channel * run + k) * taps + tap] : 0;
        }
      }
    }
  }
}
