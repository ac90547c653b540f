/*
 * A plug-in with one kind of everything. Take out what you do not need, and begin with the kernel.
 *
 *   cc -O2 -fPIC -shared -fvisibility=hidden -I FOLDER_OF_THE_HEADER -o libexample.so plugin.c -lm
 *
 * The header lies in Sources/PluginHeader/include, or where `python -c "import latticecrf;
 * print(latticecrf.get_include())"` says.
 *
 *   crf-refine --plugin ./libexample.so --step help:unsure
 *   crf-refine --plugin ./libexample.so --kernel hue:weight=4,spatial=50,hue=0.03 ...
 */
#include "latticecrf_plugin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Most objects here are their settings' numbers: the values of a kind come in the order of its settings. */
static int make_numbers(
    void *context, const latticecrf_plugin_value *values, void **object, latticecrf_plugin_call *call) {
  int count = (int)(intptr_t)context;
  double *numbers = malloc((size_t)count * sizeof *numbers);
  if (!numbers) return latticecrf_plugin_fail(call, "there is not enough memory");
  for (int index = 0; index < count; index++)
    numbers[index] = values[index].count > 0 ? values[index].numbers[0] : values[index].number;
  *object = numbers;
  return 0;
}

/* A kernel: neighbours of like hue ought to share a label, in light or in shadow --------------------------------- */

static int hue_dimensions(
    void *object, const latticecrf_plugin_scene *scene, int32_t *dimensions, latticecrf_plugin_call *call) {
  (void)object;
  if (scene->rank != 2 || scene->channels != 3)
    return latticecrf_plugin_fail(
        call, "hues are those of a picture in red, green and blue, not of %d channels on %d axes",
        (int)scene->channels, (int)scene->rank);
  *dimensions = 4;
  return 0;
}

static int hue_features(
    void *object, const latticecrf_plugin_scene *scene, float *features, int32_t dimensions,
    latticecrf_plugin_call *call) {
  const double *sigmas = object;
  int64_t width = scene->extents[1];
  (void)call;
  for (int64_t point = 0; point < scene->points; point++) {
    const float *color = scene->image + 3 * point;
    float *row = features + dimensions * point;
    /* One more than the sum, so that black is gray and nothing is divided by 0. */
    float sum = color[0] + color[1] + color[2] + 1;
    /* Tiles find their points where the whole image has them. */
    row[0] = (float)((double)(scene->origin[1] + point % width) / sigmas[0]);
    row[1] = (float)((double)(scene->origin[0] + point / width) / sigmas[0]);
    row[2] = (float)(color[0] / sum / sigmas[1]);
    row[3] = (float)(color[1] / sum / sigmas[1]);
  }
  return 0;
}

static const latticecrf_plugin_setting hue_settings[] = {
    {.size = sizeof(latticecrf_plugin_setting),
     .key = "spatial",
     .type = LATTICECRF_PLUGIN_BANDWIDTHS,
     .help = "standard deviation of positions, in pixels"},
    {.size = sizeof(latticecrf_plugin_setting),
     .key = "hue",
     .type = LATTICECRF_PLUGIN_NUMBER,
     .maximum = 10,
     .flags = LATTICECRF_PLUGIN_ABOVE_MINIMUM,
     .fallback = "0.03",
     .help = "standard deviation of the shares of colours, which lie in 0 to 1"},
};

static const latticecrf_plugin_kernel hue = {
    .kind =
        {.size = sizeof hue,
         .role = LATTICECRF_PLUGIN_KERNEL,
         .name = "hue",
         .summary = "positions and hues",
         .example = "hue:weight=4,spatial=50,hue=0.03",
         .settings = hue_settings,
         .setting_count = 2,
         .flags = LATTICECRF_PLUGIN_NEEDS_IMAGE,
         .context = (void *)2,
         .make = make_numbers,
         .release = free},
    .dimensions = hue_dimensions,
    .features = hue_features,
};

/* A filter: the definition, word for word ------------------------------------------------------------------------ */

struct pairs {
  int64_t points;
  int32_t dimensions;
  float features[];
};

static int pairs_prepare(
    void *object, const latticecrf_plugin_features *features, void **filter,
    latticecrf_plugin_call *call) {
  size_t size = (size_t)features->points * (size_t)features->dimensions * sizeof(float);
  (void)object;
  if (features->points > 100000)
    return latticecrf_plugin_fail(call, "%lld points take too long", (long long)features->points);
  struct pairs *pairs = malloc(sizeof *pairs + size);
  if (!pairs) return latticecrf_plugin_fail(call, "there is not enough memory");
  pairs->points = features->points;
  pairs->dimensions = features->dimensions;
  memcpy(pairs->features, features->features, size);
  *filter = pairs;
  return 0;
}

static int pairs_apply(
    void *filter, const float *values, int32_t channels, int64_t stride, float *sums,
    latticecrf_plugin_call *call) {
  const struct pairs *pairs = filter;
  for (int64_t i = 0; i < pairs->points; i++) {
    const float *here = pairs->features + i * pairs->dimensions;
    if (call->cancelled && *call->cancelled) return latticecrf_plugin_fail(call, "cancelled");
    for (int32_t channel = 0; channel < channels; channel++) sums[i * stride + channel] = 0;
    for (int64_t j = 0; j < pairs->points; j++) {
      const float *there = pairs->features + j * pairs->dimensions;
      float distance = 0;
      for (int32_t k = 0; k < pairs->dimensions; k++)
        distance += (here[k] - there[k]) * (here[k] - there[k]);
      float weight = expf(-0.5f * distance);
      for (int32_t channel = 0; channel < channels; channel++)
        sums[i * stride + channel] += weight * values[j * stride + channel];
    }
  }
  return 0;
}

static const latticecrf_plugin_filter pairs = {
    .kind =
        {.size = sizeof pairs,
         .role = LATTICECRF_PLUGIN_FILTER,
         .name = "pairs",
         .summary = "every pair of points, one after the other"},
    .prepare = pairs_prepare,
    .release_filter = free,
    .apply = pairs_apply,
};

/* A fast filter: points on a line, in bins of a quarter of a bandwidth -------------------------------------------- */

/* Bins per bandwidth, and how many on either side matter: five bandwidths. */
enum { DENSITY = 4, RADIUS = 5 * DENSITY };

struct bins {
  int64_t points, count, runs;
  int64_t *first_rows;
  uint32_t *vertices;
  float *weights;
};

static void bins_release(void *filter) {
  struct bins *bins = filter;
  free(bins->first_rows);
  free(bins->vertices);
  free(bins->weights);
  free(bins);
}

static int bins_prepare(
    void *object, const latticecrf_plugin_features *features, void **filter,
    latticecrf_plugin_call *call) {
  float low = 0, high = 0;
  (void)object;
  if (features->dimensions != 1)
    return latticecrf_plugin_fail(call, "bins hold 1 feature, not %d", (int)features->dimensions);
  for (int64_t point = 0; point < features->points; point++) {
    float position = features->features[point];
    if (point == 0 || position < low) low = position;
    if (point == 0 || position > high) high = position;
  }
  if (high - low > 1e6f) return latticecrf_plugin_fail(call, "points reach too far for bins");
  struct bins *bins = calloc(1, sizeof *bins);
  if (!bins) return latticecrf_plugin_fail(call, "there is not enough memory");
  bins->count = (int64_t)((high - low) * DENSITY) + 2;
  bins->points = features->points;
  bins->runs = features->run_count;
  bins->first_rows = malloc((size_t)(features->run_count + 1) * sizeof(int64_t));
  bins->vertices = malloc((size_t)(2 * features->points + 1) * sizeof(uint32_t));
  bins->weights = malloc((size_t)(2 * features->points + 1) * sizeof(float));
  if (!bins->first_rows || !bins->vertices || !bins->weights) {
    bins_release(bins);
    return latticecrf_plugin_fail(call, "there is not enough memory");
  }
  /* Runs of points are splatted at the same time, so that each has bins of its own; row 0 is nobody's. */
  for (int64_t run = 0; run <= bins->runs; run++) bins->first_rows[run] = 1 + run * bins->count;
  /* Between the two bins around it, a point is shared out by its distances from them. */
  for (int64_t point = 0; point < features->points; point++) {
    float position = (features->features[point] - low) * DENSITY, bin = floorf(position);
    bins->vertices[2 * point] = (uint32_t)bin;
    bins->vertices[2 * point + 1] = (uint32_t)bin + 1;
    bins->weights[2 * point] = 1 - (position - bin);
    bins->weights[2 * point + 1] = position - bin;
  }
  *filter = bins;
  return 0;
}

static int bins_factors(
    void *filter, latticecrf_plugin_factors *factors, latticecrf_plugin_call *call) {
  const struct bins *bins = filter;
  (void)call;
  factors->rows = 1 + bins->runs * bins->count;
  factors->first_rows = bins->first_rows;
  factors->corners = 2;
  factors->vertices = bins->vertices;
  factors->weights = bins->weights;
  factors->gain = 1;
  factors->scratch = bins->count;
  return 0;
}

static float bins_weight(int64_t steps) {
  float distance = (float)steps / DENSITY;
  return expf(-0.5f * distance * distance);
}

static int bins_blur(
    void *filter, float *panel, int64_t rows, int32_t width, float *scratch,
    latticecrf_plugin_call *call) {
  const struct bins *bins = filter;
  int64_t size = bins->count * width;
  (void)rows;
  (void)call;
  memset(scratch, 0, (size_t)size * sizeof *scratch);
  for (int64_t run = 0; run < bins->runs; run++)
    for (int64_t index = 0; index < size; index++)
      scratch[index] += panel[bins->first_rows[run] * width + index];
  for (int64_t bin = 0; bin < bins->count; bin++)
    for (int32_t column = 0; column < width; column++) {
      float sum = 0;
      int64_t first = bin < RADIUS ? 0 : bin - RADIUS;
      for (int64_t other = first; other < bins->count && other <= bin + RADIUS; other++)
        sum += bins_weight(bin - other) * scratch[other * width + column];
      for (int64_t run = 0; run < bins->runs; run++)
        panel[(bins->first_rows[run] + bin) * width + column] = sum;
    }
  return 0;
}

static int bins_self_weights(void *filter, float *weights, latticecrf_plugin_call *call) {
  const struct bins *bins = filter;
  (void)call;
  for (int64_t point = 0; point < bins->points; point++) {
    float left = bins->weights[2 * point], right = bins->weights[2 * point + 1];
    weights[point] = left * left + right * right + 2 * left * right * bins_weight(1);
  }
  return 0;
}

static const latticecrf_plugin_filter bins = {
    .kind =
        {.size = sizeof bins,
         .role = LATTICECRF_PLUGIN_FILTER,
         .name = "bins",
         .summary = "bins of a quarter of a bandwidth, for one feature"},
    .prepare = bins_prepare,
    .release_filter = bins_release,
    .self_weights = bins_self_weights,
    .factors = bins_factors,
    .blur = bins_blur,
};

/* A compatibility: labels in an order, of which distant ones cost no more than some steps ------------------------- */

static int ordered_costs(void *object, int32_t labels, float *costs, latticecrf_plugin_call *call) {
  const double *settings = object;
  (void)call;
  for (int32_t row = 0; row < labels; row++)
    for (int32_t column = 0; column < labels; column++)
      costs[row * labels + column] = (float)(settings[0] * fmin(abs(row - column), settings[1]));
  return 0;
}

static const latticecrf_plugin_setting ordered_settings[] = {
    {.size = sizeof(latticecrf_plugin_setting),
     .key = "weight",
     .type = LATTICECRF_PLUGIN_NUMBER,
     .help = "the cost of a step"},
    {.size = sizeof(latticecrf_plugin_setting),
     .key = "limit",
     .type = LATTICECRF_PLUGIN_COUNT,
     .minimum = 1,
     .maximum = 65535,
     .fallback = "4",
     .help = "steps beyond which the cost grows no more"},
};

static const latticecrf_plugin_compatibility ordered = {
    .kind =
        {.size = sizeof ordered,
         .role = LATTICECRF_PLUGIN_COMPATIBILITY,
         .name = "ordered",
         .summary = "the distance of two labels, up to a limit",
         .example = "gaussian:spatial=3,compatibility=ordered,weight=1,limit=4",
         .settings = ordered_settings,
         .setting_count = 2,
         .context = (void *)2,
         .make = make_numbers,
         .release = free},
    .costs = ordered_costs,
};

/* A unary: labels are shades of gray, from black to white --------------------------------------------------------- */

static int shades_labels(void *object, int32_t *labels, latticecrf_plugin_call *call) {
  const double *settings = object;
  (void)call;
  *labels = (int32_t)settings[0];
  return 0;
}

static int shades_energies(
    void *object, const latticecrf_plugin_scene *scene, float *energies, int32_t labels,
    int64_t stride, latticecrf_plugin_call *call) {
  const double *settings = object;
  (void)call;
  for (int64_t point = 0; point < scene->points; point++) {
    float gray = 0;
    for (int32_t channel = 0; channel < scene->channels; channel++)
      gray += scene->image[point * scene->channels + channel] / (float)scene->channels;
    for (int32_t label = 0; label < labels; label++) {
      double difference = (gray - 255.0 * label / (labels - 1)) / settings[1];
      energies[point * stride + label] = (float)(0.5 * difference * difference);
    }
  }
  return 0;
}

static const latticecrf_plugin_setting shades_settings[] = {
    {.size = sizeof(latticecrf_plugin_setting),
     .key = "labels",
     .type = LATTICECRF_PLUGIN_COUNT,
     .minimum = 2,
     .maximum = 256,
     .fallback = "4",
     .help = "how many shades there are"},
    {.size = sizeof(latticecrf_plugin_setting),
     .key = "sigma",
     .type = LATTICECRF_PLUGIN_NUMBER,
     .maximum = 255,
     .flags = LATTICECRF_PLUGIN_ABOVE_MINIMUM,
     .fallback = "30",
     .help = "how far colours stray from their shade"},
};

static const latticecrf_plugin_unary shades = {
    .kind =
        {.size = sizeof shades,
         .role = LATTICECRF_PLUGIN_UNARY,
         .name = "shades",
         .summary = "how near a pixel is to each shade of gray",
         .example = "shades:labels=4,sigma=30",
         .settings = shades_settings,
         .setting_count = 2,
         .flags = LATTICECRF_PLUGIN_NEEDS_IMAGE,
         .context = (void *)2,
         .make = make_numbers,
         .release = free},
    .labels = shades_labels,
    .energies = shades_energies,
};

/* A refinement: probabilities raised to a power -------------------------------------------------------------------- */

static int sharpen_refine(
    void *object, const latticecrf_plugin_scene *scene, const float *scores, int32_t labels,
    int64_t stride, float *marginals, latticecrf_plugin_call *call) {
  const double *settings = object;
  (void)call;
  for (int64_t point = 0; point < scene->points; point++) {
    double sum = 0;
    for (int32_t label = 0; label < labels; label++)
      sum += pow(scores[point * stride + label], settings[0]);
    for (int32_t label = 0; label < labels; label++)
      marginals[point * stride + label] =
          (float)(pow(scores[point * stride + label], settings[0]) / sum);
  }
  return 0;
}

/* Each point depends on itself alone, so that tiles need not overlap for it. */
static int64_t no_steps(void *context, const latticecrf_plugin_value *values) {
  (void)context;
  (void)values;
  return 0;
}

static const latticecrf_plugin_setting sharpen_settings[] = {
    {.size = sizeof(latticecrf_plugin_setting),
     .key = "power",
     .type = LATTICECRF_PLUGIN_NUMBER,
     .maximum = 8,
     .flags = LATTICECRF_PLUGIN_ABOVE_MINIMUM,
     .fallback = "2",
     .help = "above 1 sharpens, below softens"},
};

static const latticecrf_plugin_refinement sharpen = {
    .kind =
        {.size = sizeof sharpen,
         .role = LATTICECRF_PLUGIN_REFINEMENT,
         .name = "sharpen",
         .summary = "probabilities raised to a power",
         .example = "sharpen:power=2",
         .settings = sharpen_settings,
         .setting_count = 1,
         .flags = LATTICECRF_PLUGIN_TAKES_PROBABILITIES,
         .context = (void *)1,
         .make = make_numbers,
         .release = free,
         .reach = no_steps},
    .refine = sharpen_refine,
};

/* A label filter: pixels of which no label is likely enough become void -------------------------------------------- */

static int unsure_clean(
    void *object, const latticecrf_plugin_scene *scene, const uint16_t *labels, const float *marginals,
    int32_t label_count, int64_t stride, uint16_t *cleaned, latticecrf_plugin_call *call) {
  const double *settings = object;
  (void)call;
  for (int64_t point = 0; point < scene->points; point++) {
    uint16_t label = labels[point];
    int is_sure = label >= label_count || marginals[point * stride + label] >= settings[0];
    cleaned[point] = is_sure ? label : 255;
  }
  return 0;
}

static const latticecrf_plugin_setting unsure_settings[] = {
    {.size = sizeof(latticecrf_plugin_setting),
     .key = "least",
     .type = LATTICECRF_PLUGIN_NUMBER,
     .maximum = 1,
     .fallback = "0.5",
     .help = "the least probability that counts"},
};

static const latticecrf_plugin_label_filter unsure = {
    .kind =
        {.size = sizeof unsure,
         .role = LATTICECRF_PLUGIN_LABEL_FILTER,
         .name = "unsure",
         .summary = "pixels of which no label is likely enough become void",
         .example = "unsure:least=0.5",
         .settings = unsure_settings,
         .setting_count = 1,
         .flags = LATTICECRF_PLUGIN_NEEDS_MARGINALS,
         .context = (void *)1,
         .make = make_numbers,
         .release = free,
         .reach = no_steps},
    .clean = unsure_clean,
};

/* The table -------------------------------------------------------------------------------------------------------- */

static const latticecrf_plugin_kind *const kinds[] = {
    &hue.kind, &pairs.kind, &bins.kind, &ordered.kind, &shades.kind, &sharpen.kind, &unsure.kind,
};

static const latticecrf_plugin_table table = {
    .size = sizeof table,
    .abi_version = LATTICECRF_PLUGIN_ABI_VERSION,
    .kind_count = sizeof kinds / sizeof kinds[0],
    .name = "example",
    .kinds = kinds,
};

LATTICECRF_PLUGIN_EXPORT const latticecrf_plugin_table *latticecrf_plugin(void) { return &table; }
