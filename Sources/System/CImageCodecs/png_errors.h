// Shared by the PNG reader and writer: errors become a message and a jump.
#ifndef PNG_ERRORS_H
#define PNG_ERRORS_H

#include <png.h>

#include "cimagecodecs.h"

void codec_set_message(codec_message *message, const char *text);

_Noreturn void codec_png_fail(png_structp png, png_const_charp text);
void codec_png_ignore_warning(png_structp png, png_const_charp text);

#endif
