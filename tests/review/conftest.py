"""What the tests of labelqa review find: a run of 240 rows, and a server on it."""

import http.client
import json
import os
import signal
import subprocess
import urllib.parse

import pytest

from review_rows import write_rows


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Review:
    """labelqa review on a run, and requests to it."""

    def __init__(self, command, run, *options, env=None):
        self.process = subprocess.Popen(
            [command, "review", run, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
        )
        self.address = self.process.stdout.readline().strip()
        if not self.address:
            raise AssertionError(self.process.stderr.read())
        parts = urllib.parse.urlsplit(self.address)
        self.port = parts.port
        self.token = urllib.parse.parse_qs(parts.query)["token"][0]

    def call(self, method, path, body=None, headers=None, host=None, token=True, raw=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {"Host": host or f"127.0.0.1:{self.port}"}
        if token:
            sent["Authorization"] = f"Bearer {self.token}"
        if body is not None or raw is not None:
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        data = raw if raw is not None else json.dumps(body).encode() if body is not None else None
        connection.request(method, path, data, {k: v for k, v in sent.items() if v is not None})
        answer = connection.getresponse()
        got = Answer(answer.status, dict(answer.getheaders()), answer.read())
        connection.close()
        return got

    def get(self, path, **rest):
        return self.call("GET", path, **rest)

    def post(self, path, body, **rest):
        return self.call("POST", path, body, **rest)

    def decide(self, row, label=None, reviewer="ann", **rest):
        body = {
            "row_number": row,
            "decision": "label" if label else "unsure",
            "reviewer": reviewer,
            "seconds": 1.5,
            "blind": False,
            **rest,
        }
        if label:
            body["label"] = label
        return self.post("/api/decisions", body)

    def queue(self, reviewer="ann", count=5, **rest):
        answer = self.post("/api/queue", {"reviewer": reviewer, "count": count, **rest})
        assert answer.status == 200, answer.body
        return [row["row_number"] for row in answer.json["rows"]]

    def stop(self, sign=signal.SIGTERM):
        self.process.send_signal(sign)
        self.output, self.errors = self.process.communicate(timeout=60)
        return self.process.returncode


@pytest.fixture
def make_run(tmp_path, labelqa_command):
    def make(name="run", n=240, wrong=0.1, options=()):
        source = tmp_path / f"{name}.csv"
        truth = write_rows(source, n, wrong)
        run = tmp_path / f"{name}.labelqa"
        subprocess.run(
            [
                labelqa_command,
                "audit",
                source,
                "--text",
                "text",
                "--label",
                "label",
                "--id",
                "id",
                "--annotator",
                "annotator",
                "--out",
                run,
                "--quiet",
                *options,
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return run, truth

    return make


@pytest.fixture
def serve(labelqa_command):
    servers = []

    def start(run, *options, env=None):
        servers.append(Review(labelqa_command, run, *options, env=env))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.process.kill()
            server.process.communicate()
