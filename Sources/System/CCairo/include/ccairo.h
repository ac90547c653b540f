// cairo, loaded at run time: programs that draw start without it, and nothing has to be installed to
// build them. Sheets are drawn on with fills, strokes, text and pictures.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Whether cairo is there. The first call looks for it; calls may come from any thread.
bool sheet_is_available(void);

// A sheet that is drawn on; not for two threads at once.
typedef struct sheet sheet;

// Red, green, blue and opacity, 0…1.
typedef struct {
  double red, green, blue, alpha;
} sheet_color;

// A sheet of width × height pixels, each unit of which is `scale` pixels. NULL where there is no memory.
sheet *sheet_of_pixels(int width, int height, double scale);

// A page of width × height points that `write` takes as PDF when it is finished; `write` returns
// whether it could. NULL where there is no memory.
sheet *sheet_of_pdf(
  double width, double height, bool (*write)(void *context, const uint8_t *bytes, size_t count),
  void *context);

// Draws what is still to be drawn. NULL where all is well, else what is wrong.
const char *sheet_finish(sheet *sheet);

// The finished pixels, four bytes each: blue, green, red and one that says nothing; `stride` is set to
// the bytes of a row.
const uint8_t *sheet_pixels(sheet *sheet, size_t *stride);

// Gives the finished pixels to `write` as a PNG file. NULL where all is well, else what is wrong.
const char *sheet_write_png(
  sheet *sheet, bool (*write)(void *context, const uint8_t *bytes, size_t count), void *context);

void sheet_free(sheet *sheet);

// A path through `count` pairs x, y; closed and filled, or stroked. `dash` is the length of dashes and
// of gaps, 0 for none.
void sheet_fill(sheet *sheet, const double *points, size_t count, sheet_color color);
void sheet_stroke(
  sheet *sheet, const double *points, size_t count, bool is_closed, double width, double dash,
  sheet_color color);
void sheet_disc(sheet *sheet, double x, double y, double radius, sheet_color color);

// A line of text that begins at x on the base line y, turned to run upwards where `is_upright`.
void sheet_text(
  sheet *sheet, const char *text, double x, double y, double size, bool is_bold, bool is_upright,
  sheet_color color);

// How far a line of text reaches, in units.
double sheet_text_width(const char *text, double size, bool is_bold);

// A picture of columns × rows pixels, 3 bytes each, over a rectangle; its pixels stay sharp.
void sheet_picture(
  sheet *sheet, const uint8_t *rgb, int columns, int rows, double x, double y, double width,
  double height);

// Nothing is drawn outside of the rectangle until sheet_unclip; clips may be nested.
void sheet_clip(sheet *sheet, double x, double y, double width, double height);
void sheet_unclip(sheet *sheet);
