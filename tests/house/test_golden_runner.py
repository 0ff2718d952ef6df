"""The golden runner itself: it compares byte for byte, scrubs the environment, and normalises
only what its documentation says."""
import os
import subprocess
import sys

import pytest


@pytest.fixture
def program(tmp_path):
    """Stands where labelqa stands: a script that runs its first argument."""
    path = tmp_path / "labelqa"
    path.write_text('#!/bin/sh\neval "$1"\n')
    path.chmod(0o755)
    return path


def run_golden(root, *arguments, **environment):
    done = subprocess.run([sys.executable, str(root / "tests/golden/run"), *map(str, arguments)],
                          capture_output=True, text=True, check=False,
                          env=os.environ | environment)
    return done.returncode, done.stdout


def make_case(tmp_path, command, **files):
    case = tmp_path / "case"
    (case / "inputs").mkdir(parents=True)
    (case / "inputs" / "in.csv").write_text("a,b\n")
    (case / "cmd").write_text(command + "\n")
    for name, text in files.items():
        (case / name).write_text(text)
    return case


def test_passes_on_the_same_output_and_fails_on_another(root, tmp_path, program):
    case = make_case(tmp_path, "labelqa 'cat in.csv; echo oops >&2; exit 3'",
                     stdout="a,b\n", stderr="oops\n", exit="3\n")
    assert run_golden(root, program, case) == (0, "")
    (case / "stderr").write_text("ooops\n")
    code, output = run_golden(root, program, case)
    assert code == 1 and "-ooops\n+oops\n" in output
    (case / "stderr").write_text("oops")
    assert run_golden(root, program, case)[0] == 1
    (case / "stderr").write_text("oops\n")
    (case / "exit").unlink()
    assert run_golden(root, program, case)[0] == 1


def test_update_writes_what_is_printed_and_removes_what_is_not(root, tmp_path, program):
    case = make_case(tmp_path, "labelqa 'echo hello'", stderr="old\n", exit="1\n")
    assert run_golden(root, "--update", program, case)[0] == 0
    assert (case / "stdout").read_text() == "hello\n"
    assert not (case / "stderr").exists() and not (case / "exit").exists()
    assert run_golden(root, program, case) == (0, "")


def test_the_environment_is_scrubbed(root, tmp_path, program):
    case = make_case(tmp_path, "labelqa 'echo $OPENAI_API_KEY/$LLM_API_KEY; cd; pwd; tty'")
    run_golden(root, "--update", program, case, OPENAI_API_KEY="secret", LLM_API_KEY="secret")
    text = (case / "stdout").read_text()
    assert text.startswith("/\n") and "secret" not in text
    assert os.path.expanduser("~") not in text.split("\n")[1:2]
    assert "not a tty" in text


@pytest.mark.parametrize("printed, kept", [
    ("labelqa 0.1.0", "labelqa <version>"),
    ("took 0.12 s, 13 ms", "took <time>, <time>"),
    ("peak 12.3 MB", "peak <size>"),
    ("limit 64 MB, 5 s", "limit 64 MB, 5 s"),
    ('"model_seconds": 1.5e-05, "rows": 7', '"model_seconds": <time>, "rows": 7'),
    ('"peak_rss_bytes": 123, "size_bytes": 7', '"peak_rss_bytes": <size>, "size_bytes": 7'),
    ("at 2026-01-31T12:00:00Z", "at <when>"),
    ("precision 0.58", "precision 0.58"),
])
def test_normalises_what_is_volatile_and_nothing_else(root, tmp_path, program, printed, kept):
    case = make_case(tmp_path, "labelqa 'cat text'")
    (case / "inputs" / "text").write_text(printed + "\n")
    run_golden(root, "--update", program, case)
    assert (case / "stdout").read_text() == kept + "\n"


def test_a_case_that_needs_data_is_a_skip_without(root, tmp_path, program):
    case = make_case(tmp_path, "# needs: data\nlabelqa 'echo x'")
    code, output = run_golden(root, program, case, LABELQA_DATA=str(tmp_path / "none"))
    assert code == 77 and "skipped" in output
