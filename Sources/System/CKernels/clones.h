#ifndef CKERNELS_CLONES_H
#define CKERNELS_CLONES_H

#include <stdbool.h>

/// Compiles a function once for each level of the x86-64 instruction set and picks one at load time.
/// Elsewhere (arm64) the baseline already has vectors worth using.
///
/// CK_CLONES_256 leaves AVX-512 to a function of its own, CK_TARGET_512, where the two should differ in
/// more than their instructions. The compiler prefers vectors of 256 bits even at the highest level;
/// CK_TARGET_512 makes it use all 512, which doubles the rate of code that does nothing but multiply.
///
/// Headers declare what is cloned as hidden: in a shared library, what picks a clone may run before the
/// addresses of symbols that another library could replace are known, and would pick null.
///
/// Tests compile the kernels for one level only, CK_ONLY_TARGET, and compare. Under the thread sanitizer
/// there is only the baseline: what picks a clone runs while the program is loaded, before the sanitizer,
/// which it calls, is ready.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CK_NO_CLONES
#endif
#endif

#if defined(CK_ONLY_TARGET)
#define CK_CLONES CK_ONLY_TARGET
#define CK_CLONES_256 CK_ONLY_TARGET
#elif defined(__x86_64__) && defined(__linux__) && !defined(CK_NO_CLONES)
#define CK_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#define CK_CLONES_256 __attribute__((target_clones("default", "arch=x86-64-v3")))
#if __has_attribute(min_vector_width)
#define CK_TARGET_512 __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
#define ck_has_512() __builtin_cpu_supports("x86-64-v4")
#endif
#else
#define CK_CLONES
#define CK_CLONES_256
#endif

/// Defines `name` by `body`, an inlined function of the same parameters, so that AVX-512 has a clone of its
/// own that uses all 512 bits.
#define CK_DEFINE_WIDE(name, parameters, arguments, body) \
  CK_DEFINE_WIDE_(name, parameters, arguments, body arguments, body arguments)

/// The same where `body` has one more parameter, the last: whether there are the 32 vector registers of 16
/// floats of AVX-512; else 16 of 8 are to be assumed.
#define CK_DEFINE_BY_REGISTERS(name, parameters, arguments, body)                \
  CK_DEFINE_WIDE_(name, parameters, arguments, body(CK_LISTED arguments, false), \
                  body(CK_LISTED arguments, true))
#define CK_LISTED(...) __VA_ARGS__

#ifdef CK_TARGET_512
#define CK_DEFINE_WIDE_(name, parameters, arguments, call, call_512)   \
  CK_CLONES_256 static void name##_256 parameters { call; }            \
  CK_TARGET_512 static void name##_512 parameters { call_512; }        \
  void name parameters {                                               \
    if (ck_has_512()) {                                                \
      name##_512 arguments;                                            \
    } else {                                                           \
      name##_256 arguments;                                            \
    }                                                                  \
  }
#else
#define CK_DEFINE_WIDE_(name, parameters, arguments, call, call_512) \
  CK_CLONES void name parameters { call; }
#endif

/// A helper that must be compiled with its caller's instruction set.
#define CK_INLINE static inline __attribute__((always_inline))

#endif
