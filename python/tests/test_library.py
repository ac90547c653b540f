"""The package and the library that it loads."""
import os
import subprocess
import sys
from pathlib import Path

import latticecrf
from latticecrf import _native

HEADER = (
    Path(__file__).resolve().parents[2] / "Sources" / "LatticeC" / "Header" / "include"
    / "latticecrf.h"
)


def test_package_and_library_are_of_one_version():
    assert latticecrf.__version__ == _native.version()


def test_every_call_of_the_header_is_there():
    import re

    declared = set(re.findall(r"\b(latticecrf_\w+)\(", HEADER.read_text()))
    declared = {name for name in declared if hasattr(_native._library, name)}
    assert set(_native._PROTOTYPES) <= declared
    for name in re.findall(r"^(?:latticecrf_status|const char \*)\s*(latticecrf_\w+)\(",
                           HEADER.read_text(), re.MULTILINE):
        assert hasattr(_native._library, name), name


def test_types_are_declared():
    assert (Path(latticecrf.__file__).parent / "py.typed").exists()


def test_a_missing_library_is_an_import_error(tmp_path):
    copy = tmp_path / "latticecrf"
    copy.mkdir()
    for file in Path(latticecrf.__file__).parent.glob("*.py"):
        (copy / file.name).write_text(file.read_text())
    environment = {k: v for k, v in os.environ.items() if k != "LATTICECRF_LIBRARY"}
    run = subprocess.run(
        [sys.executable, "-c", "import latticecrf"], cwd=tmp_path, env=environment,
        capture_output=True, text=True,
    )
    assert run.returncode == 1 and "install the wheel" in run.stderr
