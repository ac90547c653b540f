#ifndef CKERNELS_PROCESS_H
#define CKERNELS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/// The processors in this thread's affinity mask; 0 where the system does not say.
int ck_affinity_count(void);

/// This thread's flag, whose being set ends its calls early; null for none.
const int32_t *ck_cancel_flag(void);

/// Sets this thread's flag.
void ck_set_cancel_flag(const int32_t *flag);

/// Whether a flag that any thread or signal handler may set is set.
static inline bool ck_flag_is_set(const int32_t *flag) {
  return __atomic_load_n(flag, __ATOMIC_RELAXED) != 0;
}

#endif
