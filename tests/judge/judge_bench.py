"""A table of rows with known true labels, a run made of it, tools/judge-server in front of it, and
the command as users call it: what the tests of labelqa judge share."""
import json
import os
import subprocess

CANARY = "sk-canary-7f3a9c1e55d2b8"
CLASSES = ["Fruit", "Animals, wild", "Tools"]
WORDS = {"Fruit": ["apple", "pear", "plum", "cherry", "grape", "melon"],
         "Animals, wild": ["wolf", "bear", "lynx", "otter", "heron", "viper"],
         "Tools": ["hammer", "saw", "chisel", "wrench", "plane", "drill"]}


def make_rows(n):
    """(id, text, given label, true label); every tenth label is wrong."""
    for i in range(n):
        true = CLASSES[i % 3]
        words = WORDS[true]
        text = (f"The {words[i % 6]} and the {words[(i // 3) % 6]}, with a {words[(i // 7) % 6]}, "
                f"story {i}.")
        yield str(i), text, CLASSES[(i + 1) % 3] if i % 10 == 3 else true, true


class Bench:
    """A run, a server and a place for caches of its own."""

    def __init__(self, folder, command, server, n_rows=300):
        self.folder, self.command, self.server_program = folder, command, server
        self.log = folder / "calls.jsonl"
        self.run = folder / "rows.labelqa"
        self.server, self.url = None, None
        folder.mkdir(exist_ok=True)
        self.write(list(make_rows(n_rows)))
        self.audit()

    def write(self, rows):
        with open(self.folder / "rows.csv", "w") as out, \
                open(self.folder / "truth.jsonl", "w") as truth:
            out.write("id,text,label,label_true\n")
            for key, text, given, true in rows:
                out.write(f'{key},"{text}","{given}","{true}"\n')
                truth.write(json.dumps({"text": text, "label": true}) + "\n")

    def audit(self, *options):
        done = self.labelqa("audit", "rows.csv", "--text", "text", "--label", "label", "--id", "id",
                            *options)
        assert done.returncode == 0, done.stderr

    def serve(self, *options):
        """A new server, at the place of the one before: that is part of the cache's key."""
        if self.url:
            options += ("--port", self.url.rsplit(":", 1)[1].removesuffix("/v1"))
        self.stop()
        self.server = subprocess.Popen(
            [self.server_program, "--truth", self.folder / "truth.jsonl", "--log", self.log,
             *map(str, options)], stdout=subprocess.PIPE, text=True)
        self.url = self.server.stdout.readline().strip()
        return self.url

    def stop(self):
        if self.server:
            self.server.terminate()
            self.server.wait()
            self.server.stdout.close()
            self.server = None

    def environment(self, **extra):
        base = {"PATH": os.environ["PATH"], "HOME": str(self.folder / "home"),
                "XDG_CACHE_HOME": str(self.folder / "cache")}
        for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                base[name] = os.environ[name]
        return {**base, **extra}

    def labelqa(self, *arguments, **environment):
        return subprocess.run([self.command, *map(str, arguments)], cwd=self.folder, text=True,
                              capture_output=True, env=self.environment(**environment))

    def judge(self, *arguments, **environment):
        pair = {} if environment else {"LLM_BASE_URL": self.url, "LLM_API_KEY": CANARY}
        haste = [] if "--backoff" in arguments else ["--backoff", 0.01]
        return self.labelqa("judge", self.run, *haste, *arguments, **{**pair, **environment})

    def start(self, *arguments, **environment):
        """The command, still running; its output is to be read by communicate()."""
        pair = {"LLM_BASE_URL": self.url, "LLM_API_KEY": CANARY}
        return subprocess.Popen([self.command, "judge", self.run, *map(str, arguments)],
                                cwd=self.folder, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE,
                                env=self.environment(**{**pair, **environment}))

    def judge_json(self, *arguments, code=0, **environment):
        done = self.judge("--format", "json", *arguments, **environment)
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout)

    def calls(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()] \
            if self.log.exists() else []

    def rows(self, columns="*"):
        import pyarrow.parquet as parquet
        return parquet.read_table(self.run / "rows.parquet").to_pylist()
