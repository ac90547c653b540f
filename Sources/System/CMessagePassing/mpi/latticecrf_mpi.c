// What `deeplab train` needs of an MPI, for any that has a compiler wrapper: see Scripts/mpi.
//
// Errors end all processes, as MPI has it unless it is told otherwise.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../include/cmessagepassing.h"

// Floats of a message: 4 MB, behind which the time to start one no longer counts.
#define PIECE ((size_t)1 << 20)

static int rank = 0, size = 1;
// What others have sent, rank by rank.
static void *received = NULL;
static size_t capacity = 0;

static void *room(size_t bytes) {
  if (bytes <= capacity) return received;
  free(received);
  received = malloc(bytes);
  if (received == NULL) {
    fprintf(stderr, "latticecrf: no memory for messages of %zu bytes\n", bytes);
    MPI_Abort(MPI_COMM_WORLD, 71);
  }
  capacity = bytes;
  return received;
}

int latticecrf_mpi_version(void) { return LATTICECRF_MPI_VERSION; }

int latticecrf_mpi_begin(void) {
  // Open MPI's components look for its symbols among those of the whole program.
  Dl_info info;
  if (dladdr((void *)MPI_Init_thread, &info)) dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_GLOBAL);
  int threading = 0;
  int status = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &threading);
  if (status != MPI_SUCCESS) return status;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  return 0;
}

int latticecrf_mpi_rank(void) { return rank; }
int latticecrf_mpi_size(void) { return size; }

// Where the part of `count` values begins that `owner` adds up.
static size_t start_of(int owner, size_t count) { return count * (size_t)owner / (size_t)size; }

// Every process adds up one part of the values, and gets the sums of the others: 2(n − 1)/n of the bytes pass
// through each, the fewest that are possible (Rabenseifner 2004), and the order is that of the ranks.
static void sum_piece(float *values, size_t count) {
  int counts[size], starts[size], from[size], lengths[size];
  const size_t first = start_of(rank, count), own = start_of(rank + 1, count) - first;
  for (int other = 0; other < size; other++) {
    starts[other] = (int)start_of(other, count);
    counts[other] = (int)(start_of(other + 1, count) - start_of(other, count));
    from[other] = (int)((size_t)other * own);
    lengths[other] = (int)own;
  }
  float *parts = room((size_t)size * own * sizeof(float) + 1);
  MPI_Alltoallv(values, counts, starts, MPI_FLOAT, parts, lengths, from, MPI_FLOAT, MPI_COMM_WORLD);
  float *sums = values + first;
  memcpy(sums, parts, own * sizeof(float));
  for (int other = 1; other < size; other++) {
    const float *part = parts + (size_t)other * own;
    for (size_t i = 0; i < own; i++) sums[i] += part[i];
  }
  MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, values, counts, starts, MPI_FLOAT, MPI_COMM_WORLD);
}

void latticecrf_mpi_sum_floats(float *values, size_t count) {
  if (size == 1) return;
  for (size_t first = 0; first < count; first += PIECE) {
    sum_piece(values + first, count - first < PIECE ? count - first : PIECE);
  }
}

// For few values: everybody adds everything up.
void latticecrf_mpi_sum_doubles(double *values, size_t count) {
  if (size == 1) return;
  double *parts = room((size_t)size * count * sizeof(double) + 1);
  MPI_Allgather(values, (int)count, MPI_DOUBLE, parts, (int)count, MPI_DOUBLE, MPI_COMM_WORLD);
  memcpy(values, parts, count * sizeof(double));
  for (int other = 1; other < size; other++) {
    for (size_t i = 0; i < count; i++) values[i] += parts[(size_t)other * count + i];
  }
}

void latticecrf_mpi_end(void) {
  free(received);
  received = NULL;
  capacity = 0;
  MPI_Finalize();
}
