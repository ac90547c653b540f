"""Builds the package with its library in it: the one that lies there already, or one that Swift builds.

The sources of the library are the checkout that this folder is in, or `engine` in a source distribution.
"""
import os
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).resolve().parent
LIBRARY = "liblatticecrf.dylib" if sys.platform == "darwin" else "liblatticecrf.so"
#: What plug-ins and programs in C are compiled with.
HEADERS = (
    "Sources/PluginHeader/include/latticecrf_plugin.h", "Sources/LatticeC/Header/include/latticecrf.h",
)
#: What Swift needs to know all targets; nothing else is built.
ENGINE = ("Package.swift", "LICENSE", "Sources", "Tests", "Examples", "Benchmarks")


def engine():
    """The folder of the library's sources, or `None`."""
    places = (HERE / "engine", HERE.parent)
    return next((p for p in places if (p / "Package.swift").is_file() and (p / "Sources").is_dir()), None)


def refuse(reason):
    raise SystemExit(
        f"latticecrf: {LIBRARY} is not in {HERE / 'latticecrf'} and cannot be built: {reason}. Build a "
        "wheel by Scripts/wheel in a checkout of LatticeCRF where there is Swift, and install that"
    )


def built_library(scratch, options):
    """Builds the library; where it is."""
    sources = engine()
    if sources is None:
        refuse(f"neither {HERE} nor {HERE.parent} has Package.swift and Sources")
    if shutil.which("swift") is None:
        refuse("there is no swift on the PATH; version 6.1 or later is needed, see swift.org/install")
    command = ["swift", "build", "-c", "release", "--product", "latticecrf", "--package-path", str(sources)]
    print("latticecrf: building the library, which takes some minutes", file=sys.stderr, flush=True)
    if subprocess.run([*command, "--scratch-path", str(sources / scratch), *options]).returncode != 0:
        refuse("swift build failed, see above; Scripts/setup names the system libraries that it needs")
    return sources / scratch / "release" / LIBRARY


class BuildWithLibrary(build_py):
    def run(self):
        library = None if (HERE / "latticecrf" / LIBRARY).exists() else self.library()
        super().run()
        if library and not self.editable_mode:
            package = Path(self.build_lib) / "latticecrf"
            shutil.copy2(library, package)
            (package / "include").mkdir(exist_ok=True)
            for header in HEADERS:
                shutil.copy2(engine() / header, package / "include")

    def library(self):
        if self.editable_mode:
            # The package finds it where plain `swift build` leaves it.
            if engine() != HERE.parent:
                refuse("an editable installation needs a checkout")
            return built_library(".build", [])
        options = []
        if sys.platform == "linux":
            # As Scripts/wheel: the runtime inside, and nothing of it visible outside.
            options = [
                "-Xswiftc", "-static-stdlib", "-Xlinker", "--gc-sections", "-Xlinker", "-s",
                "-Xlinker", f"--version-script={HERE / 'exports.map'}",
                "-Xcc", "-DLATTICECRF_OWN_HYPOTF",
            ]
        return built_library(".build/wheel", options)


class SourcesWithEngine(sdist):
    """A source distribution from which the library can be built."""

    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        sources = engine()
        if sources is None:
            refuse("a source distribution is made in a checkout")
        shutil.copy2(HERE / "exports.map", base_dir)
        ignored = shutil.ignore_patterns(".*", "__pycache__", "*.safetensors")
        for name in ENGINE:
            target = os.path.join(base_dir, "engine", name)
            if (sources / name).is_dir():
                shutil.copytree(sources / name, target, ignore=ignored, dirs_exist_ok=True)
            else:
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copy2(sources / name, target)


class PlatformWheel(bdist_wheel):
    """For any Python 3, no Python ABI, this platform."""

    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


class Platform(Distribution):
    """There is a shared library, though no Python extension: ctypes loads it."""

    def has_ext_modules(self):
        return True


if not (HERE / "LICENSE").exists() and (HERE.parent / "LICENSE").exists():
    shutil.copy2(HERE.parent / "LICENSE", HERE)

setup(
    distclass=Platform,
    cmdclass={"bdist_wheel": PlatformWheel, "build_py": BuildWithLibrary, "sdist": SourcesWithEngine},
)
