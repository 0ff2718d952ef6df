"""The judge against a server that we did not write: litellm's proxy, from PyPI, in front of
tools/judge-server. Skipped where litellm is not installed (LABELQA_LITELLM names its program): with
its dependencies it takes 740 MB, so script/bootstrap leaves it out."""
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from judge_bench import Bench

KEY = "sk-proxy-7f3a9c1e55d2b8"


def find_litellm():
    beside = Path(sys.executable).parent / "litellm"
    named = os.environ.get("LABELQA_LITELLM")
    return named or (str(beside) if beside.exists() else shutil.which("litellm"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture
def proxy(tmp_path, labelqa_command, judge_server):
    program = find_litellm()
    if not program:
        pytest.skip("litellm is not installed (pip install 'litellm[proxy]', or LABELQA_LITELLM)")
    bench = Bench(tmp_path, labelqa_command, judge_server)
    upstream = bench.serve("--fault", "429=0.1", "--fault", "grammar=0.05")
    port = free_port()
    config = tmp_path / "litellm.yaml"
    config.write_text(
        "model_list:\n  - model_name: judge-alias\n    litellm_params:\n"
        f"      model: openai/simulated\n      api_base: {upstream}\n      api_key: none\n"
        f"general_settings:\n  master_key: {KEY}\nlitellm_settings:\n  num_retries: 0\n"
        "  drop_params: true\n")
    server = subprocess.Popen([program, "--config", config, "--host", "127.0.0.1", "--port",
                               str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              cwd=tmp_path, env={**os.environ, "LITELLM_TELEMETRY": "False"})
    url = f"http://127.0.0.1:{port}"
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{url}/health/liveliness", timeout=1)
            break
        except (urllib.error.URLError, OSError):
            assert server.poll() is None, "litellm ended"
            time.sleep(0.25)
    else:
        server.kill()
        pytest.skip("litellm did not start within a minute")
    yield bench, url
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    bench.stop()


def test_through_litellm(proxy):
    bench, url = proxy
    pair = {"LLM_BASE_URL": url, "LLM_API_KEY": KEY}
    judge = bench.judge_json("--yes", "--model", "judge-alias", "--price", "1,1", **pair)["judge"]
    assert judge["judged"] == judge["planned"]
    assert judge["yes"] > 0 and judge["no"] > 0
    assert judge["unknown"] < judge["planned"] / 4
    paid = [call for call in bench.calls() if call["paid"]]
    assert len(paid) == judge["calls"]
    assert sum(call["tokens_in"] for call in paid) == judge["tokens_in"]
    assert bench.judge_json("--yes", "--model", "judge-alias", **pair)["judge"]["calls"] == 0
    wrong = bench.judge("--yes", "--model", "no-such", "--price", "1,1", **pair)
    assert wrong.returncode == 5
    key = bench.judge("--yes", "--model", "other", "--price", "1,1", LLM_BASE_URL=url,
                      LLM_API_KEY="sk-wrong-000000000000")
    assert key.returncode == 5 and "sk-wrong" not in key.stderr
