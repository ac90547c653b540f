#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "cimagecodecs.h"

// Encoders make about ten scans; a file can claim any number of empty ones, each as slow as a real one.
enum { MOST_SCANS = 200 };

// All that a reading needs; see `reading` in png_read.c for why it is a structure.
typedef struct {
  struct jpeg_decompress_struct decoder;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  codec_message *message;
} reading;

static void fail(j_common_ptr decoder) {
  reading *reading = decoder->client_data;
  char text[JMSG_LENGTH_MAX];
  decoder->err->format_message(decoder, text);
  snprintf(reading->message->text, sizeof reading->message->text, "%s", text);
  longjmp(reading->escape, 1);
}

// libjpeg calls lost pixels a warning and fills them with gray. Only what leaves the pixels whole passes.
static void judge_message(j_common_ptr decoder, int level) {
  bool is_warning = level < 0;
  switch (decoder->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
      break;
    default:
      if (is_warning) fail(decoder);
  }
}

static void say_nothing(j_common_ptr decoder) { (void)decoder; }

static void limit_scans(j_common_ptr decoder) {
  if (((j_decompress_ptr)decoder)->input_scan_number > MOST_SCANS) {
    reading *reading = decoder->client_data;
    snprintf(reading->message->text, sizeof reading->message->text, "more than %d scans",
             MOST_SCANS);
    longjmp(reading->escape, 1);
  }
}

static void begin(reading *reading, codec_message *message) {
  memset(reading, 0, sizeof *reading);
  reading->message = message;
  reading->decoder.err = jpeg_std_error(&reading->errors);
  reading->errors.error_exit = fail;
  reading->errors.emit_message = judge_message;
  reading->errors.output_message = say_nothing;
  reading->decoder.client_data = reading;
}

static void read_markers(reading *reading, const uint8_t *data, size_t size) {
  jpeg_create_decompress(&reading->decoder);
  reading->progress.progress_monitor = limit_scans;
  reading->decoder.progress = &reading->progress;
  jpeg_mem_src(&reading->decoder, data, size);
  jpeg_read_header(&reading->decoder, TRUE);
}

static bool read_header(
    reading *reading, const uint8_t *data, size_t size, codec_jpeg_header *header) {
  if (setjmp(reading->escape)) return false;
  read_markers(reading, data, size);
  header->width = reading->decoder.image_width;
  header->height = reading->decoder.image_height;
  header->components = reading->decoder.num_components;
  return true;
}

static bool read_pixels(
    reading *reading, const uint8_t *data, size_t size, uint8_t *pixels, size_t capacity) {
  if (setjmp(reading->escape)) return false;
  struct jpeg_decompress_struct *decoder = &reading->decoder;
  read_markers(reading, data, size);
  decoder->out_color_space = JCS_RGB;
  jpeg_start_decompress(decoder);
  size_t row_size = (size_t)3 * decoder->output_width;
  if (decoder->output_components != 3 || capacity != row_size * decoder->output_height) {
    snprintf(reading->message->text, sizeof reading->message->text,
             "the pixels do not fit the layout asked for");
    return false;
  }
  while (decoder->output_scanline < decoder->output_height) {
    JSAMPROW row = pixels + decoder->output_scanline * row_size;
    jpeg_read_scanlines(decoder, &row, 1);
  }
  jpeg_finish_decompress(decoder);
  return true;
}

bool codec_jpeg_read_header(
    const uint8_t *data, size_t size, codec_jpeg_header *header, codec_message *message) {
  reading reading;
  begin(&reading, message);
  bool succeeded = read_header(&reading, data, size, header);
  jpeg_destroy_decompress(&reading.decoder);
  return succeeded;
}

bool codec_jpeg_read_pixels(
    const uint8_t *data, size_t size, uint8_t *pixels, size_t capacity, codec_message *message) {
  reading reading;
  begin(&reading, message);
  bool succeeded = read_pixels(&reading, data, size, pixels, capacity);
  jpeg_destroy_decompress(&reading.decoder);
  return succeeded;
}
