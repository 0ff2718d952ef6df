"""What labelqa judge promises about money, held against a server that misbehaves and a command that
is killed: every row ends right or UNKNOWN, the bill is what the command says, no budget is passed,
nothing that was answered is lost or paid for again."""
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from judge_bench import CANARY, Bench, make_rows

N, CONCURRENCY = 500, 16
EVERY = ["--yes", "--top", N, "--sample-unflagged", N, "--concurrency", CONCURRENCY,
         "--backoff", 0.005]
# Whether the answer itself is spoilt, so that UNKNOWN is right.
SOUND = ("429 429-after 500 503 string-error html-502 slow truncated reset malformed html "
         "error-200 no-usage unsupported echo-key-500 events parts fence think").split()
SPOILT = "grammar refusal filter empty null length other-model echo-key".split()
FAULTS = {**dict.fromkeys(SOUND, False), **dict.fromkeys(SPOILT, True)}
TRUTH = {key: true for key, _, _, true in make_rows(N)}


@pytest.fixture(scope="module")
def audited(tmp_path_factory, labelqa_command, judge_server):
    return Bench(tmp_path_factory.mktemp("judge"), labelqa_command, judge_server, N)


class Copy(Bench):
    """The audited run in a folder of its own."""

    def __init__(self, folder, audited):
        shutil.copytree(audited.folder, folder)
        self.folder, self.command = folder, audited.command
        self.server_program = audited.server_program
        self.log, self.run = folder / "calls.jsonl", folder / "rows.labelqa"
        self.server, self.url = None, None

    def paid(self):
        return [call for call in self.calls() if call["paid"]]

    def usd(self):
        return sum(c["tokens_in"] * 0.15 + c["tokens_out"] * 0.6 for c in self.paid()) / 1e6

    def cache(self):
        """Answered and claimed questions: {key: row id}, {key}."""
        path = self.folder / "cache" / "labelqa" / "judge.db"
        if not path.exists():
            return {}, set()
        database = sqlite3.connect(path)
        try:
            answers = dict(database.execute("SELECT key, row_key FROM answers"))
            return answers, {key for key, in database.execute("SELECT key FROM claims")}
        finally:
            database.close()


@pytest.fixture
def copy(tmp_path, audited):
    made = Copy(tmp_path / "copy", audited)
    yield made
    made.stop()


def check_verdicts(rows, may_be_unknown):
    assert len(rows) == N
    unknown = 0
    for row in rows:
        true, verdict = TRUTH[row["row_id"]], row["verdict"]
        unknown += verdict == "UNKNOWN"
        assert verdict in ("UNKNOWN", "YES" if row["label"] == true else "NO"), row["row_id"]
        assert row["corrected_label"] == (true if verdict == "NO" else None)
    assert (90 if may_be_unknown else 0) <= unknown <= (210 if may_be_unknown else 0)
    return unknown


def run_to_the_end(bench, *arguments):
    """As a user would: again while rows stay unanswered. The sums of what the runs said."""
    total = {"calls": 0, "errors": 0, "booked": 0, "cost_usd": 0, "runs": 0}
    for _ in range(4):
        done = bench.judge(*EVERY, "--format", "json", *arguments)
        assert done.returncode in (0, 5), done.stderr
        judge = json.loads(done.stdout)["judge"]
        for key in total.keys() - {"runs"}:
            total[key] += judge[key]
        total["runs"] += 1
        if done.returncode == 0:
            return total
        assert "after 5 tries" in done.stderr
    raise AssertionError("rows stay unanswered after four runs")


def check_fault(audited, folder, fault):
    bench = Copy(folder, audited)
    timeout = 0.3 if fault == "slow" else 20
    arguments = ["--timeout", timeout]
    try:
        bench.serve("--fault", f"{fault}=0.3", "--seed", 11)
        total = run_to_the_end(bench, "--max-calls", 100000, *arguments)
        unknown = check_verdicts(bench.rows(), FAULTS[fault])
        assert total["calls"] == len(bench.paid())
        assert total["errors"] == len(bench.calls()) - len(bench.paid())
        if total["booked"]:  # replies without usage count at their upper bound
            assert total["cost_usd"] >= bench.usd() - 1e-9
        else:
            assert total["cost_usd"] == pytest.approx(bench.usd(), abs=1e-9)
        bench.log.write_text("")
        done = bench.judge(*EVERY, "--model", "gpt-4o-mini-2024-07-18", "--max-calls", 137,
                           "--format", "json", *arguments)
        assert done.returncode == 6 and len(bench.paid()) <= 137
        judge = json.loads(done.stdout)["judge"]
        assert judge["calls"] == len(bench.paid())
        bench.log.write_text("")
        done = bench.judge(*EVERY, "--cache", folder / "other.db", "--max-cost", "0.005",
                           "--max-calls", 100000, *arguments)
        assert done.returncode == 6 and 0 < bench.usd() <= 0.005
        return f"{fault}: {N - unknown} right, {unknown} UNKNOWN, {total}"
    finally:
        bench.stop()


def test_fault_table(audited, tmp_path, capsys):
    """Each fault at 30 % of calls, 500 rows, 16 at a time; then again against both budgets."""
    with ThreadPoolExecutor(4) as pool:
        lines = list(pool.map(lambda fault: check_fault(audited, tmp_path / fault, fault), FAULTS))
    print("\n".join(lines))
    assert len(lines) == len(FAULTS) >= 27


def kill_after(bench, child, n_calls):
    while len(bench.log.read_bytes().splitlines()) < n_calls and child.poll() is None:
        time.sleep(0.002)
    child.kill()
    child.communicate()


def test_thirty_kills(copy):
    """kill -9 at 30 random moments, then a run to the end. A row is paid for twice only if it was
    open at a kill; at most 16 are; every answer that was stored stays and counts."""
    copy.serve("--delay-ms", 15)
    copy.log.touch()
    rng, claimed_at_kills, lost, known = random.Random(20261124), [], 0, {}
    for _ in range(30):
        child = copy.start(*EVERY)
        kill_after(copy, child, len(copy.calls()) + rng.randint(1, 24))
        answers, claims = copy.cache()
        assert known.keys() <= answers.keys()
        assert len(claims) <= CONCURRENCY
        # What the server was asked is answered, or was open at this kill or an earlier one.
        lost += len(claims)
        assert len(copy.calls()) <= len(answers) + lost
        claimed_at_kills.append(claims)
        known = answers
    assert 50 < len(known) < N, "the kills did not fall into the run"
    last = copy.judge_json(*EVERY)["judge"]
    assert last["judged"] == N and last["lost"] == len(claimed_at_kills[-1])
    check_verdicts(copy.rows(), False)
    answers, claims = copy.cache()
    assert len(answers) == N and not claims
    row_of = {text: key for key, text, _, _ in make_rows(N)}
    times = {}
    for call in copy.calls():
        times[row_of[call["text"]]] = times.get(row_of[call["text"]], 0) + 1
    open_at_kills = {}
    for claims in claimed_at_kills:
        for key in claims:
            row = answers[key].removeprefix("id:")
            open_at_kills[row] = open_at_kills.get(row, 0) + 1
    twice = {row: n - 1 for row, n in times.items() if n > 1}
    assert set(times) == set(TRUTH)
    assert all(n <= open_at_kills.get(row, 0) for row, n in twice.items())
    print(f"{len(copy.calls())} calls for {N} rows, {sum(twice.values())} paid again, "
          f"{lost} open at 30 kills")
    assert len(copy.calls()) == N + sum(twice.values())
    again = copy.judge_json(*EVERY)["judge"]
    assert again["calls"] == 0 and again["lost"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals(copy, number):
    copy.serve("--delay-ms", 20)
    copy.log.touch()
    child = copy.start(*EVERY)
    while len(copy.calls()) < 60:
        time.sleep(0.005)
    child.send_signal(number)
    out, err = child.communicate()
    assert child.returncode == 130, err
    paid = len(copy.calls())
    assert paid < N and f"{paid} of {N} rows judged" in out
    answers, claims = copy.cache()
    assert len(answers) == paid and not claims
    assert sum(1 for row in copy.rows() if row["verdict"]) == paid
    assert copy.judge_json(*EVERY)["judge"]["calls"] == N - paid
    assert len(copy.calls()) == N


def test_second_signal_ends_at_once(copy):
    copy.serve("--delay-ms", 5000)
    copy.log.touch()
    child = copy.start(*EVERY)
    while not copy.calls():
        time.sleep(0.005)
    child.send_signal(signal.SIGINT)
    time.sleep(0.2)
    assert child.poll() is None  # it waits for what is open
    begin = time.monotonic()
    child.send_signal(signal.SIGINT)
    child.communicate()
    assert child.returncode == 130 and time.monotonic() - begin < 3


def test_two_processes_on_one_cache(copy, tmp_path, audited):
    """Both end with every row judged, no row is paid for twice; one takes over from the other."""
    copy.serve("--delay-ms", 10)
    copy.log.touch()
    other = tmp_path / "other.labelqa"
    shutil.copytree(copy.run, other)
    pair = {"LLM_BASE_URL": copy.url, "LLM_API_KEY": CANARY}
    both = [subprocess.Popen([copy.command, "judge", run, *map(str, EVERY), "--format", "json"],
                             cwd=copy.folder, env=copy.environment(**pair), text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for run in (copy.run, other)]
    texts = [child.communicate() for child in both]
    assert [child.returncode for child in both] == [0, 0], texts
    judges = [json.loads(text)["judge"] for text, _ in texts]
    assert [judge["judged"] for judge in judges] == [N, N]
    assert min(judge["calls"] for judge in judges) > 0
    assert sum(judge["calls"] for judge in judges) == len(copy.calls()) == N
    copy.log.write_text("")
    model = ["--model", "gpt-4o"]
    killed = copy.start(*EVERY, *model)
    survivor = subprocess.Popen([copy.command, "judge", other, *map(str, EVERY + model)],
                                cwd=copy.folder, env=copy.environment(**pair),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    kill_after(copy, killed, 200)
    survivor.communicate()
    assert survivor.returncode == 0
    assert N <= len(copy.calls()) <= N + CONCURRENCY


def test_exactly_what_changed_is_asked_again(copy):
    copy.serve()
    assert copy.judge_json(*EVERY)["judge"]["calls"] == N
    assert copy.judge_json(*EVERY)["judge"]["calls"] == 0
    plan = copy.judge_json(*EVERY[1:])["plan"]
    assert plan["cached"] == N and plan["to_ask"] == 0
    rows = list(make_rows(N))
    changed = random.Random(5).sample(range(N), 7)
    for i in changed:
        key, text, given, true = rows[i]
        rows[i] = (key, text.replace("story", "tale"), given, true)
    copy.write(rows)
    copy.audit("--overwrite")
    copy.serve()
    copy.log.write_text("")
    assert copy.judge_json(*EVERY)["judge"]["calls"] == 7
    assert sorted(call["text"] for call in copy.calls()) == sorted(rows[i][1] for i in changed)
    assert copy.judge_json(*EVERY, "--model", "gpt-4o")["judge"]["calls"] == N
    assert copy.judge_json(*EVERY, "--protocol", "blind")["judge"]["calls"] == N
    assert copy.judge_json(*EVERY, "--protocol", "blind", "--seed", 9)["judge"]["calls"] > N / 2
    assert copy.judge_json(*EVERY, "--temperature", "0.5")["judge"]["calls"] == N
    notes = copy.folder / "notes.txt"
    notes.write_text("Tools: things made for work\n")
    assert copy.judge_json(*EVERY, "--class-notes", notes)["judge"]["calls"] == N
    assert copy.judge_json(*EVERY)["judge"]["calls"] == 0
