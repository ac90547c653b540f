/// Inner loops in portable C: one clone an instruction set, chosen when the program is loaded.
///
/// Shapes: points and vertices are rows of `stride` floats, channels-last. Nothing here allocates
/// except the vertex table, and nothing here starts a thread.
#ifndef CKERNELS_H
#define CKERNELS_H

#include "ckernels_box.h"
#include "ckernels_convolution.h"
#include "ckernels_edges.h"
#include "ckernels_exact.h"
#include "ckernels_field.h"
#include "ckernels_gradients.h"
#include "ckernels_labels.h"
#include "ckernels_lattice.h"
#include "ckernels_grid.h"
#include "ckernels_guided.h"
#include "ckernels_layers.h"
#include "ckernels_learning.h"
#include "ckernels_lines.h"
#include "ckernels_majority.h"
#include "ckernels_memory.h"
#include "ckernels_neighbours.h"
#include "ckernels_planar.h"
#include "ckernels_process.h"
#include "ckernels_solver.h"
#include "ckernels_sweep.h"
#include "ckernels_training.h"
#include "ckernels_vertices.h"
#include "ckernels_wait.h"
#include "ckernels_weight_gradient.h"
#include "ckernels_window.h"
#include "ckernels_winograd.h"

#endif
