"""CONTRIBUTING.md says how to add an audit, an export, a column, a command and a model, each by an
example. Here the examples are taken from the page, applied to a copy of the tree, and used.

Only the files that include what changed are compiled, without optimisation; the rest comes from the
static archives of the release build.
"""
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

STEP = re.compile(
    r"^(?:New file `(?P<new>[^`]+)`|In `(?P<old>[^`]+)`, (?P<where>after|before) "
    r"(?:``(?P<anchor2>.+?)``|`(?P<anchor1>[^`]+)`)):\n\n(?P<fence>`{3,4})\w+\n(?P<text>.*?)"
    r"^(?P=fence)$", re.M | re.S)
INCLUDE = re.compile(r'^\s*#\s*include "([^"]+)"', re.M)


def apply_steps(page, tree):
    """Applies the page's steps to a tree; returns the files that were touched."""
    touched = []
    for step in STEP.finditer(page):
        name = step["new"] or step["old"]
        path, text = tree / name, step["text"]
        touched.append(name)
        if step["new"]:
            assert not path.exists(), f"{name} is there already"
            path.write_text(text)
            continue
        anchor = step["anchor1"] or step["anchor2"]
        lines = path.read_text().splitlines(keepends=True)
        places = [i for i, line in enumerate(lines) if anchor in line]
        assert len(places) == 1, f"{name}: '{anchor}' stands in {len(places)} lines"
        at = places[0] + (step["where"] == "after")
        lines.insert(at, text)
        path.write_text("".join(lines))
    return sorted(set(touched))


def sources_to_compile(tree, touched):
    """Every .c file of the library that is touched or includes, however far, what is touched."""
    includes = {}
    for path in (tree / "src").rglob("*.[ch]"):
        includes[str(path.relative_to(tree / "src"))] = set(INCLUDE.findall(path.read_text()))
    dirty = {re.sub(r"^(src|include)/", "", name) for name in touched}
    grown = True
    while grown:
        more = {name for name, used in includes.items() if used & dirty} - dirty
        grown = bool(more)
        dirty |= more
    return sorted(name for name in dirty if name.endswith(".c"))


def compiler_flags(root, tree):
    """How the release build compiles a file, for the tree: ([cc, flags...])."""
    entries = json.loads((root / "build/release/compile_commands.json").read_text())
    command = next(e["command"] for e in entries if e["file"].endswith("src/audit/audit.c"))
    words = shlex.split(command)
    compiler = re.compile(r"(^|/)(cc|gcc|clang)[\d.-]*$")
    start = next(i for i, word in enumerate(words) if compiler.search(word))
    words = words[start:words.index("-o")]
    moved = {f"-I{root}/src": f"-I{tree}/src", f"-I{root}/include": f"-I{tree}/include"}
    return [moved.get(w, w) for w in words if not w.startswith(("-O", "-M", "-D_FORTIFY_SOURCE"))]


def build(root, tree, touched):
    """The command, built from the tree; returns its path."""
    flags = compiler_flags(root, tree)
    objects = tree / "objects"
    objects.mkdir()

    def compile_one(name):
        target = objects / (name.replace("/", "-") + ".o")
        strict = ["-Werror"] if f"src/{name}" in touched else ["-w"]
        done = subprocess.run([*flags, "-O0", *strict, "-c", tree / "src" / name, "-o", target],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return target

    names = sources_to_compile(tree, touched) + ["cli/main.c", "cli/console.c"]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        made = list(pool.map(compile_one, sorted(set(names))))
    release = root / "build/release"
    steps = subprocess.run(["ninja", "-C", release, "-t", "commands", "test_run"], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    link = [w for w in shlex.split(steps[-1]) if w not in (":", "&&")]
    link = [w for w in link if not w.endswith(".o")]
    command = tree / "labelqa"
    link[link.index("-o") + 1] = str(command)
    archives = link.index("liblabelqa_core.a")
    subprocess.run([*link[:archives], *made, *link[archives:]], check=True, cwd=release)
    return command


@pytest.fixture(scope="module")
def grown(root, tmp_path_factory):
    """(tree, command) after all examples of the page."""
    if not (root / "build/release/build.ninja").exists():
        pytest.skip("needs the release build (make)")
    tree = tmp_path_factory.mktemp("tree")
    for folder in ("src", "include", "docs", "tools"):
        shutil.copytree(root / folder, tree / folder)
    shutil.copy(root / ".clang-format", tree)
    touched = apply_steps((root / "CONTRIBUTING.md").read_text(), tree)
    assert len(touched) >= 14, touched
    return tree, build(root, tree, touched), touched


@pytest.fixture(scope="module")
def run_folder(grown, tmp_path_factory):
    """A run of the grown command over a small table."""
    tree, command, _ = grown
    folder = tmp_path_factory.mktemp("run")
    rows = ["id,text,words,label"]
    for i in range(12):
        text = "Dear {{name}} your card" if i == 4 else f"my card number {i} was lost"
        rows.append(f"c{i},{text},{i},card")
        rows.append(f"r{i},what is the rate of day {i},{i + 20},rate")
    (folder / "tickets.csv").write_text("\n".join(rows) + "\n")
    subprocess.run([command, "audit", "tickets.csv", "--text", "text", "--label", "label", "--id",
                    "id", "--folds", "3", "--out", "tickets.labelqa", "--quiet"], cwd=folder,
                   check=True, capture_output=True)
    return folder


def ask(command, folder, *words):
    return subprocess.run([command, *words], cwd=folder, check=True, capture_output=True,
                          text=True).stdout


def test_the_gate_takes_the_examples(grown):
    tree, _, touched = grown
    for check in ("check-style", "check-layers", "check-docs"):
        done = subprocess.run([sys.executable, tree / "tools" / check, tree], capture_output=True,
                              text=True)
        complaints = [line for line in done.stderr.splitlines() if "dead link ../" not in line]
        assert not complaints
    sources = [tree / name for name in touched if name.endswith(".c")]
    if not shutil.which("clang-format-14"):
        pytest.skip("clang-format-14 belongs to script/bootstrap gate")
    subprocess.run(["clang-format-14", "--dry-run", "-Werror", *sources], check=True, cwd=tree)


def test_an_audit_is_a_file_a_row_and_a_page(grown, run_folder):
    _, command, touched = grown
    assert [name for name in touched if "unfilled" in name or "audit_list" in name] == [
        "docs/audits/unfilled-template.md", "src/audit/audit_list.h",
        "src/audit/provenance/unfilled_template.c"]
    assert "\nunfilled-template          warn " in ask(command, run_folder, "checks")
    report = json.loads((run_folder / "tickets.labelqa/report.json").read_text())
    found = [f for f in report["provenance"] if f["id"] == "unfilled-template"]
    assert [(f["severity"], f["count"], f["rows"]) for f in found] == [("warn", 1, [8])]


def test_an_export_is_in_the_help_and_writes(grown, run_folder):
    _, command, _ = grown
    listed = ask(command, run_folder, "export", "--help")
    assert re.search("\n  labels +every row's label", listed)
    ask(command, run_folder, "export", "tickets.labelqa", "labels", "labels.csv")
    lines = (run_folder / "labels.csv").read_text().splitlines()
    assert lines[:2] == ["row_id,row_number,label,suggested_label", "c0,0,card,card"]
    assert len(lines) == 25


def test_a_column_is_written_and_computed_again(grown, run_folder):
    parquet = pytest.importorskip("pyarrow.parquet")
    _, command, _ = grown
    rows = run_folder / "tickets.labelqa/rows.parquet"
    assert not any(parquet.read_table(rows)["is_decided"].to_pylist())
    sheet = run_folder / "sheet.csv"
    ask(command, run_folder, "sample", "tickets.labelqa", "--n", "5", "--out", sheet)
    head, *lines = sheet.read_text().splitlines()
    place = head.split(",").index("is_correct")
    cells = [line.split(",") for line in lines]
    for row in cells:
        row[place] = "yes"
    sheet.write_text("\n".join([head, *map(",".join, cells)]) + "\n")
    ask(command, run_folder, "sample", "tickets.labelqa", "--ingest", sheet)
    assert sum(parquet.read_table(rows)["is_decided"].to_pylist()) == 5


def test_a_command_is_in_the_help_and_answers(grown, run_folder):
    _, command, _ = grown
    assert "classes" in ask(command, run_folder, "--help")
    answer = ask(command, run_folder, "classes", "tickets.labelqa")
    assert answer == "      12  card\n      12  rate\n"
    answer = json.loads(ask(command, run_folder, "classes", "tickets.labelqa", "--format", "json"))
    assert answer == [{"label": "card", "rows": 12}, {"label": "rate", "rows": 12}]


def test_a_model_can_be_asked_for(grown, run_folder):
    _, command, _ = grown
    ask(command, run_folder, "audit", "tickets.csv", "--features", "words", "--label", "label",
        "--model", "class-frequency", "--folds", "3", "--checks", "basic", "--out",
        "table.labelqa")
    report = json.loads((run_folder / "table.labelqa/report.json").read_text())
    model = report["model"]
    assert model["kind"] == "class-frequency"
    assert abs(model["log_loss"] - model["prior_log_loss"]) < 0.05
