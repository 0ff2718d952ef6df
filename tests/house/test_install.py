"""`make install`: an installed tree works from where it is, without the build tree, the source tree
or any environment, and still after it was moved; a C program builds against it by pkg-config."""
import os
import subprocess

import pytest

PROGRAM = """
#include <labelqa/labelqa.h>
#include <stdio.h>
int main(void) { puts(lqa_version()); return 0; }
"""


@pytest.fixture(scope="module")
def installed(root, build, tmp_path_factory):
    """A tree that was installed at one place and then moved to another."""
    folder = tmp_path_factory.mktemp("install")
    subprocess.run(["cmake", "--install", build / "release", "--prefix", folder / "first"],
                   check=True, capture_output=True)
    (folder / "first").rename(folder / "moved")
    return folder / "moved"


def run_bare(*command, **environment):
    return subprocess.run([str(part) for part in command], env={"PATH": "/usr/bin:/bin"} |
                          environment, capture_output=True, text=True, check=True).stdout


def test_the_command_runs_without_its_build_tree(root, build, installed):
    output = run_bare(installed / "bin" / "labelqa", "--version")
    assert output.startswith("labelqa ") and output.count("\n") == 1
    loaded = run_bare("ldd", installed / "bin" / "labelqa")
    assert "not found" not in loaded
    for line in loaded.splitlines():
        if line.split()[0].startswith(("liblabelqa.so", "libduckdb.so")):
            assert str(installed) in line, line


def test_installed_files_name_no_build_path(root, build, installed):
    for path in (installed / "bin" / "labelqa", installed / "lib" / "liblabelqa.so"):
        header = run_bare("readelf", "-d", path)
        paths = [line for line in header.splitlines() if "RPATH" in line or "RUNPATH" in line]
        assert paths and all("$ORIGIN" in line and str(root) not in line for line in paths)


def test_man_pages_and_completion_come_along(installed):
    commands = run_bare(installed / "bin" / "labelqa", "__commands").split()
    pages = {path.name: path.read_text() for path in (installed / "share/man/man1").iterdir()}
    assert set(pages) == {"labelqa.1", *(f"labelqa-{name}.1" for name in commands)}
    assert all(text.startswith(".TH LABELQA") for text in pages.values())
    assert "--min-class-rows" in pages["labelqa-audit.1"].replace("\\-", "-")
    script = installed / "share/bash-completion/completions/labelqa"
    for typed, word in (("ju", "judge"), ("audit --min-cl", "--min-class-rows"),
                        ("checks row-", "row-shift")):
        words = ["labelqa", *typed.split()]
        code = (f"complete() {{ :; }}; source '{script}'; COMP_WORDS=({' '.join(words)});"
                f"COMP_CWORD={len(words) - 1}; _labelqa; echo \"${{COMPREPLY[@]}}\"")
        path = f"{installed / 'bin'}:/usr/bin:/bin"
        assert run_bare("bash", "-c", code, PATH=path).split() == [word]


def test_a_program_builds_by_pkg_config(root, installed, tmp_path):
    (tmp_path / "program.c").write_text(PROGRAM)
    flags = run_bare("pkg-config", "--cflags", "--libs", "labelqa",
                     PKG_CONFIG_PATH=str(installed / "lib" / "pkgconfig")).split()
    subprocess.run(["gcc", tmp_path / "program.c", "-o", tmp_path / "program", *flags], check=True)
    printed = run_bare(tmp_path / "program", LD_LIBRARY_PATH=str(installed / "lib"))
    assert printed.strip() in run_bare(installed / "bin" / "labelqa", "--version")


def test_a_build_tree_can_be_moved(build, tmp_path):
    """build/bin, build/lib and build/deps find each other relatively."""
    for name in ("bin", "lib"):
        subprocess.run(["cp", "-a", build / name, tmp_path / name], check=True)
    os.symlink((build / "deps").resolve(), tmp_path / "deps")
    loaded = run_bare("ldd", tmp_path / "bin" / "labelqa")
    library = [line for line in loaded.splitlines() if line.split()[0].startswith("liblabelqa.so")]
    assert len(library) == 1 and str(tmp_path) in library[0]
