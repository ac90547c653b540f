"""Every golden case through Python, within the tolerances that the library itself is held to."""
import numpy as np
import pytest
from golden import ABSENCE, FOLDER, cases, check_exact, crf

import latticecrf

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=ABSENCE)

# Two builds of pydensecrf differ by up to 1.2e-6, summation order adds as much again; Q of the a2 cases is
# stored as float16, which rounds by up to 2.5e-4.
Q_TOLERANCE, Q_TOLERANCE_FLOAT16 = 1e-4, 3e-4
# pydensecrf sums the pairwise part in float32.
KL_TOLERANCE = 1e-4


@pytest.mark.parametrize(
    "case", cases("densecrf2d", "densecrf_features", "densecrf_grid"), ids=repr
)
def test_marginals_and_labels_are_pydensecrfs(case):
    tolerance = Q_TOLERANCE_FLOAT16 if repr(case).startswith("a2_") else Q_TOLERANCE
    for run in case.runs:
        for recomputed in (False, True) if case.kind == "densecrf_grid" else (False,):
            marginals = np.array(crf(case, run, recomputed).inference(run["iterations"]))
            expected = case.expected(run, "Q").reshape(marginals.shape)
            assert np.abs(marginals - expected).max() <= tolerance, run["id"]
            agreement = np.mean(marginals.argmax(0) == expected.argmax(0))
            assert agreement >= 0.999, run["id"]


@pytest.mark.parametrize("case", cases("densecrf2d_steps", "densecrf_features"), ids=repr)
def test_steps_and_divergence_are_pydensecrfs(case):
    for run in case.runs:
        made = crf(case, run)
        q, first, second = made.startInference()
        steps = (
            case.expected(run, "Q_per_iteration") if "Q_per_iteration" in run["expected"] else None
        )
        for iteration, expected in enumerate(run["expected"].get("kl_divergence", [])):
            assert made.klDivergence(q) == pytest.approx(expected, rel=KL_TOLERANCE)
            if steps is not None:
                difference = np.array(q) - steps[iteration].reshape(q.shape)
                assert np.abs(difference).max() <= Q_TOLERANCE
            made.stepInference(q, first, second)


@pytest.mark.parametrize("case", cases("exact"), ids=repr)
def test_marginals_and_energies_are_those_of_all_pairs(case):
    # Five updates in float32, each exact to a few units in the last place.
    check_exact(case, 1e-5)


@pytest.mark.parametrize("case", cases("filter"), ids=repr)
def test_filters_alone_are_those_of_the_cases(case):
    image, values = case.input("image"), case.input("v")
    rows = values.reshape(len(values), -1)
    height, width = image.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    for run in case.runs:
        kernel = run["kernels"][0]
        features = [x / kernel["sxy"][0], y / kernel["sxy"][1]]
        if "srgb" in kernel:
            features += [image[..., c] / np.float32(kernel["srgb"][c]) for c in range(3)]
        features = np.stack(features).reshape(len(features), -1)
        # All pairs in float32 against float64; the same lattice in another order of sums.
        for method, prefix, tolerance in [
            ("exact", "", 1e-5), ("permutohedral", "lattice_", 1e-4)
        ]:
            made = latticecrf.Filter(features, method)
            for found, name in [(made.apply(rows), "Kv"), (made.apply(np.ones_like(x).ravel()), "K1")]:
                expected = case.expected(run, prefix + name).reshape(found.shape)
                scale = np.abs(expected).max()
                assert np.abs(found - expected).max() <= tolerance * scale, (method, name)


@pytest.mark.parametrize(
    "case", [case for case in cases("densecrf2d") if repr(case).startswith("a2_")], ids=repr
)
def test_photographs_by_refine_from_coarse_logits(case):
    """The unary of these cases is the logits upsampled, clipped and rounded to float16."""
    run = case.runs[0]
    gaussian, bilateral = run["kernels"]
    marginals = latticecrf.refine(
        case.input("logits"), case.input("image"), iterations=run["iterations"],
        position=(gaussian["compat"]["weight"], gaussian["sxy"]),
        bilateral=(bilateral["compat"]["weight"], bilateral["sxy"], bilateral["srgb"]),
    )
    expected = case.expected(run, "Q")
    assert marginals.shape == expected.shape
    # What rounding energies by 4e-3 changes.
    assert np.mean(marginals.argmax(0) == expected.argmax(0)) >= 0.998
