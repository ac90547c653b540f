#include <latticecrf_plugin.h>
