"""Programs that take turns, so that a busy machine slows all of them."""
import json
import subprocess
import sys
import tempfile


class Failure(Exception):
    """A program that does not run, with the last that it said."""


class Peer:
    """A program that waits for its turns.

    Raises Failure where it does not start, or ends in the middle.
    """

    def __init__(self, command):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        self.seconds, self.peak = [], 0.0
        if self.process.stdout.readline().strip() != "ready":
            raise self.failure("does not start")

    def turn(self):
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise self.failure("has ended")
        seconds, self.peak = json.loads(answer)
        self.seconds.append(seconds)

    def failure(self, what):
        self.process.kill()
        status = self.process.wait()
        self.errors.seek(0)
        return Failure("%s (status %d): %s" % (what, status, last_line(self.errors.read().decode(errors="replace"))))

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it says nothing"


def start(commands):
    """The programs that start, by their names; what keeps the others from it is said."""
    started = {}
    for name, command in commands.items():
        try:
            started[name] = Peer(command)
        except Failure as failure:
            print("%s is left out: it %s" % (name, failure), file=sys.stderr, flush=True)
    return started


def take_turns(programs, runs):
    """Lets all run in turns, and leaves out those that fail."""
    for _ in range(runs):
        for name in list(programs):
            try:
                programs[name].turn()
            except Failure as failure:
                print("%s is left out: it %s" % (name, failure), file=sys.stderr, flush=True)
                del programs[name]
    for program in programs.values():
        program.end()
