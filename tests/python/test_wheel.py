"""`make wheel`, installed by pip into a fresh environment, away from this tree."""
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

AUDIT = """
import sys
import numpy as np
import labelqa
from labelqa.cleanlab.filter import find_label_issues

run = labelqa.audit(sys.argv[1], text="text", label="label", out="run")
assert run.report["rows"] == 120 and run.pred_probs.shape == (120, 2)
flagged = [row["row_number"] for row in run.rows() if row["is_label_issue"]]
p = np.array([[.9, .1], [.2, .8], [.1, .9], [.8, .2], [.95, .05], [.1, .9]])
found = labelqa.find_label_issues([0, 1, 0, 0, 0, 1], p, min_examples_per_class=0)
assert (found == find_label_issues([0, 1, 0, 0, 0, 1], p, min_examples_per_class=0)).all()
maps = open("/proc/self/maps").read()
for path in sorted({line.split(None, 5)[-1] for line in maps.splitlines() if ".so" in line}):
    print("loaded", path)
print("flagged", *flagged)
"""


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory):
    pytest.importorskip("auditwheel")
    if "LABELQA_BUILD" in os.environ:
        pytest.skip("the wheel is made from the release build")
    made = subprocess.run(["make", "--no-print-directory", "BOOTSTRAPPED=1", "wheel"], cwd=root,
                          env={**os.environ, "LABELQA_WHEEL_COMPRESSION": "1"},
                          capture_output=True, text=True)
    assert made.returncode == 0, made.stdout + made.stderr
    return root / made.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def fresh(wheel, tmp_path_factory):
    """The folder of an environment that holds numpy (from here: no network) and the wheel."""
    folder = tmp_path_factory.mktemp("fresh")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    site = next(folder.glob("lib/python3*/site-packages"))
    here = Path(np.__file__).parent.parent
    for part in ("numpy", "numpy.libs", f"numpy-{np.__version__}.dist-info"):
        (site / part).symlink_to(here / part)
    subprocess.run([sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install",
                    "--quiet", "--no-index", wheel], check=True)
    return folder


def run(folder, *command):
    clean = {key: value for key, value in os.environ.items()
             if key not in ("PYTHONPATH", "LD_LIBRARY_PATH", "LD_PRELOAD")}
    return subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True)


def test_the_tag(wheel):
    assert re.fullmatch(r"labelqa-[\d.]+-cp311-abi3-manylinux_2_\d+_x86_64\.whl", wheel.name)
    names = zipfile.ZipFile(wheel).namelist()
    for needed in ("labelqa/py.typed", "labelqa/__init__.pyi", "labelqa/_labelqa.pyi",
                   "labelqa/lib/labelqa/libduckdb.so", "labelqa/bin/labelqa"):
        assert needed in names
    licences = [name for name in names if "/licenses/" in name]
    assert any("LICENSE.duckdb" in name for name in licences)
    grafted = [name for name in names if name.startswith("labelqa.libs/") and name[-1] != "/"]
    assert len([n for n in licences if "third-party" in n]) > len(grafted) / 3 > 0


def test_an_audit_from_the_wheel(fresh, root):
    rows = [f"the {'cat purrs on' if i % 2 else 'dog barks at'} mat {i % 7} again,"
            f"{'dog' if i in (11, 51) or not i % 2 else 'cat'}" for i in range(120)]
    (fresh / "pets.csv").write_text("\n".join(["text,label", *rows, ""]))
    ended = run(fresh, fresh / "bin" / "python", "-c", AUDIT, "pets.csv")
    assert ended.returncode == 0, ended.stderr
    *loaded, flagged = ended.stdout.splitlines()
    assert {11, 51} <= set(map(int, flagged.split()[1:]))
    ours = [line for line in loaded if re.search("(duckdb|labelqa|curl)[^/]*$", line)]
    assert ours and all(str(fresh) in line for line in ours)
    assert not any(str(root / "build" / "deps") in line for line in loaded)


def test_the_command_from_the_wheel(fresh):
    for command in ([fresh / "bin" / "labelqa"], [fresh / "bin" / "python", "-m", "labelqa"]):
        ended = run(fresh, *command, "--version")
        assert ended.stdout.startswith("labelqa 0."), ended.stderr
        assert run(fresh, *command, "audit", "nothing.csv").returncode == 4


def test_the_package_from_the_build_tree(build):
    environment = {**os.environ, "PYTHONPATH": str(build / "python")}
    ended = subprocess.run([sys.executable, "-m", "labelqa", "--version"], env=environment,
                           capture_output=True, text=True)
    assert ended.stdout.startswith("labelqa 0."), ended.stderr
