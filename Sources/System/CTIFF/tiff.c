#include "ctiff.h"

#include <cdynamiclibrary.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What is used of libtiff 4, whose binary interface is that of 4.0 (2011) and later.
typedef struct tiff TIFF;
typedef void (*error_handler)(const char *, const char *, va_list);

static struct {
  TIFF *(*open)(const char *, const char *);
  void (*close)(TIFF *);
  int (*set_directory)(TIFF *, uint64_t);
  int (*set_field)(TIFF *, uint32_t, ...);
  int (*read_row)(TIFF *, void *, uint32_t, uint16_t);
  ptrdiff_t (*read_tile)(TIFF *, uint32_t, void *, ptrdiff_t);
  ptrdiff_t (*row_size)(TIFF *);
  ptrdiff_t (*tile_size)(TIFF *);
  int (*decodes)(uint16_t);
  error_handler (*set_error_handler)(error_handler);
  error_handler (*set_warning_handler)(error_handler);
} lib;

static bool is_loaded;
static pthread_once_t loads_once = PTHREAD_ONCE_INIT;

// The first complaint of the call that runs on this thread.
static _Thread_local char complaint[sizeof(((tiff_message *)0)->text)];

static void note_error(const char *module, const char *format, va_list arguments) {
  (void)module;
  if (complaint[0] == 0) vsnprintf(complaint, sizeof complaint, format, arguments);
}

static void load(void) {
  static const char *const names[] = {
    "libtiff.so.6", "libtiff.so.5", "libtiff.so", "libtiff.6.dylib", "libtiff.dylib", NULL};
  const dynamic_symbol symbols[] = {
    {&lib.open, "TIFFOpen"},
    {&lib.close, "TIFFClose"},
    {&lib.set_directory, "TIFFSetSubDirectory"},
    {&lib.set_field, "TIFFSetField"},
    {&lib.read_row, "TIFFReadScanline"},
    {&lib.read_tile, "TIFFReadEncodedTile"},
    {&lib.row_size, "TIFFScanlineSize"},
    {&lib.tile_size, "TIFFTileSize"},
    {&lib.decodes, "TIFFIsCODECConfigured"},
    {&lib.set_error_handler, "TIFFSetErrorHandler"},
    {&lib.set_warning_handler, "TIFFSetWarningHandler"},
    {NULL, NULL},
  };
  if (!dynamic_library_load(names, symbols)) return;
  lib.set_error_handler(note_error);
  lib.set_warning_handler(NULL);
  is_loaded = true;
}

bool tiff_is_available(void) {
  pthread_once(&loads_once, load);
  return is_loaded;
}

bool tiff_decodes(uint16_t compression) {
  return tiff_is_available() && lib.decodes(compression) != 0;
}

struct tiff_page {
  TIFF *tiff;
};

static bool fail(tiff_message *message) {
  snprintf(message->text, sizeof message->text, "%s", complaint[0] ? complaint : "unknown");
  return false;
}

tiff_page *tiff_page_open(
  const char *path, uint64_t directory, bool converts_colors, tiff_message *message) {
  complaint[0] = 0;
  if (!tiff_is_available()) {
    snprintf(message->text, sizeof message->text, "libtiff is not installed");
    return NULL;
  }
  // Not mapped (m), and without reading the first directory (h), which may not be the one.
  TIFF *tiff = lib.open(path, "rmh");
  if (tiff == NULL) {
    fail(message);
    return NULL;
  }
  // 65538 is TIFFTAG_JPEGCOLORMODE, 1 JPEGCOLORMODE_RGB.
  if (!lib.set_directory(tiff, directory)
      || (converts_colors && !lib.set_field(tiff, 65538, 1))) {
    fail(message);
    lib.close(tiff);
    return NULL;
  }
  tiff_page *page = malloc(sizeof *page);
  if (page == NULL) {
    lib.close(tiff);
    return NULL;
  }
  page->tiff = tiff;
  return page;
}

void tiff_page_close(tiff_page *page) {
  lib.close(page->tiff);
  free(page);
}

size_t tiff_row_size(tiff_page *page) {
  const ptrdiff_t size = lib.row_size(page->tiff);
  return size > 0 ? (size_t)size : 0;
}

size_t tiff_tile_size(tiff_page *page) {
  const ptrdiff_t size = lib.tile_size(page->tiff);
  return size > 0 ? (size_t)size : 0;
}

bool tiff_read_row(
  tiff_page *page, uint32_t row, uint16_t plane, void *output, tiff_message *message) {
  complaint[0] = 0;
  if (lib.read_row(page->tiff, output, row, plane) == 1) return true;
  return fail(message);
}

bool tiff_read_tile(tiff_page *page, uint32_t tile, void *output, tiff_message *message) {
  complaint[0] = 0;
  const ptrdiff_t size = lib.tile_size(page->tiff);
  memset(output, 0, (size_t)size);
  if (lib.read_tile(page->tiff, tile, output, size) >= 0) return true;
  return fail(message);
}
