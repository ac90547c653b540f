#include <setjmp.h>
#include <stdlib.h>

#include "png_errors.h"

// All that a writing needs; see `codec_png_reader` for why it is a structure on the heap.
struct codec_png_writer {
  png_structp png;
  png_infop info;
  codec_message message;
  codec_write write;
  void *context;
  size_t row_size;
};

static void pass_on(png_structp png, png_bytep bytes, size_t count) {
  codec_png_writer *writer = png_get_io_ptr(png);
  if (!writer->write(writer->context, bytes, count)) png_error(png, "the file cannot be written");
}

static void flush_nothing(png_structp png) { (void)png; }

static void set_palette(codec_png_writer *writer, const uint8_t *palette, int count) {
  png_color colors[256];
  if (count > 256) png_error(writer->png, "the palette has more than 256 colours");
  for (int index = 0; index < count; index++) {
    colors[index].red = palette[3 * index];
    colors[index].green = palette[3 * index + 1];
    colors[index].blue = palette[3 * index + 2];
  }
  png_set_PLTE(writer->png, writer->info, colors, count);
}

static bool start(
    codec_png_writer *writer, uint32_t width, uint32_t height, codec_png_layout layout,
    const uint8_t *palette, int palette_count) {
  png_structp png = writer->png;
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_write_fn(png, writer, pass_on, flush_nothing);
  // The reader's limits are there against hostile files; an image that exists may be written.
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  int color = layout == CODEC_PNG_RGB_8 ? PNG_COLOR_TYPE_RGB
      : palette_count > 0               ? PNG_COLOR_TYPE_PALETTE
                                        : PNG_COLOR_TYPE_GRAY;
  int bit_depth = layout == CODEC_PNG_SAMPLES_16 ? 16 : 8;
  png_set_IHDR(
      png, writer->info, width, height, bit_depth, color, PNG_INTERLACE_NONE,
      PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (color == PNG_COLOR_TYPE_PALETTE) set_palette(writer, palette, palette_count);
  png_write_info(png, writer->info);
  const uint16_t one = 1;
  if (bit_depth == 16 && *(const uint8_t *)&one == 1) png_set_swap(png);
  writer->row_size = png_get_rowbytes(png, writer->info);
  return true;
}

static bool write_rows(codec_png_writer *writer, const uint8_t *pixels, size_t count) {
  if (setjmp(png_jmpbuf(writer->png))) return false;
  for (size_t row = 0; row < count; row++) {
    png_write_row(writer->png, pixels + row * writer->row_size);
  }
  return true;
}

static bool finish(codec_png_writer *writer) {
  if (setjmp(png_jmpbuf(writer->png))) return false;
  png_write_end(writer->png, NULL);
  return true;
}

codec_png_writer *codec_png_writer_open(
    uint32_t width, uint32_t height, codec_png_layout layout, const uint8_t *palette,
    int palette_count, codec_write write, void *context, codec_message *message) {
  codec_png_writer *writer = calloc(1, sizeof *writer);
  if (!writer) {
    codec_set_message(message, "out of memory");
    return NULL;
  }
  writer->write = write;
  writer->context = context;
  codec_set_message(&writer->message, "libpng cannot be started");
  writer->png = png_create_write_struct(
      PNG_LIBPNG_VER_STRING, &writer->message, codec_png_fail, codec_png_ignore_warning);
  if (writer->png) writer->info = png_create_info_struct(writer->png);
  if (writer->info && start(writer, width, height, layout, palette, palette_count)) return writer;
  *message = writer->message;
  codec_png_writer_close(writer);
  return NULL;
}

bool codec_png_writer_rows(
    codec_png_writer *writer, const void *pixels, size_t count, codec_message *message) {
  if (write_rows(writer, pixels, count)) return true;
  *message = writer->message;
  return false;
}

bool codec_png_writer_finish(codec_png_writer *writer, codec_message *message) {
  if (finish(writer)) return true;
  *message = writer->message;
  return false;
}

void codec_png_writer_close(codec_png_writer *writer) {
  png_destroy_write_struct(&writer->png, &writer->info);
  free(writer);
}
