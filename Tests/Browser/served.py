"""crf-tune serve as a process, and its page in a headless Chromium."""
import os
import shutil
import signal
import subprocess
import time

from selenium import webdriver

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("LATTICECRF_BUILD", os.path.join(ROOT, ".build", "release"))
SAMPLE = os.path.join(ROOT, "Examples", "sample")

# Twenty times what anything takes on two busy processors.
PATIENCE = 60


class Served:
    """A running `crf-tune serve`."""

    def __init__(self, *arguments, folder=None):
        command = [os.path.join(BUILD, "crf-tune"), "serve", *arguments]
        # Whoever starts programs in the background lets them ignore interrupts, and those that they start.
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=folder,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        self.address = self.process.stdout.readline().strip()

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def processor_seconds(self):
        """What the process has used so far."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Bytes in memory now."""
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def browser(width=1280, height=860):
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    # Chromium's sandbox refuses to run as root, which containers do; the pages are this package's own.
    for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--hide-scrollbars", f"--window-size={width},{height}"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))


def until(condition, what):
    """Waits for a condition, and gives what it comes to."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"in vain waited for {what}")


def rest(driver):
    """Waits until the whole image is shown with the settings as they are."""
    until(lambda: driver.execute_script(
        "return Boolean(window.crfTune?.picture()) && !crfTune.measured.isBusy() && crfTune.picture().index === crfTune.state().image"
        " && crfTune.slots.every((slot) => slot.result?.factor === 1)"), "the whole image")
