/// PNG and JPEG in memory, behind functions that return.
///
/// libpng and libjpeg report errors by jumping out of their functions, which Swift code must never be
/// jumped through. Everything that can jump happens in here; what comes out is a result and a text.
///
/// The functions keep no state and may run on several threads at once. A failed function has freed all
/// that it took; what it wrote into the caller's buffer is not to be used.
#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What went wrong, as the library says it: `IDAT: CRC error`.
typedef struct {
  char text[200];
} codec_message;

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
  /// Bytes of the pixels before compression.
  uint64_t raw_size;
  /// Colours of a palette image, at most 256; 0 for others.
  uint16_t palette_count;
  /// Red, green and blue of each of them.
  uint8_t palette[768];
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
} codec_png_layout;

/// Reads everything before the pixels.
bool codec_png_read_header(
    const uint8_t *data, size_t size, codec_png_header *header, codec_message *message);

/// Reads all pixels, `capacity` bytes, which must be just what the layout needs. Alpha is dropped.
///
/// Fails where the data are damaged, too short or too long: there are no partial images.
bool codec_png_read_pixels(
    const uint8_t *data, size_t size, codec_png_layout layout, void *pixels, size_t capacity,
    codec_message *message);

/// Makes a PNG file of pixels.
///
/// `palette` has `palette_count` colours (at most 256) of three bytes; without any, samples are gray
/// values. The file must be freed with `codec_free`.
bool codec_png_write(
    uint32_t width, uint32_t height, codec_png_layout layout, const void *pixels,
    const uint8_t *palette, int palette_count, uint8_t **file, size_t *file_size,
    codec_message *message);

/// Frees what `codec_png_write` made.
void codec_free(uint8_t *file);

// MARK: JPEG

/// The facts that precede the pixels of a JPEG file.
typedef struct {
  uint32_t width;
  uint32_t height;
  /// Values a pixel in the file: 1 for gray, 3 for colour, 4 for CMYK.
  int components;
} codec_jpeg_header;

/// Reads everything before the pixels.
bool codec_jpeg_read_header(
    const uint8_t *data, size_t size, codec_jpeg_header *header, codec_message *message);

/// Reads all pixels as RGB, three bytes each: `capacity` is 3 · width · height. Gray becomes RGB.
///
/// Fails where the data end early or cannot be decoded, which libjpeg by itself would paint over.
bool codec_jpeg_read_pixels(
    const uint8_t *data, size_t size, uint8_t *pixels, size_t capacity, codec_message *message);

#endif
