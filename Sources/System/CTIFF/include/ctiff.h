// libtiff, loaded at run time: programs that use it start without it, and nothing has to be installed
// to build them. Directories are read elsewhere; this decodes strips and tiles.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Why a call failed, as libtiff says it; ends with a zero.
typedef struct {
  char text[256];
} tiff_message;

// Whether libtiff is there. The first call looks for it; calls may come from any thread.
bool tiff_is_available(void);

// Whether libtiff decodes this compression.
bool tiff_decodes(uint16_t compression);

// An open file that decodes one page; not for two threads at once.
typedef struct tiff_page tiff_page;

// Opens the page whose directory stands at byte `directory`. NULL where that fails.
// `converts_colors` asks for RGB where the page is JPEG of luminance and chrominance.
tiff_page *tiff_page_open(
  const char *path, uint64_t directory, bool converts_colors, tiff_message *message);

void tiff_page_close(tiff_page *page);

// Bytes of a row of a strip (of one plane where planes are separate), or of a tile, as libtiff has it.
size_t tiff_row_size(tiff_page *page);
size_t tiff_tile_size(tiff_page *page);

// Decodes row `row` of plane `plane` into `output` of tiff_row_size bytes. Rows that come in order are
// decoded once.
bool tiff_read_row(
  tiff_page *page, uint32_t row, uint16_t plane, void *output, tiff_message *message);

// Decodes tile `tile` into `output` of tiff_tile_size bytes.
bool tiff_read_tile(tiff_page *page, uint32_t tile, void *output, tiff_message *message);
