/*
 * LatticeCRF for C, and for every language that can call C.
 *
 * Dense conditional random fields over grids of points, solved by mean field: P. Kraehenbuehl and
 * V. Koltun, "Efficient inference in fully connected CRFs with Gaussian edge potentials", NIPS 2011.
 *
 *   int64_t extents[] = {height, width};
 *   int64_t count = labels * height * width;
 *   latticecrf_crf crf;
 *   float w2 = 3, w1 = 10, near = 3, far = 80, color = 13;
 *   latticecrf_term spatial = {sizeof spatial, &w2, 1}, bilateral = {sizeof bilateral, &w1, 1};
 *   if (latticecrf_crf_create(extents, 2, labels, 0, &crf) != LATTICECRF_OK) {
 *     puts(latticecrf_last_error());
 *     return 1;
 *   }
 *   if (latticecrf_crf_set_unary(crf, energies, count, LATTICECRF_CHANNELS_FIRST)
 *       || latticecrf_crf_add_position_kernel(crf, &near, 1, LATTICECRF_X_FIRST, &spatial)
 *       || latticecrf_crf_add_bilateral_kernel(crf, &far, 1, rgb, 3 * height * width, LATTICECRF_UINT8,
 *                                              3, &color, 1, LATTICECRF_X_FIRST, &bilateral)
 *       || latticecrf_crf_infer(crf, NULL, NULL, 0, LATTICECRF_CHANNELS_FIRST, labels_out,
 *                               height * width))
 *     puts(latticecrf_last_error());
 *   latticecrf_crf_destroy(crf);
 *
 * The same in one call, where a preset or a model in JSON says what the CRF is: latticecrf_plan_run().
 *
 * What holds for every call:
 *
 * - It returns a status. Where that is not LATTICECRF_OK, nothing has been changed or written, and
 *   latticecrf_last_error() says in one sentence what is wrong.
 * - Objects are named by numbers. 0, a number that was never given out, and one whose object was
 *   destroyed are refused; numbers are never used twice.
 * - An array comes with the number of its elements, which must be the number that is needed. Arrays
 *   are dense, must be aligned for their type, and are copied: they may be freed after the call. Input
 *   and output must not overlap unless a call says so.
 * - N is the number of points of a grid, the last axis running fastest; L is the number of labels.
 * - A structure begins with its size, sizeof the structure as the caller's header has it. Where the
 *   library knows more fields, those take their defaults; a size that the library does not know is
 *   refused. Every field that is 0 has its default, unless it says otherwise.
 * - A text that a call gives is copied to the caller's memory where that is large enough: *length becomes
 *   the bytes that it takes, the 0 at its end among them. Ask with a capacity of 0 for the length alone.
 * - Calls may be made from any thread, for one object too: a call sees the object as it was when the
 *   call began. Results do not depend on the number of threads.
 * - A child process made by fork() may make calls, whatever other threads were doing at the time: it
 *   has the parent's objects, and starts threads of its own where calls need them. Calls that other
 *   threads had not finished do not exist in it.
 * - A call can be cancelled from another thread or a signal handler: latticecrf_set_cancel_flag().
 */
#ifndef LATTICECRF_H
#define LATTICECRF_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The version of what this header declares, to be compared with latticecrf_abi_version(). */
#define LATTICECRF_ABI_VERSION 1

/** What became of a call. */
typedef int32_t latticecrf_status;
enum {
  LATTICECRF_OK = 0,
  /** There is no object of that number, or it is of another type. */
  LATTICECRF_INVALID_HANDLE = 1,
  /** A null pointer, a size that does not fit, or a parameter outside its range. */
  LATTICECRF_INVALID_ARGUMENT = 2,
  /** Numbers in an array that are of no use: NaN, infinite, outside their range. */
  LATTICECRF_INVALID_DATA = 3,
  /** More memory than this process can have. */
  LATTICECRF_OUT_OF_MEMORY = 4,
  /** Features outside what the filter can hold, such as a bandwidth too small for a lattice. */
  LATTICECRF_UNSUPPORTED = 5,
  /** The call was cancelled. */
  LATTICECRF_CANCELLED = 6
};

/** A CRF. */
typedef uint64_t latticecrf_crf;
/** A plan: what is done to scores, step by step. */
typedef uint64_t latticecrf_plan;
/** A Gaussian filter. */
typedef uint64_t latticecrf_filter;
/** A CRF whose parameters can be learned. */
typedef uint64_t latticecrf_learner;
/** Updates that were made, to be taken back. */
typedef uint64_t latticecrf_record;
/** Sums over all pairs of points of some images, to be taken back. */
typedef uint64_t latticecrf_association;

/** The order of an array's axes. */
typedef int32_t latticecrf_layout;
enum {
  /** (C, N): all points of the first label or feature, then all of the next. pydensecrf, PyTorch. */
  LATTICECRF_CHANNELS_FIRST = 0,
  /** (N, C): all labels or features of the first point, then of the next. TensorFlow. */
  LATTICECRF_CHANNELS_LAST = 1
};

/** What scores mean. */
typedef int32_t latticecrf_score_kind;
enum {
  /** -log P up to a constant per point. */
  LATTICECRF_ENERGIES = 0,
  /** Before the softmax. */
  LATTICECRF_LOGITS = 1,
  /** After the softmax: in [0, 1], summing to 1. */
  LATTICECRF_PROBABILITIES = 2
};

/** The type of an image's elements. */
typedef int32_t latticecrf_element;
enum { LATTICECRF_UINT8 = 0, LATTICECRF_FLOAT32 = 1 };

/** The order of positions among features, which a lattice's result depends on slightly. */
typedef int32_t latticecrf_axis_order;
enum {
  /** x, y(, z), as in pydensecrf's DenseCRF2D. Bandwidths come in this order too. */
  LATTICECRF_X_FIRST = 0,
  /** (z,) y, x: the order of the extents, as in pydensecrf's helpers for features. */
  LATTICECRF_GRID_ORDER = 1
};

/** How a kernel's sums are normalised, with n = K 1. */
typedef int32_t latticecrf_normalization;
enum {
  /** K(i,j) / sqrt(n(i) n(j)): what most people use. */
  LATTICECRF_NORMALIZE_SYMMETRIC = 0,
  /** K(i,j) / n(j) */
  LATTICECRF_NORMALIZE_BEFORE = 1,
  /** K(i,j) / n(i) */
  LATTICECRF_NORMALIZE_AFTER = 2,
  /** K(i,j) */
  LATTICECRF_NORMALIZE_NONE = 3
};

/** Whether a point sends a message to itself. */
typedef int32_t latticecrf_self_term;
enum {
  /** K(i,i) counts, as in pydensecrf. */
  LATTICECRF_SELF_INCLUDED = 0,
  /** K(i,i) is left out of messages; n still has it. */
  LATTICECRF_SELF_EXCLUDED = 1,
  /** K(i,i) is left out of n too. */
  LATTICECRF_SELF_EXCLUDED_BEFORE_NORMALIZATION = 2
};

/** How sums over all pairs of points are taken. */
typedef int32_t latticecrf_filter_kind;
enum {
  /** The permutohedral lattice as pydensecrf has it. */
  LATTICECRF_FILTER_PERMUTOHEDRAL = 0,
  /** A finer lattice, closer to the Gaussian. */
  LATTICECRF_FILTER_ACCURATE = 1,
  /** All pairs that can matter; quadratic in N. */
  LATTICECRF_FILTER_EXACT = 2,
  /** A bilateral grid, for up to 5 features. */
  LATTICECRF_FILTER_GRID = 3,
  /** Every pair within 5 points along each axis of the grid, nothing beyond; not for features alone. */
  LATTICECRF_FILTER_WINDOW = 4
};

/** Parameters of a feature kernel. Numbered as in pydensecrf. */
typedef int32_t latticecrf_kernel_type;
enum {
  /** Features are taken as they are. */
  LATTICECRF_CONST_KERNEL = 0,
  /** Each feature is multiplied with a parameter; d of them. */
  LATTICECRF_DIAG_KERNEL = 1,
  /** Features are multiplied with a matrix, d x d row-major: M f. */
  LATTICECRF_FULL_KERNEL = 2
};

/** How learning computes, and what its arrays of marginals and energies hold. */
typedef int32_t latticecrf_precision;
enum {
  /** float, on a filter. */
  LATTICECRF_SINGLE = 0,
  /** double, over all pairs of points: quadratic in N, and exact. */
  LATTICECRF_DOUBLE = 1
};

/** How gradients by features, bandwidths and images are computed, for LATTICECRF_SINGLE. */
typedef int32_t latticecrf_recipe;
enum {
  /** Over pairs with the exact filter, consistently with lattices. */
  LATTICECRF_RECIPE_DEFAULT = 0,
  /** The Gaussian's formula with every sum filtered. */
  LATTICECRF_RECIPE_CONSISTENT = 1,
  /** Over all pairs of points. */
  LATTICECRF_RECIPE_PAIRS = 2,
  /** The derivative of the lattice itself, right for infinitesimal steps alone. */
  LATTICECRF_RECIPE_LATTICE = 3
};

/** What is alike for all kernels. */
typedef struct latticecrf_term {
  /** sizeof(latticecrf_term) */
  uint64_t size;
  /**
   * What two labels cost together: one number w for Potts (different labels cost w); L numbers for a
   * diagonal, L x L row-major for a matrix (made symmetric), which are *added* to the energies, so that
   * negative ones smooth. As pydensecrf's `compat`. At most 1e10 in magnitude.
   */
  const float *compatibility;
  int64_t compatibility_count;
  latticecrf_normalization normalization;
  latticecrf_self_term self_term;
  latticecrf_filter_kind filter;
  /** 0. */
  int32_t reserved;
} latticecrf_term;

/** How mean field is solved. */
typedef struct latticecrf_inference {
  /** sizeof(latticecrf_inference) */
  uint64_t size;
  /** Updates, 0 to 100000; 0 gives softmax(-U). */
  int32_t iterations;
  /** Stops early once no marginal changes by more than this; 0 never does. Solvers other than parallel stop
   *  once the gap of a pixel is below it, on average. */
  float tolerance;
  /** How mean field is solved, UTF-8 with a 0 at its end: "safe", "damped:step=0.5"; NULL for "parallel". The
   *  kinds are listed by latticecrf_kinds_json. */
  const char *solver;
} latticecrf_inference;

/** The mean field objective at some marginals. */
typedef struct latticecrf_energies {
  /** sizeof(latticecrf_energies) */
  uint64_t size;
  /** sum Q U */
  double unary;
  /** sum Q P(Q): every pair counted twice. */
  double pairwise;
  /** -sum Q log Q */
  double entropy;
  /** unary + pairwise / 2 - entropy: what the update descends. */
  double free_energy;
  /** unary + pairwise - entropy: pydensecrf's klDivergence, which may be negative. */
  double kl_divergence;
} latticecrf_energies;

/** A scene: scores on a grid, and the image over it. */
typedef struct latticecrf_scene {
  /** sizeof(latticecrf_scene) */
  uint64_t size;
  /** The grid, as for latticecrf_crf_create. */
  const int64_t *extents;
  /** L x the scores' grid, as for latticecrf_crf_set_scores. */
  const float *scores;
  int64_t score_count;
  /** The extents of the scores' grid; null where it is the scene's. */
  const int64_t *score_extents;
  /** N x channels, channels last; null for none. */
  const void *image;
  int64_t image_count;
  /** L, 1 to 65536. */
  int64_t labels;
  int32_t rank;
  latticecrf_score_kind kind;
  latticecrf_layout layout;
  /** What smaller probabilities are raised to, below 1; 0 for 1e-5. */
  float minimum_probability;
  latticecrf_element element;
  int32_t channels;
  /** 0 for what latticecrf_set_threads says. */
  int32_t threads;
  /** 0. */
  int32_t reserved;
  /**
   * N bytes, 0 for points that are left out as if they did not exist; null for none. Such points get
   * the marginals NaN and the label 255, or 65535 where 255 is a label. What scores and image have
   * there must be finite too.
   */
  const uint8_t *mask;
  int64_t mask_count;
  /**
   * N x rank: how far each point is moved before kernels compare positions, in steps of the grid, in the
   * order of the extents; finite. Null where points stay where they are. latticecrf_motion makes them.
   */
  const float *displacements;
  int64_t displacement_count;
  /**
   * Where the grid lies in a larger scene, of which this is a tile: a coordinate for each axis, at most 2^31 - 1 in
   * magnitude; null for zeros. Lattices then have their vertices where those of the whole have them.
   */
  const int64_t *origin;
} latticecrf_scene;

/** Where a plan's results go. What is null is not asked for, and costs nothing. */
typedef struct latticecrf_results {
  /** sizeof(latticecrf_results) */
  uint64_t size;
  /** Becomes L x N probabilities, those of the last refinement. */
  float *marginals;
  int64_t marginal_count;
  /** Becomes N labels: the most probable, the lowest of equals, as label filters have left them. */
  uint16_t *labels;
  int64_t label_count;
  /** Becomes what each refinement says of itself, as JSON, where report_capacity is large enough. */
  char *report;
  int64_t report_capacity;
  /** Becomes the bytes that the report takes, the 0 at its end among them, where one is asked for. */
  int64_t report_length;
  /** Of the marginals. */
  latticecrf_layout layout;
  /** Not 0 to have the objective after each update in the report, which costs about an update each. */
  int32_t objective;
} latticecrf_results;

/** How a learner computes. */
typedef struct latticecrf_learning {
  /** sizeof(latticecrf_learning) */
  uint64_t size;
  latticecrf_precision precision;
  /** For LATTICECRF_SINGLE. */
  latticecrf_filter_kind filter;
  latticecrf_recipe recipe;
  /** 0 for what latticecrf_set_threads says. */
  int32_t threads;
} latticecrf_learning;

/** One term of a learner: k(i,j) = exp(-|f_i - f_j|^2 / 2), f = P (raw / sigma). */
typedef struct latticecrf_learned_term {
  /** sizeof(latticecrf_learned_term) */
  uint64_t size;
  /** channels x N, such as an image's values: what is compared besides positions. Null for none. */
  const double *features;
  int64_t feature_count;
  /** One sigma, or one for each feature: those of positions (x first), then of the channels. */
  const double *bandwidths;
  int64_t bandwidth_count;
  /** P, d x d row-major; null for the identity. */
  const double *transform;
  int64_t transform_count;
  /** One number for Potts, L for a diagonal, L x L row-major; as in latticecrf_term. */
  const double *compatibility;
  int64_t compatibility_count;
  int32_t channels;
  /** Not 0 to compare positions on the grid too, before the channels. */
  int32_t has_positions;
  latticecrf_normalization normalization;
  latticecrf_self_term self_term;
  /** Not 0 to take a matrix as it is, its rows belonging to the label that receives. */
  int32_t is_unsymmetric;
  /** 0. */
  int32_t reserved;
} latticecrf_learned_term;

/** The updates that a learner makes. */
typedef struct latticecrf_updates {
  /** sizeof(latticecrf_updates) */
  uint64_t size;
  /** How much of each update is made, above 0 and at most 1; 0 for 1. */
  double damping;
  /** 0 to 100000. */
  int32_t iterations;
  /** Not 0 to keep every sqrt(T)-th state alone, and to compute the others again on the way back. */
  int32_t recomputes;
} latticecrf_updates;

/** Where gradients go. What is null is not computed. Arrays of several terms follow each other in order. */
typedef struct latticecrf_gradients {
  /** sizeof(latticecrf_gradients) */
  uint64_t size;
  /** By the energies: L x N, in the learner's precision. */
  void *unary;
  int64_t unary_count;
  /** By C of every term, L x L: the matrix that turns messages into energies, -w on the diagonal for Potts. */
  double *compatibilities;
  int64_t compatibility_count;
  /** By the numbers of every term's compatibility: 1, L or L x L. */
  double *weights;
  int64_t weight_count;
  /** By every term's bandwidths, d of them. */
  double *bandwidths;
  int64_t bandwidth_count;
  /** By P, d x d, of the terms that have one. */
  double *transforms;
  int64_t transform_count;
  /** By the features that terms were given, channels x N. */
  double *features;
  int64_t feature_count;
} latticecrf_gradients;

/** How alike the points of each of some images are: k(i,j) = exp(-|f_i - f_j|^2 / 2), f of positions and colours. */
typedef struct latticecrf_pairs {
  /** sizeof(latticecrf_pairs) */
  uint64_t size;
  /** batch x channels x N. */
  const float *images;
  int64_t image_count;
  /** One sigma for each feature: those of positions (x first), then of the channels. */
  const float *bandwidths;
  int64_t bandwidth_count;
  int32_t batch;
  int32_t channels;
  /** A lattice. */
  latticecrf_filter_kind filter;
  /** 0 for what latticecrf_set_threads says. */
  int32_t threads;
} latticecrf_pairs;

/** A domain transform over an edge map: Chen et al. 2016, after Gastal & Oliveira 2011. */
typedef struct latticecrf_domain_transform {
  /** sizeof(latticecrf_domain_transform) */
  uint64_t size;
  /** Above 0, in grid steps. */
  double sigma_spatial;
  /** Above 0, in units of the edge map. */
  double sigma_range;
  /** Rounds over all axes, at most 500; 0 for 3. */
  int32_t iterations;
  /** 0 for what latticecrf_set_threads says. */
  int32_t threads;
} latticecrf_domain_transform;

/** A guided filter: He, Sun & Tang 2013. */
typedef struct latticecrf_guided_filter {
  /** sizeof(latticecrf_guided_filter) */
  uint64_t size;
  /** At least 1e-9, in squared units of the guide: contrasts below its root are smoothed away. */
  double epsilon;
  /** Windows have 2 radius + 1 points along every axis; at least 1. */
  int32_t radius;
  /** Not 0 to reflect the image at its border, where windows are else clipped. */
  int32_t reflects;
  /** 0 for what latticecrf_set_threads says. */
  int32_t threads;
  /** 0. */
  int32_t reserved;
} latticecrf_guided_filter;

/** Where the gradients of an edge-aware filter go. What is null is not written. */
typedef struct latticecrf_filter_gradients {
  /** sizeof(latticecrf_filter_gradients) */
  uint64_t size;
  /** By the values, channels x N. */
  float *values;
  int64_t value_count;
  /** By the edge map, N, or by the guide, guide_channels x N. */
  float *guide;
  int64_t guide_count;
  /** By sigma_spatial and sigma_range, 2 numbers; or by epsilon, 1. */
  double *parameters;
  int64_t parameter_count;
} latticecrf_filter_gradients;

/* The library ------------------------------------------------------------------------------------ */

/** The version, such as "0.1.0". Never null. */
const char *latticecrf_version(void);

/** The version of the interface that the library has: LATTICECRF_ABI_VERSION of its header. */
int32_t latticecrf_abi_version(void);

/**
 * What a front end has to know of the library, as JSON: `presets` (models) and `default_preset`; the kinds
 * of `kernels`, `compatibilities`, `filters`, `unaries`, `refinements` and `label_filters`, each with its
 * settings (key, type, range, default, help); the `plugins` that have been loaded; and `enumerations`, the
 * numbers of this header by name.
 */
latticecrf_status latticecrf_kinds_json(char *text, int64_t capacity, int64_t *length);

/**
 * What was wrong with this thread's last call that failed, in one sentence of UTF-8. Never null; valid
 * until this thread's next call.
 */
const char *latticecrf_last_error(void);

/**
 * How messages call what a caller can set, from now on and in all threads: for bindings whose callers do
 * not know the constants of this header.
 *
 * @param parameter "score_kind", "layout" (whose values are "first" and "last", where the labels stand),
 *        "normalize_scores" or another parameter of the library's; or one with a value, as in
 *        "layout=last", whose words come before those of the parameter.
 * @param words UTF-8, such as "kind='%s'" with the value in the place of %s; null for the words that
 *        messages have by themselves.
 */
latticecrf_status latticecrf_set_words(const char *parameter, const char *words);

/**
 * The number of threads that objects made from now on use, where they are not given one.
 *
 * @param threads at most 1024; 0, the default, for what the environment variable OMP_NUM_THREADS says, or
 *        else one for each processor that this process may use (by its affinity mask, and by the quota of
 *        its control group).
 */
latticecrf_status latticecrf_set_threads(int32_t threads);

/** The number of threads that an object made now would use. */
latticecrf_status latticecrf_threads(int32_t *threads);

/**
 * Lets calls that this thread makes from now on be cancelled.
 *
 * Once *flag is no longer 0, whether another thread or a signal handler set it, a call that builds
 * filters, infers or filters returns LATTICECRF_CANCELLED, within a tenth of a second as a rule.
 *
 * @param flag must stay valid until this thread gives another one; null for none, which is the default.
 */
latticecrf_status latticecrf_set_cancel_flag(const int32_t *flag);

/**
 * Gives memory that is kept for later calls back to the system.
 *
 * Up to 256 MiB stay mapped after a call, since clearing fresh memory takes longer than many stages of a
 * call; up to 1 GiB where scenes that large follow one another. What sixteen scenes in a row have not
 * needed is given back without this call.
 */
latticecrf_status latticecrf_release_memory(void);

/* CRFs ------------------------------------------------------------------------------------------- */

/**
 * A CRF without kernels, with the same energy for all labels.
 *
 * @param extents the length of each axis, slowest first: {height, width}, {depth, height, width}; {N} for
 *        points on no grid. At most 2^31 - 1 points in all.
 * @param rank the number of axes, 1 to 16.
 * @param labels L, 1 to 65536.
 * @param threads 0 for what latticecrf_set_threads says.
 * @param crf becomes the CRF's number.
 */
latticecrf_status latticecrf_crf_create(
    const int64_t *extents, int32_t rank, int64_t labels, int32_t threads, latticecrf_crf *crf);

/** Frees a CRF. Calls that use it at that time finish as if it were still there. */
latticecrf_status latticecrf_crf_destroy(latticecrf_crf crf);

/**
 * The unary energies, -log P. Replaces those that were there; kernels stay.
 *
 * @param energies L x N. A constant added to all labels of a point changes no marginal. +infinity is a
 *        label that cannot be, and gets the probability 0; one label of each point must be finite. NaN
 *        and -infinity are refused.
 */
latticecrf_status latticecrf_crf_set_unary(
    latticecrf_crf crf, const float *energies, int64_t count, latticecrf_layout layout);

/**
 * The unary energies from scores, which may be on a coarser grid of the same proportions: they are then
 * upsampled linearly (half-pixel centres), logits before the softmax.
 *
 * @param scores L x the scores' grid. Energies of +infinity and logits of -infinity rule a label out, as
 *        for latticecrf_crf_set_unary, and so they do between the scores of a coarser grid.
 * @param extents the extents of the scores' grid, as many as the CRF has axes.
 * @param minimum_probability what smaller probabilities are raised to; above 0 and below 1, 1e-5 as a
 *        rule. Not used for energies.
 */
latticecrf_status latticecrf_crf_set_scores(
    latticecrf_crf crf, const float *scores, int64_t count, const int64_t *extents,
    latticecrf_score_kind kind, latticecrf_layout layout, float minimum_probability);

/**
 * Adds a kernel of positions.
 *
 * @param sigmas bandwidths in grid steps; one, or one per axis. Above 0.
 */
latticecrf_status latticecrf_crf_add_position_kernel(
    latticecrf_crf crf, const float *sigmas, int32_t sigma_count, latticecrf_axis_order order,
    const latticecrf_term *term);

/**
 * Adds a kernel of positions and colours.
 *
 * @param sigmas bandwidths of positions in grid steps; one, or one per axis.
 * @param image N x channels, channels last.
 * @param image_count the number of elements, not of bytes.
 * @param color_sigmas bandwidths of colours in the image's units; one, or one per channel.
 */
latticecrf_status latticecrf_crf_add_bilateral_kernel(
    latticecrf_crf crf, const float *sigmas, int32_t sigma_count, const void *image,
    int64_t image_count, latticecrf_element element, int32_t channels, const float *color_sigmas,
    int32_t color_sigma_count, latticecrf_axis_order order, const latticecrf_term *term);

/**
 * Adds a kernel of any features.
 *
 * @param features d x N or N x d, divided by their bandwidths.
 * @param dimensions d, 1 to 255.
 * @param type what the parameters are.
 * @param parameters none for LATTICECRF_CONST_KERNEL; d or d x d for the others, or null for ones and for
 *        the identity, where all types are the same.
 */
latticecrf_status latticecrf_crf_add_feature_kernel(
    latticecrf_crf crf, const float *features, int64_t count, int32_t dimensions,
    latticecrf_layout layout, latticecrf_kernel_type type, const float *parameters,
    int64_t parameter_count, const latticecrf_term *term);

/**
 * Q after some updates from softmax(-U), its most probable labels, or both of one inference.
 *
 * @param inference null for 10 updates.
 * @param marginals becomes L x N probabilities; null where only labels are asked for.
 * @param labels becomes the most probable label of each point, the lowest of equals; null where only
 *        marginals are asked for.
 */
latticecrf_status latticecrf_crf_infer(
    latticecrf_crf crf, const latticecrf_inference *inference, float *marginals,
    int64_t marginal_count, latticecrf_layout layout, uint16_t *labels, int64_t label_count);

/**
 * One update of marginals, in place: Q = softmax(-U - P(Q)). latticecrf_crf_infer with 0 iterations
 * gives where to start.
 *
 * @param marginals L x N in 0 to 1.
 */
latticecrf_status latticecrf_crf_step(
    latticecrf_crf crf, float *marginals, int64_t count, latticecrf_layout layout);

/** The objective at some marginals. */
latticecrf_status latticecrf_crf_energy(
    latticecrf_crf crf, const float *marginals, int64_t count, latticecrf_layout layout,
    latticecrf_energies *energies);

/* Plans ------------------------------------------------------------------------------------------ */

/**
 * A plan: refinements one after another, then label filters.
 *
 * @param text UTF-8 with a 0 at its end; any of:
 *        - a preset's name: `deeplab-v2-pytorch`;
 *        - a step as crf-refine's options have it: `band:width=8,of=crf`;
 *        - a model, a step, a list of steps or a plan as JSON:
 *          `{"terms": [{"kernel": {"kind": "gaussian", "spatial": 3},
 *                       "compatibility": {"kind": "potts", "weight": 3}}], "iterations": 10}`,
 *          `["crf:model=deeplab-vgg", {"kind": "majority"}]`, `{"steps": [...]}`.
 *        Files are not read: what a setting names is an array of latticecrf_plan_set_array.
 * @param plan becomes the plan's number.
 */
latticecrf_status latticecrf_plan_create(const char *text, latticecrf_plan *plan);

/** Frees a plan. Calls that use it at that time finish as if it were still there. */
latticecrf_status latticecrf_plan_destroy(latticecrf_plan plan);

/** The plan as JSON, with presets written out, so that nothing else is needed to repeat it. */
latticecrf_status latticecrf_plan_json(
    latticecrf_plan plan, char *text, int64_t capacity, int64_t *length);

/**
 * How far a plan reaches: the steps of the grid beyond which no point sees another.
 *
 * @param steps becomes that number; -1 where every point sees every other.
 */
latticecrf_status latticecrf_plan_reach(latticecrf_plan plan, int64_t *steps);

/**
 * Gives an array to settings that name it, such as a feature kernel's `file`. Replaces one of that name.
 *
 * @param values in C order, finite.
 * @param extents the length of each axis.
 * @param rank the number of axes, 1 to 16.
 */
latticecrf_status latticecrf_plan_set_array(
    latticecrf_plan plan, const char *name, const float *values, int64_t count,
    const int64_t *extents, int32_t rank);

/** Makes all steps over a scene. One plan serves any number of scenes, at the same time too. */
latticecrf_status latticecrf_plan_run(
    latticecrf_plan plan, const latticecrf_scene *scene, latticecrf_results *results);

/**
 * The same plan for frames one after another, which are the first axis of its scenes: kernels get a bandwidth
 * of time, and label filters see each frame by itself. A plan of its own, with the arrays that the other has.
 *
 * @param time the bandwidth in frames, above 0, of kernels whose spatial bandwidths do not say it.
 * @param result becomes the number of the plan. Refused where a step compares pixels and is no CRF.
 */
latticecrf_status latticecrf_plan_over_frames(
    latticecrf_plan plan, float time, latticecrf_plan *result);

/**
 * How a sequence is cut into windows that overlap. Each frame is answered by the window in which it is nearest
 * to the middle.
 *
 * @param frames of the sequence, at least 1.
 * @param window frames of a window, 2 to 4096.
 * @param overlap frames that neighbouring windows share, below `window`.
 * @param bounds becomes four numbers for each window, where capacity is at least the number of windows: its first
 *        frame, the frame behind its last, and the same of the frames that it answers.
 * @param capacity in windows.
 * @param count becomes the number of windows.
 */
latticecrf_status latticecrf_sequence_windows(
    int64_t frames, int32_t window, int32_t overlap, int64_t *bounds, int64_t capacity, int64_t *count);

/**
 * How far the pixels of frames are from where they would stand in the middle one, by optical flow.
 *
 * @param flow (frames, height, width, 2): how far each pixel goes to the right, and how far down; NaN where
 *        nobody knows.
 * @param count its elements.
 * @param extents the number of frames, height and width.
 * @param backward 0 where flow leads to the next frame, else to the frame before. That of the last frame, or of
 *        the first, is not looked at.
 * @param threads 0 for what latticecrf_set_threads says.
 * @param displacements becomes (frames, height, width, 3), for latticecrf_scene.
 */
latticecrf_status latticecrf_motion(
    const float *flow, int64_t count, const int64_t *extents, int32_t backward, int32_t threads,
    float *displacements, int64_t displacement_count);

/**
 * Makes the label filters of a plan without refinements, over labels without scores.
 *
 * @param labels N of them; the plan's steps say which number stands for unknown.
 * @param extents the grid, as for latticecrf_crf_create.
 * @param threads 0 for what latticecrf_set_threads says.
 * @param output becomes N labels; may be `labels` itself.
 */
latticecrf_status latticecrf_plan_clean(
    latticecrf_plan plan, const uint16_t *labels, int64_t count, const int64_t *extents, int32_t rank,
    int32_t threads, uint16_t *output, int64_t output_count);

/* Plug-ins --------------------------------------------------------------------------------------- */

struct latticecrf_plugin_table;

/**
 * Loads a shared library that latticecrf_plugin.h describes. Its kernels, filters, compatibilities, unaries,
 * refinements and label filters are known by their names from now on, beside those that are built in.
 *
 * The library runs with all rights of the process: load what you trust. It stays loaded; a second call for the same
 * file does nothing. Nothing is loaded that is not named here.
 *
 * @param path of the file; it is looked for nowhere else.
 */
latticecrf_status latticecrf_load_plugin(const char *path);

/**
 * The same for a plug-in that is part of the program.
 *
 * @param table as latticecrf_plugin() would return it; it must stay as it is from now on.
 */
latticecrf_status latticecrf_add_plugin(const struct latticecrf_plugin_table *table);

/**
 * The energies that a unary of a plug-in gives a scene, to be refined as any others.
 *
 * @param unary UTF-8: `colors:sigma=20`, or JSON.
 * @param scene its grid, image and threads count, and its layout, which is that of the energies; not its scores.
 * @param energies becomes L x N or N x L energies; null to ask for L alone.
 * @param count how many numbers there is room for, which must be L N.
 * @param labels becomes L.
 */
latticecrf_status latticecrf_score(
    const char *unary, const latticecrf_scene *scene, float *energies, int64_t count, int64_t *labels);

/* Filters alone ---------------------------------------------------------------------------------- */

/**
 * A Gaussian over points: K(i,j) ~ exp(-|f_i - f_j|^2 / 2).
 *
 * @param features d x N or N x d, divided by their bandwidths.
 * @param threads 0 for what latticecrf_set_threads says.
 */
latticecrf_status latticecrf_filter_create(
    const float *features, int64_t count, int32_t dimensions, latticecrf_layout layout,
    latticecrf_filter_kind kind, int32_t threads, latticecrf_filter *filter);

/** Frees a filter. */
latticecrf_status latticecrf_filter_destroy(latticecrf_filter filter);

/**
 * Sums values over all points: output = K values, or its transpose's sums.
 *
 * @param values C x N or N x C, at most 1e20 in magnitude.
 * @param channels C, 1 to 65536.
 * @param transposed not 0 for the transposed filter; a lattice is not quite symmetric.
 * @param output as many numbers as `values`; may be `values` itself.
 */
latticecrf_status latticecrf_filter_apply(
    latticecrf_filter filter, const float *values, int64_t count, int32_t channels,
    latticecrf_layout layout, int32_t transposed, float *output, int64_t output_count);

/* Learning --------------------------------------------------------------------------------------- */

/**
 * A CRF without terms whose parameters can be learned. Its arrays have the labels or channels first.
 *
 * @param extents as for latticecrf_crf_create.
 * @param options null for float on the permutohedral lattice.
 */
latticecrf_status latticecrf_learner_create(
    const int64_t *extents, int32_t rank, int64_t labels, const latticecrf_learning *options,
    latticecrf_learner *learner);

/** Frees a learner. Its records stay. */
latticecrf_status latticecrf_learner_destroy(latticecrf_learner learner);

/** Adds a term, and builds its filter. */
latticecrf_status latticecrf_learner_add_term(
    latticecrf_learner learner, const latticecrf_learned_term *term);

/**
 * Makes updates from U = -energies: Q = softmax(U), U = -energies - sum C K Q.
 *
 * @param energies L x N numbers of the learner's precision, finite.
 * @param updates null for five.
 * @param marginals becomes Q; null where it is not asked for.
 * @param logits becomes the last U, before the softmax; null where it is not asked for.
 * @param record becomes the number of what was noted of the updates: all T of them, T x L x N numbers. Null
 *        where nothing is to be taken back.
 */
latticecrf_status latticecrf_learner_run(
    latticecrf_learner learner, const void *energies, int64_t energy_count,
    const latticecrf_updates *updates, void *marginals, int64_t marginal_count, void *logits,
    int64_t logit_count, latticecrf_record *record);

/** Frees a record. */
latticecrf_status latticecrf_record_destroy(latticecrf_record record);

/**
 * Takes the gradient of a loss back to what the marginals were made of; as often as is wanted.
 *
 * @param upstream L x N numbers of the learner's precision: the loss's gradient by the marginals.
 * @param of_logits not 0 where it is that by the logits.
 */
latticecrf_status latticecrf_record_differentiate(
    latticecrf_record record, const void *upstream, int64_t upstream_count, int32_t of_logits,
    const latticecrf_gradients *gradients);

/**
 * Sums values with one term's kernel, normalised, without its compatibility: output = K' values.
 *
 * @param term the term's number, from 0.
 * @param values channels x N numbers of the learner's precision, for any number of channels.
 * @param transposed not 0 for the transposed kernel, which takes gradients back.
 */
latticecrf_status latticecrf_learner_filter(
    latticecrf_learner learner, int32_t term, const void *values, int64_t count, int32_t channels,
    int32_t transposed, void *output, int64_t output_count);

/**
 * The gradients of sum <a_i, (K' q)_i> by one term's bandwidths, transform and features.
 *
 * @param a channels x N numbers of the learner's precision.
 * @param q as many.
 * @param gradients by this term alone; its other pointers must be null.
 */
latticecrf_status latticecrf_learner_filter_gradient(
    latticecrf_learner learner, int32_t term, const void *a, const void *q, int64_t count,
    int32_t channels, const latticecrf_gradients *gradients);

/**
 * Sums <v_i, v_j> k(i,j) m_i m_j over all pairs of the points of each image, each point with itself among
 * them: what normalised cuts call association, and regularised losses are made of.
 *
 * @param extents as for latticecrf_crf_create: those of every image.
 * @param values v, batch x channels x N, at most 1e20 in magnitude.
 * @param channels 1 to 65536.
 * @param mask m, batch x N; null for 1.
 * @param sums becomes the sum of each image, batch numbers.
 * @param association becomes the number of what latticecrf_association_write needs; null where nothing is
 *        to be taken back.
 */
latticecrf_status latticecrf_association_create(
    const int64_t *extents, int32_t rank, const latticecrf_pairs *pairs, const float *values,
    int64_t count, int32_t channels, const float *mask, int64_t mask_count, double *sums,
    int64_t sum_count, latticecrf_association *association);

/** Frees an association. */
latticecrf_status latticecrf_association_destroy(latticecrf_association association);

/**
 * Writes factor times sum_j k(i,j) m_i m_j v_j: half of factor times the gradient of the sums by v, as far
 * as the lattice is symmetric.
 *
 * @param output batch x channels x N.
 */
latticecrf_status latticecrf_association_write(
    latticecrf_association association, double factor, float *output, int64_t output_count);

/* Edge-aware filters ------------------------------------------------------------------------------ */

/**
 * Smooths values along the lines of a grid, far in smooth places and hardly across edges. Arrays have the
 * channels first.
 *
 * @param extents as for latticecrf_crf_create.
 * @param values channels x N, finite.
 * @param edges N values of 0 or more: the link of a point with the one before it along every axis.
 * @param output as many numbers as `values`.
 */
latticecrf_status latticecrf_domain_transform_apply(
    const latticecrf_domain_transform *filter, const int64_t *extents, int32_t rank,
    const float *values, int64_t count, int32_t channels, const float *edges, int64_t edge_count,
    float *output, int64_t output_count);

/**
 * The gradients of a loss by what was smoothed, the edge map and both sigmas.
 *
 * @param upstream channels x N: the loss's gradient by the output.
 */
latticecrf_status latticecrf_domain_transform_gradient(
    const latticecrf_domain_transform *filter, const int64_t *extents, int32_t rank,
    const float *values, int64_t count, int32_t channels, const float *edges, int64_t edge_count,
    const float *upstream, int64_t upstream_count, const latticecrf_filter_gradients *gradients);

/**
 * Makes values linear functions of a guide in every window, so that its edges become theirs.
 *
 * @param values channels x N, finite.
 * @param guide guide_channels x N, finite; at most 64 channels.
 * @param output as many numbers as `values`.
 */
latticecrf_status latticecrf_guided_filter_apply(
    const latticecrf_guided_filter *filter, const int64_t *extents, int32_t rank,
    const float *values, int64_t count, int32_t channels, const float *guide, int64_t guide_count,
    int32_t guide_channels, float *output, int64_t output_count);

/**
 * The gradients of a loss by what was filtered, the guide and epsilon.
 *
 * @param upstream channels x N: the loss's gradient by the output.
 */
latticecrf_status latticecrf_guided_filter_gradient(
    const latticecrf_guided_filter *filter, const int64_t *extents, int32_t rank,
    const float *values, int64_t count, int32_t channels, const float *guide, int64_t guide_count,
    int32_t guide_channels, const float *upstream, int64_t upstream_count,
    const latticecrf_filter_gradients *gradients);

#ifdef __cplusplus
}
#endif

#endif
