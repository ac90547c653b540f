#ifndef CKERNELS_CLONES_H
#define CKERNELS_CLONES_H

/// Compiles a function once for each level of the x86-64 instruction set and picks one at load time.
/// Elsewhere (arm64) the baseline already has vectors worth using.
#if defined(__x86_64__) && defined(__linux__)
#define CK_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define CK_CLONES
#endif

/// A helper that must be compiled with its caller's instruction set.
#define CK_INLINE static inline __attribute__((always_inline))

#endif
