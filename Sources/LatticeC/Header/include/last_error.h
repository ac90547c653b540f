/* The text of each thread's last error. Not part of the interface. */
#ifndef LATTICECRF_LAST_ERROR_H
#define LATTICECRF_LAST_ERROR_H

/** Keeps a copy of `text` for this thread, as much of it as fits. */
void latticecrf_keep_error(const char *text);

#endif
