#include "last_error.h"

#include <stddef.h>

#include "latticecrf.h"

/* One buffer per thread, not a pointer: nothing has to be freed when a thread ends. */
static _Thread_local char last_error[2048];

void latticecrf_keep_error(const char *text) {
  size_t length = 0;
  while (text[length] != 0 && length < sizeof last_error - 1) {
    last_error[length] = text[length];
    length++;
  }
  /* Not in the middle of a character of UTF-8. */
  while (length > 0 && text[length] != 0 && (text[length] & 0xC0) == 0x80) length--;
  last_error[length] = 0;
}

const char *latticecrf_last_error(void) { return last_error; }
