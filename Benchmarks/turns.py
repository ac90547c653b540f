"""Programs that take turns, so that a busy machine slows all of them."""
import json
import subprocess


class Peer:
    """A program that waits for its turns."""

    def __init__(self, command):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.seconds, self.peak = [], 0.0
        if self.process.stdout.readline().strip() != "ready":
            raise SystemExit(" ".join(command) + " does not start")

    def turn(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        seconds, self.peak = json.loads(self.process.stdout.readline())
        self.seconds.append(seconds)

    def end(self):
        self.process.stdin.close()
        self.process.wait()
