"""What pip does with the package's folder: a wheel that works, or a refusal that says why.

The `swift` here copies the library that the tests run on to where it was told to build it.
"""
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from library import PATH as LIBRARY
from library import environment

FOLDER = Path(__file__).resolve().parents[1]
CHECKOUT = FOLDER.parent

setuptools = pytest.importorskip("setuptools")
pytestmark = pytest.mark.skipif(
    int(setuptools.__version__.split(".")[0]) < 77 or not (CHECKOUT / "Package.swift").exists(),
    reason="needs setuptools 77 and a checkout",
)

SWIFT = f"""#!/bin/sh
echo "swift $*"
while [ $# -gt 0 ]; do [ "$1" = --scratch-path ] && scratch=$2; shift; done
mkdir -p "$scratch/release" && cp "{LIBRARY}" "$scratch/release/"
"""


@pytest.fixture
def folder(tmp_path):
    """A copy of the package's folder, outside of any checkout."""
    copy = tmp_path / "checkout" / "python"
    ignored = shutil.ignore_patterns("*.so", "*.dylib", "__pycache__", "build", "*.egg-info", "LICENSE")
    shutil.copytree(FOLDER, copy, ignore=ignored)
    return copy


def make_checkout(folder):
    for name in ("Package.swift", "LICENSE"):
        shutil.copy2(CHECKOUT / name, folder.parent)
    for name in ("Sources", "Tests", "Examples", "Benchmarks"):
        (folder.parent / name).mkdir()
        (folder.parent / name / "file.swift").write_text("// " + name)
    (folder.parent / "Sources" / ".build").mkdir()
    for header in ("PluginHeader/include/latticecrf_plugin.h", "LatticeC/Header/include/latticecrf.h"):
        target = folder.parent / "Sources" / header
        target.parent.mkdir(parents=True)
        shutil.copy2(CHECKOUT / "Sources" / header, target)


def build(kind, folder, tmp_path, swift=SWIFT):
    """What setuptools makes, as pip asks for it, or its output where it makes nothing."""
    programs = tmp_path / "programs"
    programs.mkdir(exist_ok=True)
    if swift is not None:
        (programs / "swift").write_text(swift)
        (programs / "swift").chmod(stat.S_IRWXU)
    code = f"import sys, setuptools.build_meta as b; b.build_{kind}(sys.argv[1])"
    target = tmp_path / kind
    run = subprocess.run(
        [sys.executable, "-c", code, str(target)], cwd=folder, capture_output=True, text=True,
        env={"PATH": f"{programs}:/bin" + ("" if swift is None else ":/usr/bin")},
    )
    made = list(target.glob("*.whl")) + list(target.glob("*.tar.gz"))
    if run.returncode == 0:
        assert len(made) == 1
        return made[0]
    assert not made
    return run.stderr


def check(wheel, tmp_path):
    """The wheel is of this platform, has the license, and is imported without any environment."""
    assert "-py3-none-" in wheel.name and "any" not in wheel.name
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
        assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())
    run = subprocess.run(
        [sys.executable, "-c", "import latticecrf; print(latticecrf._native._library._name)"],
        cwd=site, capture_output=True, text=True, env=environment(),
    )
    assert str(site) in run.stdout, run.stderr


def test_a_folder_outside_a_checkout_is_refused_with_the_reason(folder, tmp_path):
    assert "has Package.swift and Sources" in build("wheel", folder, tmp_path)
    assert "is made in a checkout" in build("sdist", folder, tmp_path)


def test_a_machine_without_swift_is_refused_with_the_reason(folder, tmp_path):
    if shutil.which("swift", path="/bin"):
        pytest.skip("swift is one of the system's own programs")
    make_checkout(folder)
    assert "no swift on the PATH" in build("wheel", folder, tmp_path, swift=None)


def test_a_build_that_fails_is_refused_with_its_output(folder, tmp_path):
    make_checkout(folder)
    failing = "#!/bin/sh\necho no libpng >&2\nexit 1\n"
    output = build("wheel", folder, tmp_path, failing)
    assert "no libpng" in output and "swift build failed" in output


@pytest.mark.skipif(os.stat(LIBRARY).st_size > 2e8, reason="a library for debugging, to copy")
def test_a_checkouts_folder_becomes_a_wheel_with_the_library(folder, tmp_path):
    make_checkout(folder)
    wheel = build("wheel", folder, tmp_path)
    check(wheel, tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        assert "latticecrf/include/latticecrf_plugin.h" in archive.namelist()


def test_a_library_that_is_there_is_taken_as_it_is(folder, tmp_path):
    shutil.copy2(LIBRARY, folder / "latticecrf")
    shutil.copy2(CHECKOUT / "LICENSE", folder)
    check(build("wheel", folder, tmp_path, "#!/bin/sh\nexit 1\n"), tmp_path)


def test_a_source_distribution_becomes_a_wheel_where_there_is_swift(folder, tmp_path):
    make_checkout(folder)
    with tarfile.open(build("sdist", folder, tmp_path)) as archive:
        names = archive.getnames()
        archive.extractall(tmp_path / "unpacked")
    assert any(name.endswith("/engine/Sources/file.swift") for name in names)
    assert not any(".build" in name for name in names)
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    check(build("wheel", unpacked, tmp_path), tmp_path)


def test_the_engine_of_a_source_distribution_has_all_that_the_package_names():
    """SwiftPM needs the folder of every target, built or not."""
    text = (CHECKOUT / "Package.swift").read_text()
    setup = (FOLDER / "setup.py").read_text()
    taken = re.search(r"ENGINE = \((.*)\)", setup).group(1)
    for path in re.findall(r'path: "(\w+)', text):
        assert f'"{path}"' in taken, path


def test_pip_and_the_script_build_the_library_alike(folder, tmp_path):
    make_checkout(folder)
    output = build("wheel", folder, tmp_path, "#!/bin/sh\necho options: \"$@\" >&2\nexit 1\n")
    asked = re.search(r"options: (.*)", output).group(1).split()
    script = (CHECKOUT / "Scripts" / "wheel").read_text()
    for option in asked[asked.index("-static-stdlib"):]:
        assert option.replace(str(folder), '"$PWD/python') in script, option
