#include "cwebp.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

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
    "libwebp.so.7", "libwebp.so.6", "libwebp.so", "libwebp.7.dylib", "libwebp.dylib"};
  void *library = NULL;
  for (size_t i = 0; i < sizeof names / sizeof *names && library == NULL; i++) {
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  }
  if (library == NULL) return;
  const struct {
    void *place;
    const char *name;
  } symbols[] = {
    {&lib.get_info, "WebPGetInfo"},
    {&lib.decode_rgb, "WebPDecodeRGBInto"},
    {&lib.decode_rgba, "WebPDecodeRGBAInto"},
  };
  for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
    void *symbol = dlsym(library, symbols[i].name);
    if (symbol == NULL) return;
    memcpy(symbols[i].place, &symbol, sizeof symbol);
  }
  is_loaded = true;
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
