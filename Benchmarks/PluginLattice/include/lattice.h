#ifndef PLUGIN_LATTICE_H
#define PLUGIN_LATTICE_H

#include <latticecrf_plugin.h>

int lattice_prepare(
    void *object, const latticecrf_plugin_features *features, void **filter,
    latticecrf_plugin_call *call);
void lattice_release(void *filter);
int lattice_factors(void *filter, latticecrf_plugin_factors *factors, latticecrf_plugin_call *call);
int lattice_blur(
    void *filter, float *panel, int64_t rows, int32_t width, float *scratch,
    latticecrf_plugin_call *call);

#endif
