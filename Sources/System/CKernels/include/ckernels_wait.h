#ifndef CKERNELS_WAIT_H
#define CKERNELS_WAIT_H

/// Tells the processor that a loop only looks for a change.
static inline void ck_spin_hint(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#endif
