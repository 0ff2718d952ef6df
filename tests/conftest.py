"""What every Python test finds: the built package on sys.path, and where things are.

LABELQA_BUILD names another build folder than build/ (it holds bin/, lib/ and python/);
LABELQA_DATA the folder with real data, default ../shared/data; tests that need it skip without.
"""
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("LABELQA_BUILD", ROOT / "build")).resolve()
sys.path.insert(0, str(BUILD / "python"))


@pytest.fixture(scope="session")
def root():
    """The source tree."""
    return ROOT


@pytest.fixture(scope="session")
def build():
    """The build folder."""
    return BUILD


@pytest.fixture(scope="session")
def labelqa_command():
    """Path of the command under test."""
    path = BUILD / "bin" / "labelqa"
    assert path.exists(), f"{path} is missing: run make"
    return path


@pytest.fixture(scope="session")
def data_folder():
    """Folder with real data sets; skips the test where there is none."""
    path = Path(os.environ.get("LABELQA_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no data folder {path} (LABELQA_DATA)")
    return path
