"""The review page in web/dist, which is built into the program, is what web/src builds to."""

import filecmp
import shutil
import subprocess

import pytest


def test_the_embedded_page_is_the_source_built(root, tmp_path):
    if not shutil.which("npm") or not (root / "web" / "node_modules" / "vite").exists():
        pytest.skip("no npm or no web/node_modules (script/bootstrap page): the page is not built")
    subprocess.run(["npm", "run", "check"], cwd=root / "web", check=True, capture_output=True)
    subprocess.run(
        ["npx", "vite", "build", "--outDir", tmp_path, "--emptyOutDir"],
        cwd=root / "web",
        check=True,
        capture_output=True,
    )
    built = sorted(path.name for path in tmp_path.iterdir())
    kept = sorted(path.name for path in (root / "web" / "dist").iterdir())
    assert built == kept
    match, differ, errors = filecmp.cmpfiles(tmp_path, root / "web" / "dist", built, shallow=False)
    assert not differ and not errors, "npm run build in web/, and commit web/dist"


def test_the_page_is_small(root):
    import gzip

    size = sum(
        len(gzip.compress(path.read_bytes(), 9)) for path in (root / "web" / "dist").iterdir()
    )
    assert size < 200_000
