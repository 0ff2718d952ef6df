"""Importing labelqa is quick and loads nothing heavy."""
import os
import subprocess
import sys

CODE = """
import sys, time
import numpy
started = time.perf_counter()
import labelqa
labelqa.find_label_issues
print(1000 * (time.perf_counter() - started))
maps = open("/proc/self/maps").read()
assert "libduckdb" not in maps and "libxgboost" not in maps
assert not {"pandas", "pyarrow", "transformers"} & set(sys.modules)
"""


def test_import_is_quick(build):
    environment = {**os.environ, "PYTHONPATH": str(build / "python")}
    times = [float(subprocess.run([sys.executable, "-c", CODE], env=environment, check=True,
                                  capture_output=True, text=True).stdout) for _ in range(5)]
    assert min(times) < 30, times


def test_numpy_waits_for_its_first_use(build):
    code = "import sys, labelqa; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True,
                   env={**os.environ, "PYTHONPATH": str(build / "python")})
