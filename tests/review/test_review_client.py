"""The client of docs/review.md does what the page says it does."""

import re
import subprocess
import sys


def test_the_client_of_the_docs(root, make_run, serve):
    page = (root / "docs" / "review.md").read_text()
    code = re.search(r"<!-- client.*?```python\n(.*?)```", page, re.S).group(1)
    assert len(code.splitlines()) <= 36
    run, truth = make_run(wrong=0.15)
    server = serve(run)
    doubted = server.get("/api/run").json["progress"]["to_review"]
    done = subprocess.run(
        [sys.executable, "-c", code, server.address], text=True, capture_output=True, check=True
    )
    decided, unsure = map(int, re.match(r"(\d+) rows relabelled, (\d+) left", done.stdout).groups())
    assert decided > 10 and decided + unsure == doubted
    rows = server.get("/api/rows?decided=yes&limit=500").json["rows"]
    assert len(rows) == decided
    right = sum(row["decided_label"] == truth[row["row_number"]] for row in rows)
    assert right >= 0.9 * decided
