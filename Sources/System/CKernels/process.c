#ifdef __linux__
#define _GNU_SOURCE
#include <sched.h>
#endif

#include "ckernels_process.h"

int ck_affinity_count(void) {
#ifdef __linux__
  /* The kernel refuses masks that are shorter than its own: room for 16 × 1024 processors. */
  cpu_set_t mask[16];
  if (sched_getaffinity(0, sizeof mask, mask) == 0) return CPU_COUNT_S(sizeof mask, mask);
#endif
  return 0;
}

static _Thread_local const int32_t *cancel_flag;

const int32_t *ck_cancel_flag(void) { return cancel_flag; }

void ck_set_cancel_flag(const int32_t *flag) { cancel_flag = flag; }
