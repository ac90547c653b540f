#include "cdynamiclibrary.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

bool dynamic_library_load(const char *const *names, const dynamic_symbol *symbols) {
  void *library = NULL;
  for (; *names != NULL && library == NULL; names++) {
    library = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
  }
  if (library == NULL) return false;
  for (; symbols->place != NULL; symbols++) {
    void *symbol = dlsym(library, symbols->name);
    if (symbol == NULL) return false;
    memcpy(symbols->place, &symbol, sizeof symbol);
  }
  return true;
}
