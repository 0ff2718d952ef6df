"""labelqa audit --review: the page of the new run, opened when the audit is done."""
import os
import signal
import subprocess
import urllib.request

import pytest

from review_rows import write_rows


@pytest.fixture
def browser(tmp_path):
    """A browser that only notes the address it was given; returns (environment, notes)."""
    program = tmp_path / "bin" / "xdg-open"
    program.parent.mkdir()
    notes = tmp_path / "opened"
    program.write_text(f'#!/bin/sh\necho "$1" >> "{notes}"\n')
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}, notes


def start(command, folder, environment, *options):
    write_rows(folder / "rows.csv")
    return subprocess.Popen(
        [command, "audit", "rows.csv", "--text", "text", "--label", "label", "--id", "id", "--out",
         "rows.labelqa", "--review", *options], cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def read_address(process):
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("http://127.0.0.1:"):
            return line.strip(), "".join(lines)
    raise AssertionError("".join(lines) + process.stderr.read())


def test_the_page_follows_the_audit(labelqa_command, tmp_path, browser):
    environment, notes = browser
    process = start(labelqa_command, tmp_path, environment)
    address, before = read_address(process)
    assert "240 rows, " in before and "labelqa review rows.labelqa" in before
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(address) as page:
        assert page.status == 200 and b"<title>" in page.read()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert "0 rows decided" in out
    assert notes.read_text().strip() == address


def test_the_exit_code_is_the_audits(labelqa_command, tmp_path, browser):
    process = start(labelqa_command, tmp_path, browser[0], "--fail-if", "flagged_rate > 0")
    read_address(process)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 1


def test_an_audit_that_fails_opens_no_page(labelqa_command, tmp_path, browser):
    process = start(labelqa_command, tmp_path, browser[0], "--label", "nothing")
    out, err = process.communicate(timeout=20)
    assert process.returncode == 2 and "http://" not in out, err
    assert not browser[1].exists()
