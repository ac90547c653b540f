// libwebp, loaded at run time: programs that use it start without it, and nothing has to be installed
// to build them.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Whether libwebp is there. The first call looks for it; calls may come from any thread.
bool webp_is_available(void);

// The size of a still picture. False where the bytes are no such picture.
bool webp_size(const uint8_t *bytes, size_t count, int *width, int *height);

// Decodes a still picture into rows without gaps, of three bytes a pixel (red, green, blue), or of four
// with alpha. False where the bytes are damaged.
bool webp_decode(
  const uint8_t *bytes, size_t count, bool has_alpha, uint8_t *output, size_t size, int width);
