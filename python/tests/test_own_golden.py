"""The drop-in and `refine` on the golden cases that come with the repository: pydensecrf's results."""
import numpy as np
import pytest
from golden import OWN, OWN_ABSENCE, cases, check_exact, crf

import latticecrf

pytestmark = pytest.mark.skipif(not OWN.is_dir(), reason=OWN_ABSENCE)

# What storing marginals as 16-bit integers changes.
ROUNDING = 0.5 / 65535
# Two builds of pydensecrf differ by up to 1.2e-6, summation order adds as much again, and ten updates
# multiply it: as in test_golden.py.
Q_TOLERANCE = 1e-4 + ROUNDING
# pydensecrf sums the pairwise part in float32.
KL_TOLERANCE = 1e-4


def test_the_cases_are_there():
    kinds = [case.kind for case in cases("pydensecrf", "sample", "exact", folder=OWN)]
    assert sorted(kinds) == ["exact"] + 5 * ["pydensecrf"] + ["sample"]


@pytest.mark.parametrize("case", cases("pydensecrf", folder=OWN), ids=repr)
def test_marginals_labels_and_divergence_are_pydensecrfs(case):
    steps = case.description["steps"]
    for run in case.runs:
        start = case.array("q_start")
        expected = [start, *case.expected(run, "Q")]
        divergences = run["expected"]["kl_divergence"]
        assert len(expected) == len(divergences) == len(steps)
        made = crf(case, run)
        q, first, second = made.startInference()
        done = 0
        for step, truth, divergence in zip(steps, expected, divergences):
            for _ in range(done, step):
                made.stepInference(q, first, second)
            done = step
            for found in (np.array(q), np.array(made.inference(step))):
                truth = truth.reshape(found.shape)
                assert np.abs(found - truth).max() <= Q_TOLERANCE, (run["id"], step)
                assert np.mean(found.argmax(0) == truth.argmax(0)) >= 0.999, (run["id"], step)
            assert made.klDivergence(q) == pytest.approx(divergence, rel=KL_TOLERANCE)


@pytest.mark.parametrize("case", cases("sample", folder=OWN), ids=repr)
def test_the_sample_refined_from_coarse_scores_has_pydensecrfs_labels(case):
    for run in case.runs:
        gaussian, bilateral = run["kernels"]
        marginals = latticecrf.refine(
            case.input("logits"), case.input("image"), iterations=run["iterations"],
            position=(gaussian["compat"]["weight"], gaussian["sxy"]),
            bilateral=(bilateral["compat"]["weight"], bilateral["sxy"], bilateral["srgb"]),
        )
        assert np.mean(marginals.argmax(0) == case.expected(run, "labels")) >= 0.999, run["id"]
        # Upsampling the scores rounds differently here and there.
        difference = marginals[:, 4::8, 4::8] - case.expected(run, "Q")
        assert np.abs(difference).max() <= 2e-4 + ROUNDING, run["id"]


@pytest.mark.parametrize("case", cases("exact", folder=OWN), ids=repr)
def test_marginals_and_energies_are_those_of_all_pairs(case):
    # Five updates in float32, each exact to a few units in the last place; and the storage.
    check_exact(case, 1e-5 + ROUNDING)
