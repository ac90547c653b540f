#include "cwebp.h"

#include <cdynamiclibrary.h>
#include <pthread.h>

// What is used of libwebp, whose binary interface is that of 0.5 (2015) and later.
static struct {
  int (*get_info)(const uint8_t *, size_t, int *, int *);
  uint8_t *(*decode_rgb)(const uint8_t *, size_t, uint8_t *, size_t, int);
  uint8_t *(*decode_rgba)(const uint8_t *, size_t, uint8_t *, size_t, int);
} lib;

static bool is_loaded;
static pthread_once_t loads_once = PTHREAD_ONCE_INIT;

static void load(void) {
  static const char *const names[] = {
    "libwebp.so.7", "libwebp.so.6", "libwebp.so", "libwebp.7.dylib", "libwebp.dylib", NULL};
  const dynamic_symbol symbols[] = {
    {&lib.get_info, "WebPGetInfo"},
    {&lib.decode_rgb, "WebPDecodeRGBInto"},
    {&lib.decode_rgba, "WebPDecodeRGBAInto"},
    {NULL, NULL},
  };
  is_loaded = dynamic_library_load(names, symbols);
}

bool webp_is_available(void) {
  pthread_once(&loads_once, load);
  return is_loaded;
}

bool webp_size(const uint8_t *bytes, size_t count, int *width, int *height) {
  return webp_is_available() && lib.get_info(bytes, count, width, height) != 0;
}

bool webp_decode(
  const uint8_t *bytes, size_t count, bool has_alpha, uint8_t *output, size_t size, int width) {
  if (!webp_is_available()) return false;
  const int stride = (has_alpha ? 4 : 3) * width;
  uint8_t *(*decode)(const uint8_t *, size_t, uint8_t *, size_t, int) =
    has_alpha ? lib.decode_rgba : lib.decode_rgb;
  return decode(bytes, count, output, size, stride) != NULL;
}
