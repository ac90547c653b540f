// Libraries that are loaded at run time: programs that use them start without them, and nothing has to be
// installed to build them.
#pragma once
#include <stdbool.h>

// A function of a library, and the pointer that is to point to it.
typedef struct {
  void *place;
  const char *name;
} dynamic_symbol;

// Loads the first library that is there of `names`, which end with NULL, and finds all `symbols`, which end with
// one without a place. False where there is none, or it lacks one of them.
bool dynamic_library_load(const char *const *names, const dynamic_symbol *symbols);
