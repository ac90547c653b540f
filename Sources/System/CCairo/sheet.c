#include "ccairo.h"

#include <cdynamiclibrary.h>
#include <pthread.h>
#include <stdlib.h>

// What is used of cairo, whose binary interface is that of 1.10 (2010) and later.
typedef struct cairo cairo_t;
typedef struct cairo_surface cairo_surface_t;
typedef struct cairo_pattern cairo_pattern_t;
typedef struct {
  double x_bearing, y_bearing, width, height, x_advance, y_advance;
} text_extents;
typedef int (*write_function)(void *, const unsigned char *, unsigned int);

enum { FORMAT_RGB24 = 1, FILTER_NEAREST = 3, WRITE_ERROR = 11, JOIN_ROUND = 1 };

static struct {
  cairo_surface_t *(*image)(int, int, int);
  cairo_surface_t *(*image_for_data)(unsigned char *, int, int, int, int);
  cairo_surface_t *(*pdf)(write_function, void *, double, double);
  int (*png)(cairo_surface_t *, write_function, void *);
  unsigned char *(*data)(cairo_surface_t *);
  int (*stride)(cairo_surface_t *);
  void (*flush)(cairo_surface_t *);
  void (*finish)(cairo_surface_t *);
  int (*surface_status)(cairo_surface_t *);
  void (*surface_destroy)(cairo_surface_t *);
  cairo_t *(*create)(cairo_surface_t *);
  void (*destroy)(cairo_t *);
  int (*status)(cairo_t *);
  const char *(*status_text)(int);
  void (*save)(cairo_t *);
  void (*restore)(cairo_t *);
  void (*scale)(cairo_t *, double, double);
  void (*translate)(cairo_t *, double, double);
  void (*rotate)(cairo_t *, double);
  void (*move_to)(cairo_t *, double, double);
  void (*line_to)(cairo_t *, double, double);
  void (*close_path)(cairo_t *);
  void (*arc)(cairo_t *, double, double, double, double, double);
  void (*rectangle)(cairo_t *, double, double, double, double);
  void (*clip)(cairo_t *);
  void (*fill)(cairo_t *);
  void (*stroke)(cairo_t *);
  void (*paint)(cairo_t *);
  void (*line_width)(cairo_t *, double);
  void (*line_join)(cairo_t *, int);
  void (*dash)(cairo_t *, const double *, int, double);
  void (*color)(cairo_t *, double, double, double, double);
  void (*source)(cairo_t *, cairo_surface_t *, double, double);
  cairo_pattern_t *(*pattern)(cairo_t *);
  void (*filter)(cairo_pattern_t *, int);
  void (*font)(cairo_t *, const char *, int, int);
  void (*font_size)(cairo_t *, double);
  void (*show_text)(cairo_t *, const char *);
  void (*extents)(cairo_t *, const char *, text_extents *);
} lib;

static bool is_loaded;
static pthread_once_t loads_once = PTHREAD_ONCE_INIT;

static void load(void) {
  static const char *const names[] = {
    "libcairo.so.2", "libcairo.so", "libcairo.2.dylib", "libcairo.dylib", NULL};
  const dynamic_symbol symbols[] = {
    {&lib.image, "cairo_image_surface_create"},
    {&lib.image_for_data, "cairo_image_surface_create_for_data"},
    {&lib.pdf, "cairo_pdf_surface_create_for_stream"},
    {&lib.png, "cairo_surface_write_to_png_stream"},
    {&lib.data, "cairo_image_surface_get_data"},
    {&lib.stride, "cairo_image_surface_get_stride"},
    {&lib.flush, "cairo_surface_flush"},
    {&lib.finish, "cairo_surface_finish"},
    {&lib.surface_status, "cairo_surface_status"},
    {&lib.surface_destroy, "cairo_surface_destroy"},
    {&lib.create, "cairo_create"},
    {&lib.destroy, "cairo_destroy"},
    {&lib.status, "cairo_status"},
    {&lib.status_text, "cairo_status_to_string"},
    {&lib.save, "cairo_save"},
    {&lib.restore, "cairo_restore"},
    {&lib.scale, "cairo_scale"},
    {&lib.translate, "cairo_translate"},
    {&lib.rotate, "cairo_rotate"},
    {&lib.move_to, "cairo_move_to"},
    {&lib.line_to, "cairo_line_to"},
    {&lib.close_path, "cairo_close_path"},
    {&lib.arc, "cairo_arc"},
    {&lib.rectangle, "cairo_rectangle"},
    {&lib.clip, "cairo_clip"},
    {&lib.fill, "cairo_fill"},
    {&lib.stroke, "cairo_stroke"},
    {&lib.paint, "cairo_paint"},
    {&lib.line_width, "cairo_set_line_width"},
    {&lib.line_join, "cairo_set_line_join"},
    {&lib.dash, "cairo_set_dash"},
    {&lib.color, "cairo_set_source_rgba"},
    {&lib.source, "cairo_set_source_surface"},
    {&lib.pattern, "cairo_get_source"},
    {&lib.filter, "cairo_pattern_set_filter"},
    {&lib.font, "cairo_select_font_face"},
    {&lib.font_size, "cairo_set_font_size"},
    {&lib.show_text, "cairo_show_text"},
    {&lib.extents, "cairo_text_extents"},
    {NULL, NULL},
  };
  is_loaded = dynamic_library_load(names, symbols);
}

bool sheet_is_available(void) {
  pthread_once(&loads_once, load);
  return is_loaded;
}

struct sheet {
  cairo_surface_t *surface;
  cairo_t *context;
  bool (*write)(void *, const uint8_t *, size_t);
  void *write_context;
};

static int pass_on(void *closure, const unsigned char *bytes, unsigned int count) {
  sheet *sheet = closure;
  return sheet->write(sheet->write_context, bytes, count) ? 0 : WRITE_ERROR;
}

// Takes the surface, of which cairo makes one that is broken where it cannot make it.
static sheet *begin(sheet *sheet, cairo_surface_t *surface, double scale) {
  sheet->surface = surface;
  sheet->context = lib.create(surface);
  if (lib.status(sheet->context) != 0) {
    sheet_free(sheet);
    return NULL;
  }
  lib.scale(sheet->context, scale, scale);
  lib.line_join(sheet->context, JOIN_ROUND);
  return sheet;
}

sheet *sheet_of_pixels(int width, int height, double scale) {
  sheet *sheet = sheet_is_available() ? calloc(1, sizeof *sheet) : NULL;
  return sheet == NULL ? NULL : begin(sheet, lib.image(FORMAT_RGB24, width, height), scale);
}

sheet *sheet_of_pdf(
  double width, double height, bool (*write)(void *, const uint8_t *, size_t), void *context) {
  sheet *sheet = sheet_is_available() ? calloc(1, sizeof *sheet) : NULL;
  if (sheet == NULL) return NULL;
  sheet->write = write;
  sheet->write_context = context;
  return begin(sheet, lib.pdf(pass_on, sheet, width, height), 1);
}

const char *sheet_finish(sheet *sheet) {
  int status = lib.status(sheet->context);
  if (sheet->write != NULL) lib.finish(sheet->surface);
  else lib.flush(sheet->surface);
  if (status == 0) status = lib.surface_status(sheet->surface);
  return status == 0 ? NULL : lib.status_text(status);
}

const uint8_t *sheet_pixels(sheet *sheet, size_t *stride) {
  *stride = (size_t)lib.stride(sheet->surface);
  return lib.data(sheet->surface);
}

const char *sheet_write_png(
  sheet *sheet, bool (*write)(void *, const uint8_t *, size_t), void *context) {
  sheet->write = write;
  sheet->write_context = context;
  const int status = lib.png(sheet->surface, pass_on, sheet);
  sheet->write = NULL;
  return status == 0 ? NULL : lib.status_text(status);
}

void sheet_free(sheet *sheet) {
  lib.destroy(sheet->context);
  lib.surface_destroy(sheet->surface);
  free(sheet);
}

static void use(sheet *sheet, sheet_color color) {
  lib.color(sheet->context, color.red, color.green, color.blue, color.alpha);
}

static void trace(sheet *sheet, const double *points, size_t count) {
  for (size_t i = 0; i < count; i++) {
    (i == 0 ? lib.move_to : lib.line_to)(sheet->context, points[2 * i], points[2 * i + 1]);
  }
}

void sheet_fill(sheet *sheet, const double *points, size_t count, sheet_color color) {
  use(sheet, color);
  trace(sheet, points, count);
  lib.close_path(sheet->context);
  lib.fill(sheet->context);
}

void sheet_stroke(
  sheet *sheet, const double *points, size_t count, bool is_closed, double width, double dash,
  sheet_color color) {
  use(sheet, color);
  lib.line_width(sheet->context, width);
  lib.dash(sheet->context, &dash, dash > 0 ? 1 : 0, 0);
  trace(sheet, points, count);
  if (is_closed) lib.close_path(sheet->context);
  lib.stroke(sheet->context);
}

void sheet_disc(sheet *sheet, double x, double y, double radius, sheet_color color) {
  use(sheet, color);
  lib.arc(sheet->context, x, y, radius, 0, 6.283185307179586);
  lib.fill(sheet->context);
}

// The face that fontconfig has for text without serifs.
static void choose_font(cairo_t *context, double size, bool is_bold) {
  lib.font(context, "sans-serif", 0, is_bold ? 1 : 0);
  lib.font_size(context, size);
}

void sheet_text(
  sheet *sheet, const char *text, double x, double y, double size, bool is_bold, bool is_upright,
  sheet_color color) {
  lib.save(sheet->context);
  use(sheet, color);
  choose_font(sheet->context, size, is_bold);
  lib.translate(sheet->context, x, y);
  if (is_upright) lib.rotate(sheet->context, -1.5707963267948966);
  lib.move_to(sheet->context, 0, 0);
  lib.show_text(sheet->context, text);
  lib.restore(sheet->context);
}

double sheet_text_width(const char *text, double size, bool is_bold) {
  // Measured large, for widths at small sizes are rounded to whole pixels.
  const double large = 200;
  sheet *sheet = sheet_of_pixels(1, 1, 1);
  if (sheet == NULL) return 0;
  choose_font(sheet->context, large, is_bold);
  text_extents extents = {0};
  lib.extents(sheet->context, text, &extents);
  sheet_free(sheet);
  return extents.x_advance * size / large;
}

void sheet_picture(
  sheet *sheet, const uint8_t *rgb, int columns, int rows, double x, double y, double width,
  double height) {
  uint32_t *pixels = malloc((size_t)columns * (size_t)rows * sizeof *pixels);
  if (pixels == NULL) return;
  for (size_t i = 0; i < (size_t)columns * (size_t)rows; i++) {
    pixels[i] = (uint32_t)rgb[3 * i] << 16 | (uint32_t)rgb[3 * i + 1] << 8 | rgb[3 * i + 2];
  }
  cairo_surface_t *surface =
    lib.image_for_data((unsigned char *)pixels, FORMAT_RGB24, columns, rows, 4 * columns);
  lib.save(sheet->context);
  lib.rectangle(sheet->context, x, y, width, height);
  lib.clip(sheet->context);
  lib.translate(sheet->context, x, y);
  lib.scale(sheet->context, width / columns, height / rows);
  lib.source(sheet->context, surface, 0, 0);
  lib.filter(lib.pattern(sheet->context), FILTER_NEAREST);
  lib.paint(sheet->context);
  lib.restore(sheet->context);
  // What cairo still needs of it, it copies.
  lib.finish(surface);
  lib.surface_destroy(surface);
  free(pixels);
}

void sheet_clip(sheet *sheet, double x, double y, double width, double height) {
  lib.save(sheet->context);
  lib.rectangle(sheet->context, x, y, width, height);
  lib.clip(sheet->context);
}

void sheet_unclip(sheet *sheet) { lib.restore(sheet->context); }
