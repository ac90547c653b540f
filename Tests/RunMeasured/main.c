// run-measured FILE PROGRAM [ARGUMENT ...]: runs the program and writes its peak resident set, in the
// units of getrusage, to FILE; ends as the program did.
//
// A process inherits the peak of whoever starts it, so what a large test process starts must be
// started once more by a small one to be measured.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 3) return 64;
  const pid_t child = fork();
  if (child == 0) {
    execv(argv[2], argv + 2);
    fprintf(stderr, "%s: %s\n", argv[2], strerror(errno));
    _exit(127);
  }
  int status = 0;
  struct rusage usage;
  while (wait4(child, &status, 0, &usage) == -1) {
    if (errno != EINTR) return 71;
  }
  FILE *file = fopen(argv[1], "w");
  if (file == NULL || fprintf(file, "%ld", usage.ru_maxrss) < 0 || fclose(file) != 0) return 73;
  if (WIFSIGNALED(status)) raise(WTERMSIG(status));
  return WEXITSTATUS(status);
}
