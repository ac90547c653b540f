#ifdef LATTICECRF_OWN_HYPOTF
#include <math.h>

/*
 * The wheel's own hypotf. Swift's runtime refers to one, glibc 2.35 gave it a new version, and a library
 * that is linked there would be refused by the 2.34 of RHEL 9 for this one function.
 */
__attribute__((visibility("hidden"))) float hypotf(float x, float y) {
  if (isinf(x) || isinf(y)) return INFINITY;
  /* Squares of float32 neither overflow nor vanish in float64. */
  return (float)sqrt((double)x * x + (double)y * y);
}
#endif
