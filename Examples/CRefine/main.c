/*
 * Refines the labels of a painted scene through latticecrf.h: a bright disc whose scores were computed
 * on a grid of one pixel in eight, as segmentation networks leave them.
 *
 * Prints how many pixels are labelled wrongly before and after, and what an update does to the energy.
 * swift run -c release c-refine, or against the shared library alone:
 *   cc main.c -I Sources/LatticeC/Header/include -L .build/release -llatticecrf -lm
 */
#include <latticecrf.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIZE = 96, STEP = 8, COARSE = SIZE / STEP, LABELS = 2, POINTS = SIZE * SIZE };

/* Ends the program with the library's own words. */
static void check(latticecrf_status status) {
  if (status == LATTICECRF_OK) return;
  fprintf(stderr, "c-refine: %s (status %d)\n", latticecrf_last_error(), (int)status);
  exit(1);
}

static int is_disc(double x, double y) { return hypot(x - 40, y - 52) < 25; }

/* The scene, with noise that a bandwidth of 20 does not see. */
static void paint(uint8_t *rgb, uint16_t *truth) {
  unsigned random = 1;
  for (int point = 0; point < POINTS; point++) {
    truth[point] = (uint16_t)is_disc(point % SIZE, point / SIZE);
    for (int channel = 0; channel < 3; channel++) {
      random = random * 1664525u + 1013904223u;
      rgb[3 * point + channel] = (uint8_t)((truth[point] ? 180 : 60) + (int)(random >> 28));
    }
  }
}

/* Scores before the softmax on the coarse grid: right in the middle of each cell, and no better. */
static void score(float *scores) {
  for (int cell = 0; cell < COARSE * COARSE; cell++) {
    double x = (cell % COARSE + 0.5) * STEP, y = (cell / COARSE + 0.5) * STEP;
    scores[cell] = is_disc(x, y) ? -1 : 1;
    scores[COARSE * COARSE + cell] = -scores[cell];
  }
}

static int wrong(latticecrf_crf crf, int iterations, const uint16_t *truth) {
  static uint16_t labels[POINTS];
  int count = 0;
  const latticecrf_inference inference = {.size = sizeof inference, .iterations = iterations};
  check(latticecrf_crf_infer(
      crf, &inference, NULL, 0, LATTICECRF_CHANNELS_FIRST, labels, POINTS));
  for (int point = 0; point < POINTS; point++) count += labels[point] != truth[point];
  return count;
}

int main(void) {
  static uint8_t rgb[3 * POINTS];
  static uint16_t truth[POINTS];
  static float scores[LABELS * COARSE * COARSE], marginals[LABELS * POINTS];
  paint(rgb, truth);
  score(scores);

  latticecrf_crf crf = 0;
  const int64_t extents[] = {SIZE, SIZE}, coarse[] = {COARSE, COARSE};
  check(latticecrf_crf_create(extents, 2, LABELS, 0, &crf));
  check(latticecrf_crf_set_scores(
      crf, scores, LABELS * COARSE * COARSE, coarse, LATTICECRF_LOGITS,
      LATTICECRF_CHANNELS_FIRST, 1e-5f));

  const float smoothness = 3, appearance = 10, near = 3, far = 60, color = 20;
  const latticecrf_term spatial = {
      .size = sizeof spatial, .compatibility = &smoothness, .compatibility_count = 1};
  const latticecrf_term bilateral = {
      .size = sizeof bilateral, .compatibility = &appearance, .compatibility_count = 1};
  check(latticecrf_crf_add_position_kernel(crf, &near, 1, LATTICECRF_X_FIRST, &spatial));
  check(latticecrf_crf_add_bilateral_kernel(
      crf, &far, 1, rgb, 3 * POINTS, LATTICECRF_UINT8, 3, &color, 1, LATTICECRF_X_FIRST,
      &bilateral));

  int before = wrong(crf, 0, truth), after = wrong(crf, 10, truth);
  printf("wrong of %d pixels: %d before, %d after\n", POINTS, before, after);

  latticecrf_energies start = {.size = sizeof start}, end = {.size = sizeof end};
  const latticecrf_inference none = {.size = sizeof none};
  check(latticecrf_crf_infer(
      crf, &none, marginals, LABELS * POINTS, LATTICECRF_CHANNELS_FIRST, NULL, 0));
  check(latticecrf_crf_energy(
      crf, marginals, LABELS * POINTS, LATTICECRF_CHANNELS_FIRST, &start));
  check(latticecrf_crf_step(crf, marginals, LABELS * POINTS, LATTICECRF_CHANNELS_FIRST));
  check(latticecrf_crf_energy(crf, marginals, LABELS * POINTS, LATTICECRF_CHANNELS_FIRST, &end));
  printf("free energy: %.1f, after one update %.1f\n", start.free_energy, end.free_energy);

  check(latticecrf_crf_destroy(crf));
  if (latticecrf_crf_destroy(crf) != LATTICECRF_INVALID_HANDLE) return 1;
  printf("a second destroy is refused: %s\n", latticecrf_last_error());
  return after * 4 < before ? 0 : 1;
}
