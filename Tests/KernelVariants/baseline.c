#define CK_ONLY_TARGET
#define CK_VARIANT baseline
#include "kernels.h"
#include "kernel_variants.h"

const kernel_variant *kernel_variant_baseline(void) {
  static const kernel_variant variant = {CK_VARIANT_FUNCTIONS};
  return &variant;
}
