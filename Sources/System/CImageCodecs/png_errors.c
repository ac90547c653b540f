#include "png_errors.h"

#include <stdio.h>

void codec_set_message(codec_message *message, const char *text) {
  snprintf(message->text, sizeof message->text, "%s", text);
}

void codec_png_fail(png_structp png, png_const_charp text) {
  codec_set_message(png_get_error_ptr(png), text);
  png_longjmp(png, 1);
}

void codec_png_ignore_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}
