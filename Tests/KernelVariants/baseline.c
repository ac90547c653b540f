#define CK_ONLY_TARGET
#define CK_VARIANT baseline
#include "kernels.h"
#include "kernel_variants.h"

const kernel_variant *kernel_variant_baseline(void) {
  static const kernel_variant variant = {
      ck_lattice_embed, ck_planar_embed, ck_lattice_blur,    ck_planar_blur,  ck_sweep,
      ck_pair_sums,     ck_pair_weights, ck_vertex_gaussian, ck_convolve_line};
  return &variant;
}
