#include "cmessagepassing.h"

#include <cdynamiclibrary.h>

static struct {
  int (*version)(void);
  int (*begin)(void);
  int (*rank)(void);
  int (*size)(void);
  void (*sum_floats)(float *, size_t);
  void (*sum_doubles)(double *, size_t);
  void (*end)(void);
} lib;

bool messages_load(const char *path) {
  const char *const names[] = {path, NULL};
  const dynamic_symbol symbols[] = {
    {&lib.version, "latticecrf_mpi_version"},
    {&lib.begin, "latticecrf_mpi_begin"},
    {&lib.rank, "latticecrf_mpi_rank"},
    {&lib.size, "latticecrf_mpi_size"},
    {&lib.sum_floats, "latticecrf_mpi_sum_floats"},
    {&lib.sum_doubles, "latticecrf_mpi_sum_doubles"},
    {&lib.end, "latticecrf_mpi_end"},
    {NULL, NULL},
  };
  return dynamic_library_load(names, symbols) && lib.version() == LATTICECRF_MPI_VERSION;
}

int messages_begin(void) { return lib.begin(); }
int messages_rank(void) { return lib.rank(); }
int messages_size(void) { return lib.size(); }
void messages_sum_floats(float *values, size_t count) { lib.sum_floats(values, count); }
void messages_sum_doubles(double *values, size_t count) { lib.sum_doubles(values, count); }
void messages_end(void) { lib.end(); }
