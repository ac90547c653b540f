// What plug-ins were compiled with stays what is read: a change of these numbers is a new
// LATTICECRF_PLUGIN_ABI_VERSION.

#include "latticecrf_plugin.h"

#if UINTPTR_MAX == UINT64_MAX
_Static_assert(sizeof(latticecrf_plugin_call) == 40, "call");
_Static_assert(sizeof(latticecrf_plugin_scene) == 56, "scene");
_Static_assert(sizeof(latticecrf_plugin_setting) == 64, "setting");
_Static_assert(sizeof(latticecrf_plugin_value) == 64, "value");
_Static_assert(sizeof(latticecrf_plugin_kind) == 88, "kind");
_Static_assert(sizeof(latticecrf_plugin_kernel) == 104, "kernel");
_Static_assert(sizeof(latticecrf_plugin_features) == 56, "features");
_Static_assert(sizeof(latticecrf_plugin_factors) == 56, "factors");
_Static_assert(sizeof(latticecrf_plugin_filter) == 152, "filter");
_Static_assert(sizeof(latticecrf_plugin_compatibility) == 96, "compatibility");
_Static_assert(sizeof(latticecrf_plugin_unary) == 104, "unary");
_Static_assert(sizeof(latticecrf_plugin_refinement) == 96, "refinement");
_Static_assert(sizeof(latticecrf_plugin_label_filter) == 96, "label filter");
_Static_assert(sizeof(latticecrf_plugin_table) == 32, "table");
#endif
