#ifndef KERNEL_VARIANTS_H
#define KERNEL_VARIANTS_H

#include "../../../Sources/System/CKernels/include/ckernels.h"

/// The kernels as one instruction set computes them.
typedef struct {
  ck_embed_status (*embed)(const float *, size_t, int32_t, ck_vertex_table *, uint32_t *, float *,
                           float *, size_t *);
  void (*embed_planar)(const float *, size_t, ck_planar_frame, uint32_t *, float *, uint8_t *,
                       float *);
  void (*blur)(float *, size_t, const uint32_t *, size_t, float *);
  void (*blur_planar)(float *, ck_planar_lines, const uint32_t *, size_t, size_t, size_t);
  void (*sweep)(const float *, size_t, const uint32_t *, size_t, ck_sweep_kernel *, int32_t, float *,
                float *, float *);
  void (*pair_sums)(const ck_blocks *, ck_block_pairs, const float *, size_t, const float *, float *,
                    float *);
  void (*pair_weights)(const ck_blocks *, ck_block_pairs, float *);
  void (*vertex_gaussian)(const float *, int32_t, float, float, size_t, const uint32_t *, size_t,
                          const float *, size_t, float *);
  void (*convolve_line)(float *, size_t, size_t, size_t, const float *, size_t, float *);
} kernel_variant;

/// What this program picks for itself.
const kernel_variant *kernel_variant_chosen(void);
/// No instructions beyond those that every processor has.
const kernel_variant *kernel_variant_baseline(void);
/// x86-64-v3 (AVX2); NULL where the processor lacks it.
const kernel_variant *kernel_variant_v3(void);

#endif
