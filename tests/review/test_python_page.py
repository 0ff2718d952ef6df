"""Run.serve(): the page from Python, and its end."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import labelqa


def ask(url, path, body=None):
    parts = urllib.parse.urlsplit(url)
    token = urllib.parse.parse_qs(parts.query)["token"][0]
    request = urllib.request.Request(
        f"http://{parts.netloc}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def test_a_page_from_python(make_run):
    folder, _ = make_run()
    run = labelqa.open(folder)
    with run.serve(reviewer="ann", second_review=0.5) as page:
        assert page.running and page.url in page._repr_html_() and "127.0.0.1" in repr(page)
        rows = ask(page.url, "/api/queue", {"count": 1})["rows"]
        number = rows[0]["row_number"]
        ask(
            page.url,
            "/api/decisions",
            {"row_number": number, "decision": "label", "label": "car", "seconds": 1},
        )
    assert not page.running and page.stop() is None
    decided = {row["row_number"]: row for row in run.rows() if row["decided_label"]}
    assert decided[number]["decided_label"] == "car" and decided[number]["decided_by"] == "ann"


def test_what_cannot_be_served_says_why(tmp_path):
    try:
        labelqa.open(tmp_path).serve()
    except (RuntimeError, OSError, ValueError) as error:
        assert "manifest.json" in str(error) or "run" in str(error)
    else:
        raise AssertionError("a folder that is no run was served")


def test_the_page_ends_with_the_process(make_run, build):
    folder, _ = make_run()
    code = (
        f"import labelqa, time; page = labelqa.open({str(folder)!r}).serve(); "
        "print(page._process.pid, flush=True); time.sleep(60)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(build / "python")},
    )
    pid = int(child.stdout.readline())
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=20)
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.1)
    else:
        raise AssertionError("the server outlived its process")
