/// PNG and JPEG, row by row, behind functions that return.
///
/// libpng and libjpeg report errors by jumping out of their functions, which Swift code must never be
/// jumped through. Everything that can jump happens in here; what comes out is a result and a text.
///
/// A reader or writer serves one thread at a time; several may work at once. One that failed may only be
/// closed, and what it wrote into the caller's buffer is not to be used.
#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What went wrong, as the library says it: `IDAT: CRC error`.
typedef struct {
  char text[200];
} codec_message;

/// Puts at most `count` of a file's next bytes into `bytes`; returns how many, 0 where no more come.
typedef size_t (*codec_read)(void *context, uint8_t *bytes, size_t count);

/// Where compressed bytes come from.
typedef struct {
  codec_read read;
  void *context;
} codec_input;

/// Takes the next bytes of a file; returns whether it could.
typedef bool (*codec_write)(void *context, const uint8_t *bytes, size_t count);

// MARK: PNG

/// What the samples of a PNG file stand for; the numbers are those of the format.
typedef enum {
  CODEC_PNG_GRAY = 0,
  CODEC_PNG_RGB = 2,
  CODEC_PNG_PALETTE = 3,
  CODEC_PNG_GRAY_ALPHA = 4,
  CODEC_PNG_RGB_ALPHA = 6,
} codec_png_color;

/// The facts that precede the pixels of a PNG file.
typedef struct {
  uint32_t width;
  uint32_t height;
  /// Bits a sample: 1, 2, 4, 8 or 16.
  uint8_t bit_depth;
  codec_png_color color;
  /// Whether the rows come in several passes, so that they can be read only all at once.
  bool is_interlaced;
  /// Bytes of the pixels before compression.
  uint64_t raw_size;
  /// Colours of a palette image, at most 256; 0 for others.
  uint16_t palette_count;
  /// Red, green and blue of each of them.
  uint8_t palette[768];
  /// Given by who opens the file: whether transparency without a channel of its own (tRNS) is kept.
  bool keeps_transparency;
  /// Whether pixels may be transparent, by a channel or, if it is kept, without one.
  bool has_transparency;
} codec_png_header;

/// How pixels stand in memory, rows without gaps.
typedef enum {
  /// Palette indices or gray values as they are in the file, not scaled: one byte a pixel.
  /// For palette images, and gray ones of at most 8 bits.
  CODEC_PNG_SAMPLES_8,
  /// Gray values of 16 bits, in the machine's byte order. For gray images of 16 bits.
  CODEC_PNG_SAMPLES_16,
  /// Three bytes a pixel, scaled to 0…255. For all but palette images.
  CODEC_PNG_RGB_8,
  /// Three samples of 16 bits a pixel, in the machine's byte order. For images of 16 bits a sample.
  CODEC_PNG_RGB_16,
  /// Four bytes a pixel, scaled to 0…255, the last one alpha. For images with transparency.
  CODEC_PNG_RGBA_8,
} codec_png_layout;

typedef struct codec_png_reader codec_png_reader;

/// Reads everything before the pixels; `header` says how. NULL on failure.
codec_png_reader *codec_png_reader_open(
    codec_input input, codec_png_header *header, codec_message *message);

/// Says once how pixels are to stand in memory. Alpha is dropped where they have no room for it.
bool codec_png_reader_start(
    codec_png_reader *reader, codec_png_layout layout, codec_message *message);

/// Reads the next `count` rows; all at once where the image is interlaced.
///
/// Fails where the data are damaged, too short or too long, the latter with the last row: an image that
/// was read to its end is whole.
bool codec_png_reader_rows(
    codec_png_reader *reader, void *pixels, size_t count, codec_message *message);

void codec_png_reader_close(codec_png_reader *reader);

typedef struct codec_png_writer codec_png_writer;

/// Writes what precedes the pixels of a PNG file. NULL on failure.
///
/// `palette` has `palette_count` colours (at most 256) of three bytes; without any, samples are gray
/// values.
codec_png_writer *codec_png_writer_open(
    uint32_t width, uint32_t height, codec_png_layout layout, const uint8_t *palette,
    int palette_count, codec_write write, void *context, codec_message *message);

/// Writes the next `count` rows, which stand in memory without gaps.
bool codec_png_writer_rows(
    codec_png_writer *writer, const void *pixels, size_t count, codec_message *message);

/// Writes what follows the last row.
bool codec_png_writer_finish(codec_png_writer *writer, codec_message *message);

void codec_png_writer_close(codec_png_writer *writer);

// MARK: JPEG

/// The facts that precede the pixels of a JPEG file.
typedef struct {
  uint32_t width;
  uint32_t height;
  /// Values a pixel in the file: 1 for gray, 3 for colour, 4 for CMYK.
  int components;
  /// Whether the rows come in several scans (progressive files): the reader then holds up to six bytes a
  /// pixel.
  bool is_held_whole;
} codec_jpeg_header;

typedef struct codec_jpeg_reader codec_jpeg_reader;

/// Reads everything before the pixels. NULL on failure.
codec_jpeg_reader *codec_jpeg_reader_open(
    codec_input input, codec_jpeg_header *header, codec_message *message);

/// Begins with the pixels.
bool codec_jpeg_reader_start(codec_jpeg_reader *reader, codec_message *message);

/// Reads the next `count` rows as RGB, three bytes a pixel. Gray becomes RGB, and so does CMYK, without regard
/// to profiles.
///
/// Fails where the data end early or cannot be decoded, which libjpeg by itself would paint over.
bool codec_jpeg_reader_rows(
    codec_jpeg_reader *reader, uint8_t *pixels, size_t count, codec_message *message);

/// What was odd about the file so far without costing a pixel, as libjpeg says it; empty where nothing was.
const char *codec_jpeg_reader_warning(const codec_jpeg_reader *reader);

void codec_jpeg_reader_close(codec_jpeg_reader *reader);

#endif
