#ifndef KERNEL_VARIANTS_H
#define KERNEL_VARIANTS_H

#include "../../../Sources/System/CKernels/include/ckernels.h"

/// The kernels as one instruction set computes them.
typedef struct {
  ck_embed_status (*embed)(const float *, size_t, int32_t, ck_vertex_table *, uint32_t *, float *,
                           float *, size_t *);
  void (*embed_planar)(const float *, size_t, ck_planar_frame, uint32_t *, float *, uint8_t *,
                       float *);
  void (*blur)(float *, size_t, const uint32_t *, size_t, float, float *);
  void (*blur_planar)(float *, ck_planar_lines, const uint32_t *, size_t, size_t, size_t);
  void (*sweep)(const float *, size_t, const uint32_t *, size_t, const ck_sweep_kernel *, int32_t, float *,
                float *, float *, float *);
  void (*pair_sums)(const ck_blocks *, ck_block_pairs, const float *, size_t, const float *, float *,
                    float *);
  void (*pair_weights)(const ck_blocks *, ck_block_pairs, float *);
  void (*vertex_gaussian)(const float *, int32_t, float, float, size_t, const uint32_t *, size_t,
                          const float *, size_t, float *);
  void (*convolve_line)(float *, size_t, size_t, size_t, const float *, size_t, float *);
  void (*convolve)(const ck_convolution *, size_t, size_t, size_t, size_t, void *);
  void (*depthwise)(const ck_convolution *, size_t, size_t);
  void (*winograd_weights)(const float *, size_t, size_t, size_t, size_t, float *);
  void (*winograd_inputs)(const ck_winograd *, const int32_t *, size_t, size_t, size_t, float *);
  void (*winograd_products)(const ck_winograd *, size_t, size_t, const float *, size_t, size_t, float *);
  void (*winograd_outputs)(const ck_winograd *, const int32_t *, size_t, size_t, size_t, const float *, size_t,
                           size_t);
  void (*weight_gradient)(const ck_weight_gradient *, size_t, size_t, size_t, size_t, void *, float *);
  void (*depthwise_gradient)(const ck_weight_gradient *, size_t, size_t, float *);
  void (*box_sums)(float *, size_t, size_t, size_t, size_t);
  void (*box_sums_double)(double *, size_t, size_t, size_t, size_t);
  void (*box_planes)(float *, const float *, size_t, size_t, size_t, size_t);
  void (*guide_moments)(const float *, size_t, const int32_t *, size_t, size_t, double *);
  void (*guide_statistics)(const double *, size_t, const double *, double, size_t, double, const int32_t *,
                           size_t, float *);
  void (*guided_windows)(ck_guided_planes, ck_guided_planes, size_t, size_t, size_t, size_t, size_t, float *,
                         size_t, float *);
  void (*guided_coefficients)(float *, const float *, float, const float *, size_t, const int32_t *, size_t,
                              size_t);
  void (*guided_scores)(const float *, const float *, float, const float *, size_t, const int32_t *, size_t,
                        size_t, float *, size_t);
  void (*run_starts)(const uint16_t *, size_t, size_t, uint64_t *, uint32_t *);
  void (*member_starts)(const uint16_t *, size_t, size_t, uint16_t, uint64_t *, uint64_t *, uint32_t *);
  void (*link_rows)(const ck_runs *, size_t, const ck_row_neighbour *, size_t, uint32_t);
  void (*settle_rows)(const ck_runs *, size_t, size_t, int32_t);
  void (*erase_rows)(const ck_runs *, size_t, size_t, const uint32_t *, uint16_t, uint16_t *);
  void (*paint_rows)(const ck_runs *, size_t, size_t, const uint16_t *, uint16_t *);
} kernel_variant;

/// All functions of a variant, in its order.
#define CK_VARIANT_FUNCTIONS                                                                      \
  ck_lattice_embed, ck_planar_embed, ck_lattice_blur, ck_planar_blur, ck_sweep, ck_pair_sums,     \
      ck_pair_weights, ck_vertex_gaussian, ck_convolve_line, ck_convolve, ck_depthwise,           \
      ck_winograd_weights, ck_winograd_inputs, ck_winograd_products, ck_winograd_outputs, \
      ck_add_weight_gradient, ck_add_depthwise_gradient, ck_box_sums, ck_box_sums_double,         \
      ck_box_planes, ck_guide_moments, ck_guide_statistics, ck_guided_windows,                    \
      ck_guided_coefficients, ck_guided_scores, ck_run_starts, ck_member_starts, ck_link_rows,    \
      ck_settle_rows, ck_erase_rows, ck_paint_rows

/// What this program picks for itself.
const kernel_variant *kernel_variant_chosen(void);
/// No instructions beyond those that every processor has.
const kernel_variant *kernel_variant_baseline(void);
/// x86-64-v3 (AVX2); NULL where the processor lacks it.
const kernel_variant *kernel_variant_v3(void);

#endif
