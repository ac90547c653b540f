#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "byte_input.h"
#include "png_errors.h"

// As wide and high as libpng allows unless told otherwise; stated, because builds of it differ.
enum { LARGEST_EXTENT = 1000000 };

// Compressed bytes that may follow those of the last row. Encoders leave a checksum and perhaps an empty
// block there; libpng would inflate any amount of surplus, as part of that row, before it complains.
enum { LONGEST_TAIL = 16384 };

// All that a reading needs. It stands on the heap, outside the functions with a setjmp, so that a jump
// leaves it as it is.
struct codec_png_reader {
  png_structp png;
  png_infop info;
  codec_message message;
  byte_window window;
  // Compressed bytes that may still come, once the last row is being read.
  bool is_last_row;
  size_t tail;
  int passes;
  size_t row_size;
  png_uint_32 next_row;
};

static bool is_image_data(png_structp png) {
  const png_uint_32 IDAT = 0x49444154;
  return png_get_io_chunk_type(png) == IDAT
      && (png_get_io_state(png) & PNG_IO_MASK_LOC) == PNG_IO_CHUNK_DATA;
}

static void take_bytes(png_structp png, png_bytep bytes, size_t count) {
  codec_png_reader *reader = png_get_io_ptr(png);
  if (reader->is_last_row && is_image_data(png)) {
    if (count > reader->tail) png_error(png, "more image data than the image takes");
    reader->tail -= count;
  }
  while (count > 0) {
    if (!refill(&reader->window)) png_error(png, "the file ends early");
    size_t part = count < reader->window.rest ? count : reader->window.rest;
    memcpy(bytes, reader->window.next, part);
    reader->window.next += part;
    reader->window.rest -= part;
    bytes += part;
    count -= part;
  }
}

static void read_info(codec_png_reader *reader, bool keeps_transparency) {
  png_structp png = reader->png;
  png_set_read_fn(png, reader, take_bytes);
  png_set_user_limits(png, LARGEST_EXTENT, LARGEST_EXTENT);
  // Colour profiles, texts and dates are not used: skipping them leaves damage there without effect.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  if (!keeps_transparency) {
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, (png_const_bytep) "tRNS", 1);
  }
  png_read_info(png, reader->info);
}

static bool read_header(codec_png_reader *reader, codec_png_header *header) {
  png_structp png = reader->png;
  png_infop info = reader->info;
  if (setjmp(png_jmpbuf(png))) return false;
  read_info(reader, header->keeps_transparency);
  header->width = png_get_image_width(png, info);
  header->height = png_get_image_height(png, info);
  header->bit_depth = png_get_bit_depth(png, info);
  header->color = (codec_png_color)png_get_color_type(png, info);
  header->is_interlaced = png_get_interlace_type(png, info) != PNG_INTERLACE_NONE;
  // Each row is preceded by the number of its filter.
  header->raw_size = (uint64_t)header->height * (png_get_rowbytes(png, info) + 1);
  header->has_transparency =
      (header->color & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(png, info, PNG_INFO_tRNS) != 0;
  header->palette_count = 0;
  png_colorp colors = NULL;
  int count = 0;
  if (header->color == CODEC_PNG_PALETTE && png_get_PLTE(png, info, &colors, &count)) {
    if (count > 256) png_error(png, "the palette has more than 256 colours");
    header->palette_count = (uint16_t)count;
    for (int index = 0; index < count; index++) {
      header->palette[3 * index] = colors[index].red;
      header->palette[3 * index + 1] = colors[index].green;
      header->palette[3 * index + 2] = colors[index].blue;
    }
  }
  return true;
}

// Samples of 16 bits come with the most significant byte first.
static void use_machine_order(png_structp png) {
  const uint16_t one = 1;
  if (*(const uint8_t *)&one == 1) png_set_swap(png);
}

static void set_layout(codec_png_reader *reader, codec_png_layout layout) {
  png_structp png = reader->png;
  int bit_depth = png_get_bit_depth(png, reader->info);
  int color = png_get_color_type(png, reader->info);
  if (layout != CODEC_PNG_RGBA_8) png_set_strip_alpha(png);
  switch (layout) {
    case CODEC_PNG_SAMPLES_8:
      png_set_packing(png);
      break;
    case CODEC_PNG_SAMPLES_16:
      use_machine_order(png);
      break;
    case CODEC_PNG_RGB_16:
      use_machine_order(png);
      if (!(color & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(png);
      break;
    case CODEC_PNG_RGB_8:
      png_set_scale_16(png);
      if (!(color & PNG_COLOR_MASK_COLOR)) {
        if (bit_depth < 8) png_set_expand_gray_1_2_4_to_8(png);
        png_set_gray_to_rgb(png);
      }
      break;
    case CODEC_PNG_RGBA_8:
      png_set_scale_16(png);
      png_set_expand(png);
      if (!(color & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(png);
      break;
  }
}

static size_t bytes_per_pixel(codec_png_layout layout) {
  switch (layout) {
    case CODEC_PNG_SAMPLES_8: return 1;
    case CODEC_PNG_SAMPLES_16: return 2;
    case CODEC_PNG_RGB_8: return 3;
    case CODEC_PNG_RGB_16: return 6;
    case CODEC_PNG_RGBA_8: return 4;
  }
  return 0;
}

// The pass that completes the image, and the row that completes the pass: small interlaced images have
// nothing in the last passes.
static void find_last_row(
    const codec_png_reader *reader, int *last_pass, png_uint_32 *last_row) {
  png_uint_32 width = png_get_image_width(reader->png, reader->info);
  png_uint_32 height = png_get_image_height(reader->png, reader->info);
  *last_pass = reader->passes - 1;
  *last_row = height - 1;
  if (reader->passes == 1) return;
  while (PNG_PASS_COLS(width, *last_pass) == 0 || PNG_PASS_ROWS(height, *last_pass) == 0) {
    *last_pass -= 1;
  }
  *last_row = PNG_ROW_FROM_PASS_ROW(PNG_PASS_ROWS(height, *last_pass) - 1, *last_pass);
}

static bool start(codec_png_reader *reader, codec_png_layout layout) {
  png_structp png = reader->png;
  if (setjmp(png_jmpbuf(png))) return false;
  set_layout(reader, layout);
  reader->passes = png_set_interlace_handling(png);
  reader->tail = LONGEST_TAIL + 2 * png_get_rowbytes(png, reader->info);
  png_read_update_info(png, reader->info);
  reader->row_size = png_get_rowbytes(png, reader->info);
  if (reader->row_size != bytes_per_pixel(layout) * png_get_image_width(png, reader->info)) {
    png_error(png, "the pixels do not fit the layout asked for");
  }
  // From here on, what libpng would let pass means damaged pixels.
  png_set_benign_errors(png, 0);
  // Label maps may have numbers that no colour stands for; who wants colours looks for himself.
  png_set_check_for_invalid_index(png, -1);
  return true;
}

static bool read_rows(codec_png_reader *reader, uint8_t *pixels, png_uint_32 count) {
  png_structp png = reader->png;
  if (setjmp(png_jmpbuf(png))) return false;
  png_uint_32 height = png_get_image_height(png, reader->info);
  if (count > height - reader->next_row || (reader->passes > 1 && count != height)) {
    png_error(png, "not these rows can be read");
  }
  int last_pass;
  png_uint_32 last_row;
  find_last_row(reader, &last_pass, &last_row);
  for (int pass = 0; pass < reader->passes; pass++) {
    for (png_uint_32 row = 0; row < count; row++) {
      if (pass == last_pass && reader->next_row + row == last_row) reader->is_last_row = true;
      png_read_row(png, pixels + row * reader->row_size, NULL);
    }
  }
  reader->next_row += count;
  // Checks what is left of the image data, and that the file has an end.
  if (reader->next_row == height) png_read_end(png, NULL);
  return true;
}

codec_png_reader *codec_png_reader_open(
    codec_input input, codec_png_header *header, codec_message *message) {
  codec_png_reader *reader = calloc(1, sizeof *reader);
  if (!reader) {
    codec_set_message(message, "out of memory");
    return NULL;
  }
  reader->window.input = input;
  codec_set_message(&reader->message, "libpng cannot be started");
  reader->png = png_create_read_struct(
      PNG_LIBPNG_VER_STRING, &reader->message, codec_png_fail, codec_png_ignore_warning);
  if (reader->png) reader->info = png_create_info_struct(reader->png);
  if (reader->info && read_header(reader, header)) return reader;
  *message = reader->message;
  codec_png_reader_close(reader);
  return NULL;
}

bool codec_png_reader_start(
    codec_png_reader *reader, codec_png_layout layout, codec_message *message) {
  if (start(reader, layout)) return true;
  *message = reader->message;
  return false;
}

bool codec_png_reader_rows(
    codec_png_reader *reader, void *pixels, size_t count, codec_message *message) {
  if (count <= PNG_UINT_31_MAX && read_rows(reader, pixels, (png_uint_32)count)) return true;
  *message = reader->message;
  return false;
}

void codec_png_reader_close(codec_png_reader *reader) {
  png_destroy_read_struct(&reader->png, &reader->info, NULL);
  free(reader);
}
