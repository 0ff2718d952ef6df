"""Importing labelqa loads nothing heavy: numpy, DuckDB and XGBoost wait for their first use.

What it takes is in bench/RESULTS.md; what would make it slow is looked for here.
"""
import os
import subprocess
import sys

FIRST_USE = """
import sys
import numpy
before = set(sys.modules)
import labelqa
assert set(sys.modules) - before == {"labelqa"}, set(sys.modules) - before
labelqa.find_label_issues
own = {name for name in set(sys.modules) - before if not name.startswith("labelqa")}
assert not own, own
maps = open("/proc/self/maps").read()
assert "_labelqa.abi3.so" in maps and "_library.abi3.so" not in maps
assert "libduckdb" not in maps and "libxgboost" not in maps
"""


def run(build, code):
    environment = {**os.environ, "PYTHONPATH": str(build / "python")}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True,
                           text=True)
    assert ended.returncode == 0, ended.stderr


def test_importing_loads_nothing_else(build):
    run(build, FIRST_USE)


def test_numpy_waits_for_its_first_use(build):
    run(build, "import sys, labelqa; assert 'numpy' not in sys.modules")


def test_the_drop_in_needs_no_pandas(build):
    run(build, "import sys, labelqa.cleanlab.filter, labelqa.cleanlab.dataset; "
               "assert not {'pandas', 'sklearn', 'scipy', 'pyarrow'} & set(sys.modules)")
