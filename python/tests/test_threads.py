"""Calls from several threads and processes at once."""
import multiprocessing
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import latticecrf
import latticecrf.densecrf as dcrf
from latticecrf import _native


def scene(seed):
    generator = np.random.default_rng(seed)
    image = generator.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    return generator.random((4, 40, 50), dtype=np.float32) * 4, image


def refine(seed):
    return latticecrf.refine(*scene(seed))


def refine_in_threads(seed):
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(refine, [seed] * 4))[-1]


def test_many_threads_get_what_one_gets():
    expected = [refine(seed) for seed in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for found, one in zip(pool.map(refine, list(range(8)) * 4), expected * 4):
            np.testing.assert_array_equal(found, one)


def test_threads_can_share_a_crf():
    logits, image = scene(1)
    crf = dcrf.DenseCRF2D(50, 40, 4)
    crf.setUnaryEnergy(logits)
    crf.addPairwiseBilateral(sxy=20, srgb=13, rgbim=image, compat=4)
    expected = np.array(crf.inference(4))
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: crf.inference(4), range(8)):
            np.testing.assert_array_equal(found, expected)


def test_errors_belong_to_their_threads():
    def fail(index):
        number = 2**40 + index  # Never given out: refused by the library itself.
        with pytest.raises(ValueError, match=f"number {number}:"):
            _native.call("crf_destroy", number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(fail, range(1, 200)))


def test_other_threads_run_during_inference():
    """Holding the GIL, inference would let the counter run at its beginning and end only."""
    generator = np.random.default_rng(0)
    image = generator.integers(0, 256, (200, 200, 3), dtype=np.uint8)
    crf = dcrf.DenseCRF2D(200, 200, 8, threads=1)
    crf.addPairwiseBilateral(sxy=20, srgb=13, rgbim=image, compat=4)
    done = threading.Event()
    worker = threading.Thread(target=lambda: (crf.inference(30), done.set()))
    count = 0
    worker.start()
    while not done.wait(0.001):
        count += 1
    worker.join()
    assert count >= 5


@pytest.mark.skipif(sys.platform == "darwin", reason="processes are not forked there")
def test_forked_processes_can_refine():
    """As data loaders do: the parent's threads are gone in the child, which may start its own."""
    expected = refine_in_threads(3)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        for function in (refine, refine_in_threads):
            for found in pool.map_async(function, [3] * 4).get(timeout=60):
                np.testing.assert_array_equal(found, expected)


def test_the_number_of_threads_can_be_chosen():
    automatic = latticecrf.threads()
    try:
        latticecrf.set_threads(3)
        assert latticecrf.threads() == 3
    finally:
        latticecrf.set_threads(0)
    assert latticecrf.threads() == automatic >= 1
