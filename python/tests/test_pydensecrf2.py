"""pydensecrf2's own tests, with nothing changed but the import.

They are downloaded from PyPI, and skipped where they cannot be.
"""
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

import latticecrf

VERSION = "1.1"


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pydensecrf2")
    download = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "pydensecrf2",
         "--disable-pip-version-check", "--dest", str(folder), f"pydensecrf2=={VERSION}"],
        capture_output=True, text=True, timeout=300,
    )
    archives = list(folder.glob("*.tar.gz"))
    if not archives:
        pytest.skip("pydensecrf2 cannot be downloaded: " + download.stderr.strip()[-200:])
    with tarfile.open(archives[0]) as archive:
        members = [m for m in archive.getmembers() if re.search(r"/tests/\w+\.py$", m.name)]
        for member in members:
            text = archive.extractfile(member).read().decode()
            changed = re.sub(r"\bimport pydensecrf\b", "import latticecrf", text)
            changed = re.sub(r"\bfrom pydensecrf\b", "from latticecrf", changed)
            (folder / os.path.basename(member.name)).write_text(changed)
    return folder


def test_pydensecrf2s_own_tests_pass(sources):
    assert list(sources.glob("test_*.py")), "the distribution has no tests"
    package = str(Path(latticecrf.__file__).parents[1])
    run = subprocess.run(
        [sys.executable, "-m", "unittest", "discover", "--start-directory", str(sources)],
        capture_output=True, text=True, timeout=300,
        env={**os.environ, "PYTHONPATH": package, "PYTHONWARNINGS": "ignore"},
    )
    assert run.returncode == 0, run.stderr
    assert re.search(r"Ran [1-9]\d* test", run.stderr), run.stderr
