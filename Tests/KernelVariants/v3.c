#include <stddef.h>

#if defined(__x86_64__)
#define CK_ONLY_TARGET __attribute__((target("arch=x86-64-v3")))
#define CK_VARIANT v3
#include "kernels.h"
#endif
#include "kernel_variants.h"

const kernel_variant *kernel_variant_v3(void) {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("x86-64-v3")) return NULL;
  static const kernel_variant variant = {CK_VARIANT_FUNCTIONS};
  return &variant;
#else
  return NULL;
#endif
}
