#ifdef __linux__
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

/*
 * A shared Swift runtime takes over the signals of crashes, for backtraces, as soon as it is loaded. A
 * library has no business there: programs, and other libraries of theirs, have handlers of their own. So
 * what the runtime has just set goes back to the default. A runtime that is linked in sets nothing.
 */
__attribute__((constructor)) static void leave_crashes_to_the_program(void) {
  static const int signals[] = {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
  for (size_t index = 0; index < sizeof signals / sizeof *signals; index++) {
    struct sigaction action;
    if (sigaction(signals[index], NULL, &action) != 0) continue;
    void *handler = action.sa_flags & SA_SIGINFO ? (void *)action.sa_sigaction
                                                 : (void *)action.sa_handler;
    Dl_info place;
    if (!dladdr(handler, &place) || !strstr(place.dli_fname, "libswiftCore")) continue;
    signal(signals[index], SIG_DFL);
  }
}
#endif
