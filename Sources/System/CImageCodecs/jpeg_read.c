#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <jerror.h>

#include "byte_input.h"

// Encoders make about ten scans; a file can claim any number of empty ones, each as slow as a real one.
enum { MOST_SCANS = 200 };

// All that a reading needs; see `codec_png_reader` for why it is a structure on the heap.
struct codec_jpeg_reader {
  struct jpeg_decompress_struct decoder;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  struct jpeg_source_mgr source;
  jmp_buf escape;
  codec_message message;
  // The first that was odd but cost no pixel; empty where nothing was.
  codec_message warning;
  byte_window window;
  // A row of CMYK; NULL for other images.
  uint8_t *inks;
};

static void fail(j_common_ptr decoder) {
  codec_jpeg_reader *reader = decoder->client_data;
  char text[JMSG_LENGTH_MAX];
  decoder->err->format_message(decoder, text);
  snprintf(reader->message.text, sizeof reader->message.text, "%s", text);
  longjmp(reader->escape, 1);
}

// libjpeg calls lost pixels a warning and fills them with gray. Only what leaves the pixels whole passes,
// and is noted.
static void judge_message(j_common_ptr decoder, int level) {
  bool is_warning = level < 0;
  if (!is_warning) return;
  switch (decoder->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    // The limits of a scan's frequencies, which only a progressive file needs; phones leave them empty.
    case JWRN_NOT_SEQUENTIAL: {
      codec_jpeg_reader *reader = decoder->client_data;
      if (reader->warning.text[0]) return;
      char text[JMSG_LENGTH_MAX];
      decoder->err->format_message(decoder, text);
      snprintf(reader->warning.text, sizeof reader->warning.text, "%s", text);
      break;
    }
    default:
      fail(decoder);
  }
}

static void say_nothing(j_common_ptr decoder) { (void)decoder; }

static void limit_scans(j_common_ptr decoder) {
  if (((j_decompress_ptr)decoder)->input_scan_number > MOST_SCANS) {
    codec_jpeg_reader *reader = decoder->client_data;
    snprintf(reader->message.text, sizeof reader->message.text, "more than %d scans", MOST_SCANS);
    longjmp(reader->escape, 1);
  }
}

// Where no more bytes come, a marker of the end stands in for them; the warning makes the reading fail.
static boolean take_block(j_decompress_ptr decoder) {
  static const JOCTET end[] = {0xFF, JPEG_EOI};
  codec_jpeg_reader *reader = decoder->client_data;
  if (refill(&reader->window)) {
    decoder->src->next_input_byte = reader->window.next;
    decoder->src->bytes_in_buffer = reader->window.rest;
    reader->window.rest = 0;
  } else {
    WARNMS(decoder, JWRN_JPEG_EOF);
    decoder->src->next_input_byte = end;
    decoder->src->bytes_in_buffer = sizeof end;
  }
  return TRUE;
}

static void skip_bytes(j_decompress_ptr decoder, long count) {
  struct jpeg_source_mgr *source = decoder->src;
  while (count > (long)source->bytes_in_buffer) {
    count -= (long)source->bytes_in_buffer;
    take_block(decoder);
  }
  if (count <= 0) return;
  source->next_input_byte += count;
  source->bytes_in_buffer -= (size_t)count;
}

static void do_nothing(j_decompress_ptr decoder) { (void)decoder; }

static bool read_header(codec_jpeg_reader *reader, codec_jpeg_header *header) {
  struct jpeg_decompress_struct *decoder = &reader->decoder;
  decoder->err = jpeg_std_error(&reader->errors);
  reader->errors.error_exit = fail;
  reader->errors.emit_message = judge_message;
  reader->errors.output_message = say_nothing;
  decoder->client_data = reader;
  if (setjmp(reader->escape)) return false;
  jpeg_create_decompress(decoder);
  reader->progress.progress_monitor = limit_scans;
  decoder->progress = &reader->progress;
  reader->source.init_source = do_nothing;
  reader->source.fill_input_buffer = take_block;
  reader->source.skip_input_data = skip_bytes;
  reader->source.resync_to_restart = jpeg_resync_to_restart;
  reader->source.term_source = do_nothing;
  decoder->src = &reader->source;
  jpeg_read_header(decoder, TRUE);
  header->width = decoder->image_width;
  header->height = decoder->image_height;
  header->components = decoder->num_components;
  header->is_held_whole = jpeg_has_multiple_scans(decoder);
  return true;
}

static bool start(codec_jpeg_reader *reader) {
  if (setjmp(reader->escape)) return false;
  bool is_cmyk = reader->decoder.num_components == 4;
  reader->decoder.out_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
  if (is_cmyk) {
    reader->inks = malloc((size_t)4 * reader->decoder.image_width);
    if (!reader->inks) {
      snprintf(reader->message.text, sizeof reader->message.text, "out of memory");
      return false;
    }
  }
  jpeg_start_decompress(&reader->decoder);
  return true;
}

// Red is (255 - C)(255 - K) / 255, and so on, as image programs have it without a profile. Adobe's programs,
// whose marker tells, store what is left of 255.
static void convert_inks(const uint8_t *inks, bool is_inverted, size_t count, uint8_t *rgb) {
  for (size_t i = 0; i < count; i++) {
    unsigned black = is_inverted ? inks[4 * i + 3] : 255u - inks[4 * i + 3];
    for (int c = 0; c < 3; c++) {
      unsigned ink = is_inverted ? inks[4 * i + c] : 255u - inks[4 * i + c];
      rgb[3 * i + c] = (uint8_t)((ink * black + 127) / 255);
    }
  }
}

static bool read_rows(codec_jpeg_reader *reader, uint8_t *pixels, size_t count) {
  if (setjmp(reader->escape)) return false;
  struct jpeg_decompress_struct *decoder = &reader->decoder;
  size_t row_size = (size_t)3 * decoder->output_width;
  if (decoder->output_components != (reader->inks ? 4 : 3)
      || count > decoder->output_height - decoder->output_scanline) {
    snprintf(reader->message.text, sizeof reader->message.text, "not these rows can be read");
    return false;
  }
  for (size_t row = 0; row < count; row++) {
    JSAMPROW target = reader->inks ? reader->inks : pixels + row * row_size;
    jpeg_read_scanlines(decoder, &target, 1);
    if (reader->inks) {
      convert_inks(
          reader->inks, decoder->saw_Adobe_marker, decoder->output_width, pixels + row * row_size);
    }
  }
  if (decoder->output_scanline == decoder->output_height) jpeg_finish_decompress(decoder);
  return true;
}

codec_jpeg_reader *codec_jpeg_reader_open(
    codec_input input, codec_jpeg_header *header, codec_message *message) {
  codec_jpeg_reader *reader = calloc(1, sizeof *reader);
  if (!reader) {
    snprintf(message->text, sizeof message->text, "out of memory");
    return NULL;
  }
  reader->window.input = input;
  if (read_header(reader, header)) return reader;
  *message = reader->message;
  codec_jpeg_reader_close(reader);
  return NULL;
}

bool codec_jpeg_reader_start(codec_jpeg_reader *reader, codec_message *message) {
  if (start(reader)) return true;
  *message = reader->message;
  return false;
}

bool codec_jpeg_reader_rows(
    codec_jpeg_reader *reader, uint8_t *pixels, size_t count, codec_message *message) {
  if (read_rows(reader, pixels, count)) return true;
  *message = reader->message;
  return false;
}

const char *codec_jpeg_reader_warning(const codec_jpeg_reader *reader) { return reader->warning.text; }

void codec_jpeg_reader_close(codec_jpeg_reader *reader) {
  jpeg_destroy_decompress(&reader->decoder);
  free(reader->inks);
  free(reader);
}
