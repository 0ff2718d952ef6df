"""What the tests of labelqa judge find: a run of 300 rows and a server that knows the truth."""
import pytest

from judge_bench import Bench


@pytest.fixture(scope="session")
def judge_server(build):
    server = build / "test-tools" / "judge-server"
    assert server.exists(), f"{server} is missing: run make"
    return server


@pytest.fixture
def bench(tmp_path, labelqa_command, judge_server):
    made = Bench(tmp_path, labelqa_command, judge_server)
    yield made
    made.stop()
