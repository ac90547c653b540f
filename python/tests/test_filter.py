"""Filters alone."""
import numpy as np
import pytest

import latticecrf

GENERATOR = np.random.default_rng(2)
FEATURES = GENERATOR.normal(0, 2, (3, 60)).astype(np.float32)
VALUES = GENERATOR.normal(0, 1, (2, 60))


def test_the_exact_filter_is_the_gaussian():
    distances = ((FEATURES[:, :, None] - FEATURES[:, None].astype(np.float64)) ** 2).sum(0)
    expected = VALUES @ np.exp(-distances / 2)
    found = latticecrf.Filter(FEATURES, "exact").apply(VALUES)
    # float32 sums of 60 terms.
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("method", ["permutohedral", "accurate", "exact", "grid"])
def test_the_transposed_filter_is_the_transpose(method):
    made = latticecrf.Filter(FEATURES, method)
    first, second = VALUES.astype(np.float32)
    left = second @ made.apply(first)
    assert left == pytest.approx(made.apply(second, transposed=True) @ first, rel=1e-4)


def test_a_window_needs_a_grid():
    with pytest.raises(ValueError, match="these are on none"):
        latticecrf.Filter(FEATURES, "window")


def test_values_keep_their_shape():
    made = latticecrf.Filter(FEATURES)
    assert made.apply(VALUES[0]).shape == (60,)
    np.testing.assert_array_equal(made.apply(VALUES)[1], made.apply(VALUES[1]))
