#include "kernel_variants.h"

const kernel_variant *kernel_variant_chosen(void) {
  static const kernel_variant variant = {CK_VARIANT_FUNCTIONS};
  return &variant;
}
