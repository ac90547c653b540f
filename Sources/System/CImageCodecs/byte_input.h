// How the readers of all formats take compressed bytes.
#ifndef BYTE_INPUT_H
#define BYTE_INPUT_H

#include "cimagecodecs.h"

/// The part of a file that is in memory.
typedef struct {
  codec_input input;
  const uint8_t *next;
  size_t rest;
  uint8_t block[1 << 16];
} byte_window;

/// Reads the next block where the last one is used up. Returns whether there are bytes.
static inline bool refill(byte_window *window) {
  if (window->rest > 0) return true;
  window->next = window->block;
  window->rest = window->input.read(window->input.context, window->block, sizeof window->block);
  return window->rest > 0;
}

#endif
