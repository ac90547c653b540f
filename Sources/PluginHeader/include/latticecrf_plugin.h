/*
 * Plug-ins for LatticeCRF: kernels, filters, compatibilities, unaries, refinements and label filters in a
 * shared library, which programs load where a person names it.
 *
 *   #include "latticecrf_plugin.h"
 *   ...
 *   static const latticecrf_plugin_kind *const kinds[] = {&hue.kind};
 *   static const latticecrf_plugin_table table = {sizeof table, LATTICECRF_PLUGIN_ABI_VERSION, 1, "hue", kinds};
 *   LATTICECRF_PLUGIN_EXPORT const latticecrf_plugin_table *latticecrf_plugin(void) { return &table; }
 *
 *   cc -O2 -fPIC -shared -fvisibility=hidden -o libhue.so hue.c
 *   crf-refine --plugin ./libhue.so --kernel hue:weight=4,spatial=50,hue=0.03 ...
 *
 * This header is all that a plug-in needs: it calls nothing of LatticeCRF, and links with nothing.
 *
 * What holds for every plug-in:
 *
 * - The library shows one symbol, latticecrf_plugin(). What it returns, and all that is reachable from there,
 *   stays where it is and as it is for as long as the process lives.
 * - Every structure begins with its size, sizeof the structure, so that one that was compiled with another
 *   version of this header is refused rather than misread. Fields that are 0 have their defaults.
 * - A function returns 0 where all is well. Where it returns anything else, what it wrote is not looked at,
 *   and the text that it left in its call (latticecrf_plugin_fail) is what people read.
 * - Functions may be called from several threads at the same time, for one object too: objects do not change
 *   once they are made.
 * - Results must not depend on call->threads, which is how many threads a function may use.
 * - N is the number of points of a scene, the last axis running fastest; L is the number of labels. Fields of
 *   channels, such as energies, hold the channels of a point side by side: channel c of point i is
 *   values[i * stride + c], with stride >= channels. What is between the channels and the stride may be read
 *   and written, and means nothing.
 * - Numbers that are written are checked: they must be finite, and what is said of them must hold.
 */
#ifndef LATTICECRF_PLUGIN_H
#define LATTICECRF_PLUGIN_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The version of what this header declares. A plug-in of another version is refused. */
#define LATTICECRF_PLUGIN_ABI_VERSION 1

/** In front of latticecrf_plugin(), which must be visible; everything else had better not be. */
#define LATTICECRF_PLUGIN_EXPORT __attribute__((visibility("default")))

/* What every call is given ----------------------------------------------------------------------- */

/** How a function is to be done, and where it says what is wrong. */
typedef struct latticecrf_plugin_call {
  /** sizeof(latticecrf_plugin_call) */
  int64_t size;
  /** Where a function that fails leaves a sentence, UTF-8 with a 0 at its end. */
  char *error;
  /** How many bytes there are. */
  int64_t error_capacity;
  /** No longer 0 once the result is not wanted any more; null where that cannot happen. */
  const volatile int32_t *cancelled;
  /** How many threads the function may use; at least 1. */
  int32_t threads;
  int32_t reserved;
} latticecrf_plugin_call;

/** Leaves a sentence, as printf formats it, and returns 1: `return latticecrf_plugin_fail(call, ...);`. */
__attribute__((format(printf, 2, 3), unused)) static inline int latticecrf_plugin_fail(
    latticecrf_plugin_call *call, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(call->error, (size_t)call->error_capacity, format, arguments);
  va_end(arguments);
  return 1;
}

/** The same with a text as it stands, for languages that cannot call functions of `...`. */
__attribute__((unused)) static inline int latticecrf_plugin_fail_with(
    latticecrf_plugin_call *call, const char *text) {
  return latticecrf_plugin_fail(call, "%s", text);
}

/** What is labelled: a grid of points, and the image over it where there is one. */
typedef struct latticecrf_plugin_scene {
  /** sizeof(latticecrf_plugin_scene) */
  int64_t size;
  /** N */
  int64_t points;
  /** The length of each axis, the slowest first: height, width. */
  const int64_t *extents;
  /** Where the first point lies in what a tile is cut from, in the same order; zeros for a whole scene. */
  const int64_t *origin;
  /** N x channels numbers, dense; 0 to 255 for photographs. Null where there is no image. */
  const float *image;
  /** The same in 8 bits, where the image has them; else null. */
  const uint8_t *bytes;
  /** How many axes there are. */
  int32_t rank;
  /** Numbers of a point of the image; 0 where there is none. */
  int32_t channels;
} latticecrf_plugin_scene;

/* Settings --------------------------------------------------------------------------------------- */

/** What a setting holds. */
typedef int32_t latticecrf_plugin_type;
enum {
  /** A number of a range, as in `sigma=0.5`. */
  LATTICECRF_PLUGIN_NUMBER = 0,
  /** One number above 0, or one for each axis or channel: `67`, `67x80`. */
  LATTICECRF_PLUGIN_BANDWIDTHS = 1,
  /** A whole number of a range. */
  LATTICECRF_PLUGIN_COUNT = 2,
  /** Whole numbers of a range: `1x2x4`. */
  LATTICECRF_PLUGIN_COUNTS = 3,
  /** One of a few words. */
  LATTICECRF_PLUGIN_CHOICE = 4,
  /** The path of a file, which the plug-in reads itself. */
  LATTICECRF_PLUGIN_FILE = 5,
  /** An array: the name of its file, or numbers in JSON. It has been read when a plug-in sees it. */
  LATTICECRF_PLUGIN_ARRAY = 6,
  /** `yes` or `no`. */
  LATTICECRF_PLUGIN_FLAG = 7,
  /** Labels: `3`, `1+3-5`. */
  LATTICECRF_PLUGIN_LABELS = 8,
  /** A whole number of a range, or one for each of some labels: `64`, `1:5+3-4:50`. */
  LATTICECRF_PLUGIN_LABEL_COUNTS = 9
};

/** May be left out though there is no default: the plug-in decides then. */
#define LATTICECRF_PLUGIN_OPTIONAL 1
/** `minimum` itself is outside. */
#define LATTICECRF_PLUGIN_ABOVE_MINIMUM 2
/** `maximum` itself is outside. */
#define LATTICECRF_PLUGIN_BELOW_MAXIMUM 4

/** A setting that a kind takes, as help and messages show it. */
typedef struct latticecrf_plugin_setting {
  /** sizeof(latticecrf_plugin_setting) */
  int64_t size;
  /** A word, as in `spatial=67`. */
  const char *key;
  /** What it does, in one line. */
  const char *help;
  /** What holds where it is left out, as an option has it: "0.5"; null where it cannot be left out, or where
   *  `flags` say that it may be. */
  const char *fallback;
  /** The words of a choice, with | between them: "fast|slow"; null for all other types. */
  const char *words;
  /** The range of numbers and counts. Both 0: any finite number, any count from 0 on. */
  double minimum, maximum;
  latticecrf_plugin_type type;
  /** LATTICECRF_PLUGIN_OPTIONAL and the like, added up. */
  int32_t flags;
} latticecrf_plugin_setting;

/** What a setting is. */
typedef struct latticecrf_plugin_value {
  /** sizeof(latticecrf_plugin_value) */
  int64_t size;
  const char *key;
  /** As options have it; the word of a choice, the path of a file. Null where it is left out. */
  const char *text;
  /** A number or count; 1 or 0 for a flag; for a choice its place among the words. */
  double number;
  /** Bandwidths, counts or labels; the elements of an array in C order; label counts as triples of first label,
   *  last label and count. */
  const double *numbers;
  /** How many `numbers` there are. */
  int64_t count;
  /** The length of each axis of an array. */
  const int64_t *extents;
  /** How many axes an array has. */
  int32_t rank;
  /** 0 where the setting is left out and has no default; all else is then 0 too. */
  int32_t is_given;
} latticecrf_plugin_value;

/* Kinds ------------------------------------------------------------------------------------------ */

/** What a kind is a kind of. */
typedef int32_t latticecrf_plugin_role;
enum {
  /** latticecrf_plugin_kernel */
  LATTICECRF_PLUGIN_KERNEL = 0,
  /** latticecrf_plugin_filter */
  LATTICECRF_PLUGIN_FILTER = 1,
  /** latticecrf_plugin_compatibility */
  LATTICECRF_PLUGIN_COMPATIBILITY = 2,
  /** latticecrf_plugin_unary */
  LATTICECRF_PLUGIN_UNARY = 3,
  /** latticecrf_plugin_refinement */
  LATTICECRF_PLUGIN_REFINEMENT = 4,
  /** latticecrf_plugin_label_filter */
  LATTICECRF_PLUGIN_LABEL_FILTER = 5
};

/** There must be an image. */
#define LATTICECRF_PLUGIN_NEEDS_IMAGE 1
/** Of a label filter: there must be marginals. */
#define LATTICECRF_PLUGIN_NEEDS_MARGINALS 2
/** Of a refinement: it is given probabilities, not energies. */
#define LATTICECRF_PLUGIN_TAKES_PROBABILITIES 4

/** What latticecrf_plugin_kind.reach returns where a point depends on all others. */
#define LATTICECRF_PLUGIN_EVERYWHERE (-1)

/** What all kinds have; each structure below begins with it. */
typedef struct latticecrf_plugin_kind {
  /** sizeof of the structure that begins with this one */
  int64_t size;
  /** A word by which options, files and presets name it. */
  const char *name;
  /** What it does, in a few words: "positions and hues". */
  const char *summary;
  /** How an option has it: "hue:weight=4,spatial=50,hue=0.03". Null for the name alone. */
  const char *example;
  /** `setting_count` of them. */
  const latticecrf_plugin_setting *settings;
  /** Handed to `make` as it is. */
  void *context;
  /**
   * Makes an object of some settings. Null where the kind has no state: its functions are then given `context`
   * as their object.
   *
   * @param values one for each setting, in their order; valid for the call.
   * @param object becomes the object.
   */
  int (*make)(
      void *context, const latticecrf_plugin_value *values, void **object, latticecrf_plugin_call *call);
  /** Frees an object that `make` has made; null where nothing is to be done. */
  void (*release)(void *object);
  /**
   * How far, in steps of the grid, what happens at a point depends on others, or LATTICECRF_PLUGIN_EVERYWHERE:
   * what tiles overlap by. For kernels, refinements and label filters. Null for everywhere; of a kernel with
   * bandwidths `spatial`, for three times the largest of them.
   */
  int64_t (*reach)(void *context, const latticecrf_plugin_value *values);
  latticecrf_plugin_role role;
  int32_t setting_count;
  /** LATTICECRF_PLUGIN_NEEDS_IMAGE and the like, added up. */
  int32_t flags;
  int32_t reserved;
} latticecrf_plugin_kind;

/** Which points are alike: a Gaussian of the features of a scene. */
typedef struct latticecrf_plugin_kernel {
  latticecrf_plugin_kind kind;
  /** d, the features of a point, at least 1; refuses a scene that it cannot compare. */
  int (*dimensions)(
      void *object, const latticecrf_plugin_scene *scene, int32_t *dimensions,
      latticecrf_plugin_call *call);
  /** Writes N x d features, dense, divided by their bandwidths: points at distance r count exp(-r r / 2). */
  int (*features)(
      void *object, const latticecrf_plugin_scene *scene, float *features, int32_t dimensions,
      latticecrf_plugin_call *call);
} latticecrf_plugin_kernel;

/** Points that a filter is made for. */
typedef struct latticecrf_plugin_features {
  /** sizeof(latticecrf_plugin_features) */
  int64_t size;
  /** N */
  int64_t points;
  /** N x d features, dense. Valid for the call. */
  const float *features;
  /** Runs of points: latticecrf_plugin_factors needs them. The first point of each run and N behind the last. */
  const int64_t *runs;
  /** How many runs there are. */
  int64_t run_count;
  /** Points of a line of the grid that the points are on; 0 where they are on none. */
  int64_t line_length;
  /** d */
  int32_t dimensions;
  int32_t reserved;
} latticecrf_plugin_features;

/**
 * A filter as a product: K = gain transpose(S) B S. Every point is splatted to `corners` rows with weights, the
 * rows are blurred, and the point is sliced from the same rows with the same weights.
 *
 * Mean field updates then go over the points once for all terms, and store no messages: they take a half to a
 * third of the time.
 *
 * Runs of points have rows of their own, so that several threads can splat. Run r has the rows
 * first_rows[r] up to, not including, first_rows[r + 1]; row 0 is nobody's: it stays 0, and the blur may read
 * it for neighbours that there are not.
 */
typedef struct latticecrf_plugin_factors {
  /** sizeof(latticecrf_plugin_factors) */
  int64_t size;
  /** Rows altogether, row 0 among them, and any that only the blur needs. */
  int64_t rows;
  /** `run_count` + 1 rows; the first is at least 1, and they do not descend. */
  const int64_t *first_rows;
  /** N x corners rows, counted from the first of the point's run. They are copied. */
  const uint32_t *vertices;
  /** N x corners weights, in the same order. They are copied. */
  const float *weights;
  /** Floats that `blur` needs for each column of a panel. */
  int64_t scratch;
  float gain;
  int32_t corners;
} latticecrf_plugin_factors;

/**
 * How pairs are summed: a backend. Of `apply` and `factors` one must be there; with both, `apply` must be what the
 * factors come to.
 */
typedef struct latticecrf_plugin_filter {
  latticecrf_plugin_kind kind;
  /** Prepares K(i,j) ~ exp(-|f_i - f_j|^2 / 2) for some features. */
  int (*prepare)(
      void *object, const latticecrf_plugin_features *features, void **filter,
      latticecrf_plugin_call *call);
  /** Frees a filter. */
  void (*release_filter)(void *filter);
  /** Row i of `sums` becomes the sum of K(i,j) values[j] over all j. Both have `channels` and `stride`. */
  int (*apply)(
      void *filter, const float *values, int32_t channels, int64_t stride, float *sums,
      latticecrf_plugin_call *call);
  /** The same with K(j,i). Null where K is symmetric. */
  int (*apply_transposed)(
      void *filter, const float *values, int32_t channels, int64_t stride, float *sums,
      latticecrf_plugin_call *call);
  /** Writes N weights K(i,i). Null where they are 1. */
  int (*self_weights)(void *filter, float *weights, latticecrf_plugin_call *call);
  /** The filter as a product; arrays are valid until `release_filter`. Null where it is not one. */
  int (*factors)(void *filter, latticecrf_plugin_factors *factors, latticecrf_plugin_call *call);
  /**
   * B, in place, for a panel of the channels: row r begins at panel + r * width. Panels may be blurred at the same
   * time.
   *
   * @param width 4, 8 or 16.
   * @param scratch latticecrf_plugin_factors.scratch x width floats.
   */
  int (*blur)(
      void *filter, float *panel, int64_t rows, int32_t width, float *scratch,
      latticecrf_plugin_call *call);
  /** The transpose of B. Null where B is symmetric. */
  int (*blur_transposed)(
      void *filter, float *panel, int64_t rows, int32_t width, float *scratch,
      latticecrf_plugin_call *call);
} latticecrf_plugin_filter;

/** What pairs of labels cost. */
typedef struct latticecrf_plugin_compatibility {
  latticecrf_plugin_kind kind;
  /** Writes L x L costs, row by row, added to the energies: a row has the costs of the label that receives.
   *  Potts of weight w is -w on the diagonal. A diagonal matrix costs no more time than Potts. */
  int (*costs)(void *object, int32_t labels, float *costs, latticecrf_plugin_call *call);
} latticecrf_plugin_compatibility;

/** Where scores come from. */
typedef struct latticecrf_plugin_unary {
  latticecrf_plugin_kind kind;
  /** L, at least 1; the same for every scene. */
  int (*labels)(void *object, int32_t *labels, latticecrf_plugin_call *call);
  /** Writes N x L energies -log P; infinity rules a label out. */
  int (*energies)(
      void *object, const latticecrf_plugin_scene *scene, float *energies, int32_t labels,
      int64_t stride, latticecrf_plugin_call *call);
} latticecrf_plugin_unary;

/** How scores are improved. */
typedef struct latticecrf_plugin_refinement {
  latticecrf_plugin_kind kind;
  /**
   * Writes N x L probabilities; those of a point sum to 1.
   *
   * @param scores N x L energies -log P, 1e30 for labels that are ruled out; probabilities where the kind says that
   *        it takes them.
   */
  int (*refine)(
      void *object, const latticecrf_plugin_scene *scene, const float *scores, int32_t labels,
      int64_t stride, float *marginals, latticecrf_plugin_call *call);
} latticecrf_plugin_refinement;

/** How labels are cleaned. */
typedef struct latticecrf_plugin_label_filter {
  latticecrf_plugin_kind kind;
  /**
   * Writes N labels.
   *
   * @param marginals N x L probabilities that the labels come from; null where there are labels alone, which a kind
   *        that needs marginals is never given.
   * @param label_count L; 0 without marginals.
   */
  int (*clean)(
      void *object, const latticecrf_plugin_scene *scene, const uint16_t *labels,
      const float *marginals, int32_t label_count, int64_t stride, uint16_t *cleaned,
      latticecrf_plugin_call *call);
} latticecrf_plugin_label_filter;

/* The table -------------------------------------------------------------------------------------- */

/** What a plug-in brings. */
typedef struct latticecrf_plugin_table {
  /** sizeof(latticecrf_plugin_table) */
  int64_t size;
  /** LATTICECRF_PLUGIN_ABI_VERSION */
  int32_t abi_version;
  /** How many kinds there are; at least 1. */
  int32_t kind_count;
  /** What messages call the plug-in. */
  const char *name;
  /** Each the head of the structure of its role. */
  const latticecrf_plugin_kind *const *kinds;
} latticecrf_plugin_table;

/** What a plug-in shows: its table, for the whole life of the process. */
LATTICECRF_PLUGIN_EXPORT const latticecrf_plugin_table *latticecrf_plugin(void);

#ifdef __cplusplus
}
#endif

#endif
