/// All kernels once more, for the instruction set CK_ONLY_TARGET.
#include "renamed.h"

#include "convolution.c"
#include "depthwise.c"
#include "exact_gaussian.c"
#include "lattice_embed.c"
#include "lattice_filter.c"
#include "line_convolution.c"
#include "planar_lattice.c"
#include "sweep.c"
#include "vertex_gaussian.c"
#include "vertex_table.c"
#include "winograd.c"
