/*
 * A kernel that is invented, checked, looked at, compared and tuned in docs/laboratory.md: positions, colours in CIELAB,
 * and how rough the surface is, as the logarithm of the deviation of L* in 5 x 5 pixels.
 *
 *   cc -O2 -fPIC -shared -fvisibility=hidden -I FOLDER_OF_THE_HEADER -o libtexture.so texture.c -lm
 *   crf-lab check --plugin ./libtexture.so texture
 */
#include "latticecrf_plugin.h"

#include <math.h>
#include <stdlib.h>

enum { SPATIAL, COLOR, ROUGHNESS, SETTINGS };
/* Pixels on either side that roughness is taken over, and the deviation of L* below which all is smooth: sensors have
 * as much noise. */
enum { RADIUS = 2 };
static const double NOISE = 1;

static int make_texture(
    void *context, const latticecrf_plugin_value *values, void **object, latticecrf_plugin_call *call) {
  double *sigmas = malloc(SETTINGS * sizeof *sigmas);
  (void)context;
  if (!sigmas) return latticecrf_plugin_fail(call, "there is not enough memory");
  for (int k = 0; k < SETTINGS; k++)
    sigmas[k] = values[k].count > 0 ? values[k].numbers[0] : values[k].number;
  *object = sigmas;
  return 0;
}

static int texture_dimensions(
    void *object, const latticecrf_plugin_scene *scene, int32_t *dimensions, latticecrf_plugin_call *call) {
  (void)object;
  if (scene->rank != 2 || scene->channels != 3)
    return latticecrf_plugin_fail(call, "textures are those of a picture in red, green and blue");
  *dimensions = 6;
  return 0;
}

/* Light in 0 to 1 of a value in 0 to 255 (IEC 61966-2-1), and CIE's root of it. */
static double linear(double value) {
  double level = fmin(fmax(value, 0), 255) / 255;
  return level <= 0.04045 ? level / 12.92 : pow((level + 0.055) / 1.055, 2.4);
}
static double root(double value) {
  return value > 216.0 / 24389 ? cbrt(value) : (24389.0 / 27 * value + 16) / 116;
}

static void lab_of(const float *rgb, double *lab) {
  double r = linear(rgb[0]), g = linear(rgb[1]), b = linear(rgb[2]);
  double x = root((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
  double y = root(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
  double z = root((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883);
  lab[0] = 116 * y - 16;
  lab[1] = 500 * (x - y);
  lab[2] = 200 * (y - z);
}

static double roughness(const double *lab, int64_t width, int64_t height, int64_t x, int64_t y) {
  double sum = 0, squares = 0, count = 0;
  for (int64_t v = y - RADIUS; v <= y + RADIUS; v++) {
    for (int64_t u = x - RADIUS; u <= x + RADIUS; u++) {
      if (u < 0 || v < 0 || u >= width || v >= height) continue;
      double lightness = lab[3 * (v * width + u)];
      sum += lightness;
      squares += lightness * lightness;
      count += 1;
    }
  }
  double variance = squares / count - sum / count * (sum / count);
  return log(NOISE + sqrt(fmax(0, variance)));
}

static int texture_features(
    void *object, const latticecrf_plugin_scene *scene, float *features, int32_t dimensions,
    latticecrf_plugin_call *call) {
  const double *sigmas = object;
  int64_t height = scene->extents[0], width = scene->extents[1];
  double *lab = malloc(3 * (size_t)scene->points * sizeof *lab);
  if (!lab) return latticecrf_plugin_fail(call, "there is not enough memory");
  for (int64_t point = 0; point < scene->points; point++) lab_of(scene->image + 3 * point, lab + 3 * point);
  for (int64_t point = 0; point < scene->points; point++) {
    int64_t x = point % width, y = point / width;
    float *row = features + dimensions * point;
    row[0] = (float)((double)(scene->origin[1] + x) / sigmas[SPATIAL]);
    row[1] = (float)((double)(scene->origin[0] + y) / sigmas[SPATIAL]);
    for (int k = 0; k < 3; k++) row[2 + k] = (float)(lab[3 * point + k] / sigmas[COLOR]);
    row[5] = (float)(roughness(lab, width, height, x, y) / sigmas[ROUGHNESS]);
  }
  free(lab);
  return 0;
}

static const latticecrf_plugin_setting settings[] = {
    [SPATIAL] = {.size = sizeof(latticecrf_plugin_setting),
                 .key = "spatial",
                 .type = LATTICECRF_PLUGIN_BANDWIDTHS,
                 .help = "standard deviation of positions, in pixels"},
    [COLOR] = {.size = sizeof(latticecrf_plugin_setting),
               .key = "color",
               .type = LATTICECRF_PLUGIN_NUMBER,
               .maximum = 1000,
               .flags = LATTICECRF_PLUGIN_ABOVE_MINIMUM,
               .fallback = "5",
               .help = "standard deviation of colours, in units of delta E"},
    [ROUGHNESS] = {.size = sizeof(latticecrf_plugin_setting),
                   .key = "roughness",
                   .type = LATTICECRF_PLUGIN_NUMBER,
                   .maximum = 1000,
                   .flags = LATTICECRF_PLUGIN_ABOVE_MINIMUM,
                   .fallback = "0.5",
                   .help = "standard deviation of the logarithm of the local deviation of L*"},
};

static const latticecrf_plugin_kernel texture = {
    .kind =
        {.size = sizeof texture,
         .role = LATTICECRF_PLUGIN_KERNEL,
         .name = "texture",
         .summary = "positions, CIELAB colours and roughness",
         .example = "texture:weight=4,spatial=50,color=5,roughness=0.5",
         .settings = settings,
         .setting_count = SETTINGS,
         .flags = LATTICECRF_PLUGIN_NEEDS_IMAGE,
         .make = make_texture,
         .release = free},
    .dimensions = texture_dimensions,
    .features = texture_features,
};

static const latticecrf_plugin_kind *const kinds[] = {&texture.kind};
static const latticecrf_plugin_table table = {
    .size = sizeof table,
    .abi_version = LATTICECRF_PLUGIN_ABI_VERSION,
    .name = "texture",
    .kinds = kinds,
    .kind_count = 1,
};

LATTICECRF_PLUGIN_EXPORT const latticecrf_plugin_table *latticecrf_plugin(void) { return &table; }
