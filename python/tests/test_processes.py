"""Children made by fork, interrupts, memory, signals: what a library owes the process that it is loaded into."""
import collections
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

import latticecrf
import latticecrf.densecrf as dcrf

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux's processes")

#: `FORKS=2500 pytest test_processes.py -k fork` makes forty thousand of them.
FORKS = int(os.environ.get("FORKS", 60))


def scene(height=40, width=50, labels=4, seed=0):
    generator = np.random.default_rng(seed)
    image = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return generator.random((labels, height, width), dtype=np.float32) * 4, image


def outcome_of_child(work):
    """Forks; says how the child ended, which must be by `work` returning true."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if work() else 3)
        except BaseException:
            os._exit(4)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return {0: "fine"}.get(status, f"status {status}")
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "hung"


# The number of threads stands for the number of processors.
@pytest.mark.parametrize("threads", [2, 8, 16, 64])
@pytest.mark.parametrize("pattern", ["idle", "after a call", "busy", "making objects"])
def test_a_forked_child_works_whatever_the_parent_was_doing(pattern, threads):
    small, large = scene(), scene(90, 120, seed=1)
    # The parent starts fewer workers than the child needs.
    want = latticecrf.refine(*small, threads=2), latticecrf.refine(*large, threads=1)
    stop = threading.Event()

    def compute():
        while not stop.is_set():
            latticecrf.refine(*small, threads=threads)

    def make():
        while not stop.is_set():
            dcrf.DenseCRF2D(8, 8, 2)

    def works():
        return all(
            np.array_equal(latticecrf.refine(*one, threads=threads), expected)
            for one, expected in zip((small, large), want)
        )

    body = {"busy": compute, "making objects": make}.get(pattern)
    running = [threading.Thread(target=body) for _ in range(3 if body else 0)]
    for thread in running:
        thread.start()
    try:
        count = collections.Counter()
        for number in range(FORKS):
            if pattern == "after a call":
                latticecrf.refine(*small, threads=threads)
                time.sleep(2e-5 * (number % 7))
            count[outcome_of_child(works)] += 1
    finally:
        stop.set()
        for thread in running:
            thread.join()
    assert dict(count) == {"fine": FORKS}


def test_a_child_of_a_child_works_and_knows_the_parents_objects():
    logits, image = scene()
    crf = dcrf.DenseCRF2D(50, 40, 4)
    crf.setUnaryEnergy(-logits)
    crf.addPairwiseBilateral(sxy=20, srgb=13, rgbim=image, compat=4)
    want = np.array(crf.inference(3))

    def works():
        return np.array_equal(crf.inference(3), want)

    assert outcome_of_child(lambda: outcome_of_child(works) == "fine" and works()) == "fine"


def run(program, **options):
    """A program of its own, in this environment."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True,
        timeout=120, **options,
    )


def ends_early(work):
    """The seconds from an alarm, whose handler raises as Ctrl-C's does, to the end of `work`."""

    def handler(number, frame):
        raise KeyboardInterrupt

    delay = 0.3
    before = signal.signal(signal.SIGALRM, handler)
    start = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, delay)
    try:
        with pytest.raises(KeyboardInterrupt):
            work()
        return time.monotonic() - start - delay
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# Far less than the minutes that the calls would take, and more than a busy machine adds.
PATIENCE = 5


def test_an_interrupt_ends_an_inference_and_the_crf_stays_as_it_was():
    logits, image = scene(200, 250, 8)
    crf = dcrf.DenseCRF2D(250, 200, 8)
    crf.setUnaryEnergy(-logits.reshape(8, -1))
    crf.addPairwiseBilateral(sxy=20, srgb=13, rgbim=image, compat=4)
    want = np.array(crf.inference(3))
    assert ends_early(lambda: crf.inference(100000)) < PATIENCE
    np.testing.assert_array_equal(crf.inference(3), want)


def test_an_interrupt_ends_exact_inference():
    logits, image = scene(200, 250, 4)
    assert ends_early(
        lambda: latticecrf.refine(logits, image, method="exact", iterations=500)
    ) < PATIENCE


def test_an_interrupt_ends_a_filter():
    filter = latticecrf.Filter(np.random.default_rng(0).random((2, 60000)), method="exact")
    values = np.ones((200, 60000), np.float32)
    assert ends_early(lambda: [filter.apply(values) for _ in range(100)]) < PATIENCE


def test_handlers_that_do_not_raise_let_a_call_go_on():
    logits, image = scene(200, 250, 8)
    want = latticecrf.refine(logits, image, iterations=200)
    called = []
    before = signal.signal(signal.SIGALRM, lambda *_: called.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
    try:
        np.testing.assert_array_equal(latticecrf.refine(logits, image, iterations=200), want)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert called


def test_memory_is_given_back():
    ran = run("""
        import numpy as np, os, latticecrf
        def resident():
            return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
        def refine(size, labels):
            generator = np.random.default_rng(0)
            image = generator.integers(0, 256, (size, size, 3), dtype=np.uint8)
            latticecrf.refine(generator.random((labels, size, size), dtype=np.float32), image, iterations=1)
        start = resident()
        refine(700, 40)
        once = resident()
        for _ in range(20): refine(40, 4)
        later = resident()
        refine(700, 40), refine(700, 40)
        latticecrf.release_memory()
        print(once - start, later - start, resident() - start)
    """)
    assert ran.returncode == 0, ran.stderr
    once, later, released = map(float, ran.stdout.split())
    # MiB: 256 that are kept, and what Python and its allocator keep of arrays of some 80.
    assert once < 256 + 100
    assert later < 100
    assert released < 100


def test_importing_takes_over_no_signals():
    ran = run("""
        import faulthandler, signal
        faulthandler.enable()
        def caught():
            line = next(l for l in open("/proc/self/status") if l.startswith("SigCgt"))
            return int(line.split()[1], 16) & 0x7FFFFFFF  # The C library's own are above.
        before = caught()
        import latticecrf, numpy as np
        latticecrf.refine(np.random.default_rng(0).random((2, 9, 9)) * 3)
        assert caught() == before, (hex(before), hex(caught()))
        import os
        assert "SWIFT_BACKTRACE" not in os.environ
    """, env={name: value for name, value in os.environ.items() if name != "SWIFT_BACKTRACE"})
    assert ran.returncode == 0, ran.stderr


def test_a_program_ends_in_silence_while_threads_infer():
    program = """
        import threading, time
        import numpy as np
        import latticecrf.densecrf as dcrf
        def work():
            crfs = []
            for _ in range(20):
                crf = dcrf.DenseCRF2D(48, 48, 3)
                crf.addPairwiseGaussian(3, 3)
                crfs.append(crf)
            while True:
                for crf in crfs: crf.inference(1)
        for _ in range(4): threading.Thread(target=work, daemon=True).start()
        time.sleep(0.4)
    """
    for _ in range(3):
        ran = run(program)
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def threads_in(**variables):
    ran = run("import latticecrf; print(latticecrf.threads())", env={**os.environ, **variables})
    assert ran.returncode == 0, ran.stderr
    return int(ran.stdout)


def test_threads_follow_the_environment_and_the_affinity_mask():
    assert threads_in(OMP_NUM_THREADS="3") == 3
    assert threads_in(OMP_NUM_THREADS="5,2") == 5
    processors = os.sched_getaffinity(0)
    assert 1 <= threads_in(OMP_NUM_THREADS="") <= len(processors)
    os.sched_setaffinity(0, {min(processors)})
    try:
        assert threads_in(OMP_NUM_THREADS="") == 1
    finally:
        os.sched_setaffinity(0, processors)


def test_what_is_said_here_wins_over_the_environment():
    ran = run("""
        import latticecrf
        latticecrf.set_threads(2)
        print(latticecrf.threads())
        latticecrf.set_threads(0)
        print(latticecrf.threads())
    """, env={**os.environ, "OMP_NUM_THREADS": "3"})
    assert ran.stdout.split() == ["2", "3"], ran.stderr
