// Processes that work together and pass messages: a library that is made where there is an MPI, and loaded by its
// path, so that nothing else is built with MPI. The library is mpi/latticecrf_mpi.c, which Scripts/mpi compiles.
#pragma once
#include <stdbool.h>
#include <stddef.h>

// Of the functions that the library exports. A change is a new number.
#define LATTICECRF_MPI_VERSION 1

// Loads the library. False where it cannot be loaded or is of another version.
bool messages_load(const char *path);

// Joins the processes that were started together. 0 where that worked.
int messages_begin(void);
// Which one this is, from 0, and how many there are.
int messages_rank(void);
int messages_size(void);
// Replace the values by their sums over all processes, taken in the order of the ranks: the same bits everywhere,
// and in every run with as many processes.
void messages_sum_floats(float *values, size_t count);
void messages_sum_doubles(double *values, size_t count);
// Leaves the others, once all have come here.
void messages_end(void);
