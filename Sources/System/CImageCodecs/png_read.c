#include <setjmp.h>
#include <string.h>

#include "png_errors.h"

// As wide and high as libpng allows unless told otherwise; stated, because builds of it differ.
enum { LARGEST_EXTENT = 1000000 };

// Compressed bytes that may follow those of the last row. Encoders leave a checksum and perhaps an empty
// block there; libpng would inflate any amount of surplus, as part of that row, before it complains.
enum { LONGEST_TAIL = 16384 };

// All that a reading needs. It stands in the caller's frame, outside the function with the setjmp, so
// that a jump leaves it as it is.
typedef struct {
  png_structp png;
  png_infop info;
  const uint8_t *next;
  size_t rest;
  // Compressed bytes that may still come, once the last row is being read.
  bool is_last_row;
  size_t tail;
} reading;

static bool is_image_data(png_structp png) {
  const png_uint_32 IDAT = 0x49444154;
  return png_get_io_chunk_type(png) == IDAT
      && (png_get_io_state(png) & PNG_IO_MASK_LOC) == PNG_IO_CHUNK_DATA;
}

static void take_bytes(png_structp png, png_bytep bytes, size_t count) {
  reading *reading = png_get_io_ptr(png);
  if (count > reading->rest) png_error(png, "the file ends early");
  if (reading->is_last_row && is_image_data(png)) {
    if (count > reading->tail) png_error(png, "more image data than the image takes");
    reading->tail -= count;
  }
  memcpy(bytes, reading->next, count);
  reading->next += count;
  reading->rest -= count;
}

static bool begin(reading *reading, const uint8_t *data, size_t size, codec_message *message) {
  reading->next = data;
  reading->rest = size;
  reading->info = NULL;
  reading->is_last_row = false;
  reading->png = png_create_read_struct(
      PNG_LIBPNG_VER_STRING, message, codec_png_fail, codec_png_ignore_warning);
  if (reading->png) reading->info = png_create_info_struct(reading->png);
  if (reading->info) return true;
  codec_set_message(message, "libpng cannot be started");
  png_destroy_read_struct(&reading->png, NULL, NULL);
  return false;
}

static void read_info(reading *reading) {
  png_structp png = reading->png;
  png_set_read_fn(png, reading, take_bytes);
  png_set_user_limits(png, LARGEST_EXTENT, LARGEST_EXTENT);
  // Colour profiles, texts and dates are not used: skipping them leaves damage there without effect.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, (png_const_bytep) "tRNS", 1);
  png_read_info(png, reading->info);
}

static bool read_header(reading *reading, codec_png_header *header) {
  png_structp png = reading->png;
  png_infop info = reading->info;
  if (setjmp(png_jmpbuf(png))) return false;
  read_info(reading);
  header->width = png_get_image_width(png, info);
  header->height = png_get_image_height(png, info);
  header->bit_depth = png_get_bit_depth(png, info);
  header->color = (codec_png_color)png_get_color_type(png, info);
  // Each row is preceded by the number of its filter.
  header->raw_size = (uint64_t)header->height * (png_get_rowbytes(png, info) + 1);
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

static void set_layout(reading *reading, codec_png_layout layout) {
  png_structp png = reading->png;
  int bit_depth = png_get_bit_depth(png, reading->info);
  int color = png_get_color_type(png, reading->info);
  png_set_strip_alpha(png);
  switch (layout) {
    case CODEC_PNG_SAMPLES_8:
      png_set_packing(png);
      break;
    case CODEC_PNG_SAMPLES_16: {
      const uint16_t one = 1;
      if (*(const uint8_t *)&one == 1) png_set_swap(png);
      break;
    }
    case CODEC_PNG_RGB_8:
      png_set_scale_16(png);
      if (!(color & PNG_COLOR_MASK_COLOR)) {
        if (bit_depth < 8) png_set_expand_gray_1_2_4_to_8(png);
        png_set_gray_to_rgb(png);
      }
      break;
  }
}

static size_t bytes_per_pixel(codec_png_layout layout) {
  switch (layout) {
    case CODEC_PNG_SAMPLES_8: return 1;
    case CODEC_PNG_SAMPLES_16: return 2;
    case CODEC_PNG_RGB_8: return 3;
  }
  return 0;
}

// The pass that completes the image, and the row that completes the pass: small interlaced images have
// nothing in the last passes.
static void find_last_row(reading *reading, int passes, int *last_pass, png_uint_32 *last_row) {
  png_uint_32 width = png_get_image_width(reading->png, reading->info);
  png_uint_32 height = png_get_image_height(reading->png, reading->info);
  *last_pass = passes - 1;
  *last_row = height - 1;
  if (passes == 1) return;
  while (PNG_PASS_COLS(width, *last_pass) == 0 || PNG_PASS_ROWS(height, *last_pass) == 0) {
    *last_pass -= 1;
  }
  *last_row = PNG_ROW_FROM_PASS_ROW(PNG_PASS_ROWS(height, *last_pass) - 1, *last_pass);
}

static bool read_pixels(
    reading *reading, codec_png_layout layout, uint8_t *pixels, size_t capacity) {
  png_structp png = reading->png;
  if (setjmp(png_jmpbuf(png))) return false;
  read_info(reading);
  set_layout(reading, layout);
  int passes = png_set_interlace_handling(png);
  int last_pass;
  png_uint_32 last_row;
  find_last_row(reading, passes, &last_pass, &last_row);
  reading->tail = LONGEST_TAIL + 2 * png_get_rowbytes(png, reading->info);
  png_read_update_info(png, reading->info);
  size_t row_size = png_get_rowbytes(png, reading->info);
  png_uint_32 height = png_get_image_height(png, reading->info);
  size_t expected = bytes_per_pixel(layout) * png_get_image_width(png, reading->info);
  if (row_size != expected || capacity != row_size * height) {
    png_error(png, "the pixels do not fit the layout asked for");
  }
  // From here on, what libpng would let pass means damaged pixels.
  png_set_benign_errors(png, 0);
  for (int pass = 0; pass < passes; pass++) {
    for (png_uint_32 row = 0; row < height; row++) {
      if (pass == last_pass && row == last_row) reading->is_last_row = true;
      png_read_row(png, pixels + row * row_size, NULL);
    }
  }
  // Checks what is left of the image data, and that the file has an end.
  png_read_end(png, NULL);
  return true;
}

bool codec_png_read_header(
    const uint8_t *data, size_t size, codec_png_header *header, codec_message *message) {
  reading reading;
  if (!begin(&reading, data, size, message)) return false;
  bool succeeded = read_header(&reading, header);
  png_destroy_read_struct(&reading.png, &reading.info, NULL);
  return succeeded;
}

bool codec_png_read_pixels(
    const uint8_t *data, size_t size, codec_png_layout layout, void *pixels, size_t capacity,
    codec_message *message) {
  reading reading;
  if (!begin(&reading, data, size, message)) return false;
  bool succeeded = read_pixels(&reading, layout, pixels, capacity);
  png_destroy_read_struct(&reading.png, &reading.info, NULL);
  return succeeded;
}
