#ifndef CKERNELS_MEMORY_H
#define CKERNELS_MEMORY_H

#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

/// Gives freed memory that the allocator keeps back to the system.
static inline void ck_release_freed_memory(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

#endif
