#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "png_errors.h"

// All that a writing needs; see `reading` in png_read.c for why it is a structure.
typedef struct {
  png_structp png;
  png_infop info;
  uint8_t *bytes;
  size_t count;
  size_t capacity;
} writing;

static void append_bytes(png_structp png, png_bytep bytes, size_t count) {
  writing *writing = png_get_io_ptr(png);
  if (count > writing->capacity - writing->count) {
    size_t capacity = 2 * (writing->count + count) + 4096;
    uint8_t *grown = realloc(writing->bytes, capacity);
    if (!grown) png_error(png, "out of memory");
    writing->bytes = grown;
    writing->capacity = capacity;
  }
  memcpy(writing->bytes + writing->count, bytes, count);
  writing->count += count;
}

static void flush_nothing(png_structp png) { (void)png; }

static void set_palette(writing *writing, const uint8_t *palette, int count) {
  png_color colors[256];
  if (count > 256) png_error(writing->png, "the palette has more than 256 colours");
  for (int index = 0; index < count; index++) {
    colors[index].red = palette[3 * index];
    colors[index].green = palette[3 * index + 1];
    colors[index].blue = palette[3 * index + 2];
  }
  png_set_PLTE(writing->png, writing->info, colors, count);
}

static bool write_file(
    writing *writing, uint32_t width, uint32_t height, codec_png_layout layout,
    const uint8_t *pixels, const uint8_t *palette, int palette_count) {
  png_structp png = writing->png;
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_write_fn(png, writing, append_bytes, flush_nothing);
  // The reader's limits are there against hostile files; an image that exists may be written.
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  int color = layout == CODEC_PNG_RGB_8 ? PNG_COLOR_TYPE_RGB
      : palette_count > 0               ? PNG_COLOR_TYPE_PALETTE
                                        : PNG_COLOR_TYPE_GRAY;
  int bit_depth = layout == CODEC_PNG_SAMPLES_16 ? 16 : 8;
  png_set_IHDR(
      png, writing->info, width, height, bit_depth, color, PNG_INTERLACE_NONE,
      PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (color == PNG_COLOR_TYPE_PALETTE) set_palette(writing, palette, palette_count);
  png_write_info(png, writing->info);
  const uint16_t one = 1;
  if (bit_depth == 16 && *(const uint8_t *)&one == 1) png_set_swap(png);
  size_t row_size = png_get_rowbytes(png, writing->info);
  for (uint32_t row = 0; row < height; row++) png_write_row(png, pixels + row * row_size);
  png_write_end(png, NULL);
  return true;
}

bool codec_png_write(
    uint32_t width, uint32_t height, codec_png_layout layout, const void *pixels,
    const uint8_t *palette, int palette_count, uint8_t **file, size_t *file_size,
    codec_message *message) {
  writing writing = {NULL, NULL, NULL, 0, 0};
  bool succeeded = false;
  writing.png = png_create_write_struct(
      PNG_LIBPNG_VER_STRING, message, codec_png_fail, codec_png_ignore_warning);
  if (writing.png) writing.info = png_create_info_struct(writing.png);
  if (writing.info) {
    succeeded = write_file(&writing, width, height, layout, pixels, palette, palette_count);
  } else {
    codec_set_message(message, "libpng cannot be started");
  }
  png_destroy_write_struct(&writing.png, &writing.info);
  if (!succeeded) {
    free(writing.bytes);
    return false;
  }
  *file = writing.bytes;
  *file_size = writing.count;
  return true;
}

void codec_free(uint8_t *file) { free(file); }
