"""The package and the library that it loads."""
import re
import subprocess
import sys
from pathlib import Path

from library import PATH, environment

import latticecrf
from latticecrf import _native

HEADER = (
    Path(__file__).resolve().parents[2] / "Sources" / "LatticeC" / "Header" / "include"
    / "latticecrf.h"
)


def test_package_and_library_are_of_one_version():
    assert latticecrf.__version__ == _native.version()


def test_every_call_of_the_header_is_there():
    declared = set(re.findall(r"\b(latticecrf_\w+)\(", HEADER.read_text()))
    declared = {name for name in declared if hasattr(_native._library, name)}
    assert set(_native._PROTOTYPES) <= declared
    for name in re.findall(r"^(?:latticecrf_status|int32_t|const char \*)\s*(latticecrf_\w+)\(",
                           HEADER.read_text(), re.MULTILINE):
        assert hasattr(_native._library, name), name


def test_types_are_declared():
    assert (Path(latticecrf.__file__).parent / "py.typed").exists()


def imported(folder, library=None, version=None, abi=None):
    """A copy of the package without its library, imported where the environment names `library`."""
    copy = folder / "latticecrf"
    copy.mkdir(exist_ok=True)
    for file in Path(latticecrf.__file__).parent.glob("*.py"):
        (copy / file.name).write_text(file.read_text())
    if version is not None:
        (copy / "_version.py").write_text(f"VERSION = {version!r}\n")
    if abi is not None:
        native = copy / "_native.py"
        text = native.read_text()
        assert text.count("_ABI_VERSION = 1\n") == 1
        native.write_text(text.replace("_ABI_VERSION = 1\n", f"_ABI_VERSION = {abi}\n"))
    more = {} if library is None else {"LATTICECRF_LIBRARY": str(library)}
    return subprocess.run(
        [sys.executable, "-c", "import latticecrf; print(latticecrf._native._library._name)"],
        cwd=folder, env=environment(**more), capture_output=True, text=True,
    )


def test_a_missing_library_is_an_import_error(tmp_path):
    for run in (imported(tmp_path), imported(tmp_path, "")):
        assert run.returncode == 1 and "install the wheel" in run.stderr


def test_the_library_that_the_environment_names_is_taken(tmp_path):
    run = imported(tmp_path, PATH)
    assert run.stdout.strip() == PATH, run.stderr


def test_a_wrong_library_is_an_import_error_even_where_another_is_there(tmp_path):
    (tmp_path / "text.so").write_text("no library")
    library = tmp_path / "latticecrf" / _native._FILE
    library.parent.mkdir()
    library.symlink_to(PATH)
    assert imported(tmp_path).returncode == 0
    foreign = Path(sys.modules["numpy"].__file__).parent.rglob("_multiarray_umath*.so")
    for name, text in [
        (tmp_path / "absent.so", "no such file"), (tmp_path, "no such file"),
        (tmp_path / "text.so", "not a library of LatticeCRF's"),
        *((path, "not a library of LatticeCRF's") for path in foreign),
    ]:
        run = imported(tmp_path, name)
        assert run.returncode == 1 and text in run.stderr and str(name) in run.stderr, run.stderr


def test_a_library_of_another_version_is_an_import_error(tmp_path):
    run = imported(tmp_path, PATH, version="0.0.1")
    assert run.returncode == 1 and "but the package is of 0.0.1" in run.stderr


def test_a_library_of_another_interface_is_an_import_error(tmp_path):
    run = imported(tmp_path, PATH, abi=2)
    assert run.returncode == 1
    assert "has version 1 of the C interface, but the package needs 2" in run.stderr


def test_structures_are_as_large_as_the_librarys():
    """The library refuses larger ones, and takes smaller ones for those of an older caller."""
    import ctypes

    for name in ("Term", "Inference", "Scene", "Results", "Energies"):
        text = HEADER.read_text()
        structure = "latticecrf_" + name.lower()
        fields = re.search(r"struct %s \{(.*?)^\} %s;" % (structure, structure), text,
                           re.DOTALL | re.MULTILINE).group(1)
        fields = re.sub(r"/\*.*?\*/", "", fields, flags=re.DOTALL)
        declared = re.findall(r"(\w+);", fields)
        assert [field for field, _ in getattr(_native, name)._fields_] == declared
        assert ctypes.sizeof(getattr(_native, name)) % 8 == 0


def test_a_folder_that_is_no_checkout_is_not_searched(tmp_path):
    built = tmp_path / ".build" / "release"
    built.mkdir(parents=True)
    (built / _native._FILE).symlink_to(PATH)
    package = tmp_path / "python"
    package.mkdir()
    assert imported(package).returncode == 1
    (tmp_path / "Package.swift").write_text("")
    assert imported(package).returncode == 0
