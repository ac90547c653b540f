"""The library that the tests run on, for tests that copy it elsewhere."""
import os
from pathlib import Path

from latticecrf import _native

PATH = os.path.abspath(_native._library._name)
#: A wheel's library looks for the image codecs beside itself; a copy of it does not find them there.
CODECS = str(Path(PATH).resolve().parents[1] / "latticecrf.libs")


def environment(**more):
    """This process's, without what leads to the package and its library, in which copies can be loaded."""
    kept = {k: v for k, v in os.environ.items() if k not in ("LATTICECRF_LIBRARY", "PYTHONPATH")}
    folders = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    kept["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, [CODECS, *folders]))
    return {**kept, **more}
