"""Examples in the documentation are run, so that they cannot drift from the program.

On every page under docs/ and in README.md:
    ```csv NAME (or jsonl, json, txt)   a file, written to an empty folder before anything runs
    ```console                          `$ command` lines, run there in order; lines below a command
                                        are its output, compared where there are any: volatile
                                        parts as in tests/golden/run; a line `...` stands for any
                                        number of lines, ` ...` in a line for the rest of it
    ```findings                         what report.json of the page's last run holds, a line each:
                                        ID SEVERITY COUNT [rows N N ...] [groups N] [from N to N]
Commands begin with `labelqa` or a common shell tool; a block that is only to be read is ```sh.
"""
import importlib.machinery
import importlib.util
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)
PAGES = [page for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
         if page.exists() and "```console" in page.read_text()]


def load_golden():
    """tests/golden/run as a module, for its normalising rules."""
    loader = importlib.machinery.SourceFileLoader("golden", str(ROOT / "tests/golden/run"))
    spec = importlib.util.spec_from_loader("golden", loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


GOLDEN = load_golden()


def console_steps(text):
    """[(command, output shown below it)] of a console block."""
    steps = []
    for line in text.splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        elif steps:
            steps[-1][1].append(line)
    return [(command, "\n".join(shown).strip("\n")) for command, shown in steps]


def output_pattern(shown):
    """A regular expression for shown output; what dots stand for is said on top."""
    pattern = ""
    for line in shown.split("\n"):
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += re.sub(r"\\ \\\.\\\.\\\.$", ".*", re.escape(line)) + r"\n"
    return pattern


def check_finding(line, provenance):
    """One line of a findings block against the report's list."""
    words = line.split()
    found = [f for f in provenance if f["id"] == words[0]]
    assert found, f"the report does not list {words[0]}"
    count = int(words[2])
    hits = [f for f in found if f["count"] > 0]
    assert sum(f["count"] for f in found) == count, found
    if count:
        assert {f["severity"] for f in hits} == {words[1]}, found
    options = " ".join(words[3:])
    rows = re.search(r"rows((?: \d+)+)", options)
    if rows:
        assert sorted(r for f in hits for r in f["rows"]) == list(map(int, rows[1].split())), found
    groups = re.search(r"groups (\d+)", options)
    if groups:
        assert sum(f["groups"] for f in hits) == int(groups[1]), found
    block = re.search(r"from (\d+) to (\d+)", options)
    if block:
        assert [(f["rows_from"], f["rows_to"]) for f in hits] == [(int(block[1]), int(block[2]))]


def run_step(command, folder, environment):
    done = subprocess.run(["/bin/sh", "-c", command], cwd=folder, env=environment, timeout=280,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_run(page, labelqa_command, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    environment = GOLDEN.environment(labelqa_command, tmp_path)
    environment.pop("LABELQA_DATA", None)
    (folder / "build").symlink_to(labelqa_command.parent.parent)
    (folder / "examples").symlink_to(ROOT / "examples")
    blocks = BLOCK.findall(page.read_text())
    for kind, name, text in blocks:
        if name and kind in ("csv", "jsonl", "json", "txt"):
            (folder / name).write_text(text)
    for kind, _, text in blocks:
        if kind == "console":
            for command, shown in console_steps(text):
                code, output = run_step(command, folder, environment)
                assert code in (0, 1), f"$ {command}\n{output}"
                if shown:
                    now = GOLDEN.normalise(output.strip("\n"), folder, []) + "\n"
                    wanted = GOLDEN.normalise(shown, folder, [])
                    assert re.fullmatch(output_pattern(wanted), now), f"$ {command}\n{output}"
        if kind == "findings":
            reports = sorted(folder.glob("*/report.json"), key=os.path.getmtime)
            assert reports, "no run folder"
            provenance = json.loads(reports[-1].read_text())["provenance"]
            for line in text.splitlines():
                check_finding(line, provenance)


def test_there_are_examples():
    assert PAGES


@pytest.mark.parametrize("shown, output, same", [
    ("a\nb", "a\nb", True), ("a\nb", "a\nc", False), ("a\n...\nz", "a\nb\nc\nz", True),
    ("a\n...\nz", "a\nz", True), ("a\n...", "a\nb\nc", True), ("a\n...", "b", False),
    ("...\nz", "x\ny\nz", True), ("a (1)", "a (1)", True), ("a.c", "abc", False),
    ("a ...\nb", "a x y\nb", True), ("a ...\nb", "a x\ny\nb", False), ("a ...", "a", True),
])
def test_dots_stand_for_any_lines(shown, output, same):
    assert bool(re.fullmatch(output_pattern(shown), output + "\n")) == same
