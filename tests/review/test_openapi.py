"""The served OpenAPI file against the server, by schemathesis (opt-in: pip install schemathesis, or
SCHEMATHESIS=PATH of its command)."""
import os
import shutil
import subprocess

import pytest

COMMAND = os.environ.get("SCHEMATHESIS") or shutil.which("schemathesis")


@pytest.mark.skipif(not COMMAND, reason="schemathesis is not installed: the OpenAPI file is not "
                    "tried against the server")
def test_the_server_keeps_to_its_openapi_file(make_run, serve):
    old, _ = make_run("old", wrong=0.2)
    run, _ = make_run()
    server = serve(run, "--reviewer", "ann", "--against", old)
    done = subprocess.run(
        [COMMAND, "run", f"http://127.0.0.1:{server.port}/api/openapi.json", "-H",
         f"Authorization: Bearer {server.token}", "--max-examples", "60", "--seed", "1",
         "--exclude-path", "/api/events", "--no-color"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]
    assert server.process.poll() is None


def test_the_openapi_file_lists_what_the_run_knows(make_run, serve):
    run, _ = make_run()
    described = serve(run).get("/api/openapi.json").json["paths"]
    body = described["/api/decisions"]["post"]["requestBody"]["content"]["application/json"]
    label = body["schema"]["properties"]["label"]
    assert label["type"] == ["string", "null"]
    assert label["enum"] == ["car", "fruit", "sea", None]
    rows = {one["name"]: one["schema"] for one in described["/api/rows"]["get"]["parameters"]}
    assert "loss" in rows["sort"]["enum"] and "annotator" in rows and "split" not in rows


def test_a_nul_in_the_query_is_refused(make_run, serve):
    run, _ = make_run()
    answer = serve(run).get("/api/rows?q=a%00b")
    assert answer.status == 400 and "NUL" in answer.json["error"]["message"]
