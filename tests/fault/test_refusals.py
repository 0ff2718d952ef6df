"""Every command with memory, files and disk refused to it, one call at a time (refuse.c).

A refusal ends the command with its exit code and a message, or changes nothing at all: never a
signal, never a file that is neither the old nor the new one, never a remnant beside the run. A
spread of CALLS calls is tried by default; LABELQA_REFUSALS=all tries each (half an hour), a number
that many.
"""
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

CALLS = os.environ.get("LABELQA_REFUSALS", "6")
WORDS = {"card": "card stolen lost pin chip", "rate": "rate exchange euro dollar fee",
         "move": "transfer bank iban send money"}
AUDIT = ["audit", "t.csv", "--text", "text", "--label", "label", "--id", "id", "--out", "r"]
# name -> arguments; RUN is there before, but for audit and those that read a source
COMMANDS = {
    "audit": [*AUDIT[:-1], "new"],
    "audit-again": [*AUDIT, "--overwrite", "--baseline", "accepted.txt"],
    "audit-table": ["audit", "n.csv", "--features", "a,b", "--label", "label", "--out", "new"],
    "judge-plan": ["judge", "r", "--class-notes", "notes.txt"],
    "judge-batch": ["judge", "r", "--batch-write", "batch.jsonl"],
    "losses": ["losses", "r", "losses.csv"],
    "decide": ["decide", "r", "decided.csv"],
    "sample": ["sample", "r", "--n", "9", "--out", "new.csv"],
    "ingest": ["sample", "r", "--ingest", "sheet.csv"],
    "report": ["report", "r"],
    "relabel": ["export", "r", "relabel", "new.csv"],
    "cleaned": ["export", "r", "cleaned", "new.parquet"],
    "annotators": ["annotators", "votes.csv", "--item", "id", "--annotator", "who", "--label",
                   "label"],
    "corrupt": ["corrupt", "t.csv", "--label", "label", "--text", "text", "--out", "new.csv",
                "--random-flip", ".1"],
    "evaluate": ["evaluate", "r", "--truth", "truth"],
    "checks": ["checks"],
    "doctor": ["doctor"],
}
# What may come of a refusal beside 0 (nobody noticed, nothing is missing).
CODES = {"memory": {7}, "open": {4}, "write": {4}, "fsync": {4}, "rename": {4}}
COMPARED = {"rows.parquet", "review.csv", "pred_probs.npy", "classes.json", "source.parquet"}


def write_inputs(folder):
    rows, votes, numbers = ["id,text,label,truth"], ["id,who,label"], ["a,b,label"]
    names = list(WORDS)
    for i in range(60):
        truth, other = names[i % 3], names[(i + 1) % 3]
        words = WORDS[truth].split()
        text = " ".join(words[(i * k + k) % 5] for k in range(1, 6))
        label = other if i % 10 == 0 else truth
        rows.append(f"r{i},{text} {i % 7},{label},{truth}")
        numbers.append(f"{i % 3 + i / 100},{(i * 7) % 11},{label}")
        votes += [f"r{i},{who},{truth if (i + k) % 4 else other}" for k, who in enumerate("xyz")]
    files = {"t.csv": rows, "votes.csv": votes, "n.csv": numbers,
             "accepted.txt": ["# looked at", "class-imbalance", "duplicate r3"],
             "notes.txt": [f"{name}: about {name}" for name in names],
             "losses.csv": ["row_id,epoch,loss",
                            *(f"r{i},{e},{(i * 13) % 17 / 10 + e}" for i in range(60)
                              for e in range(2))],
             "decided.csv": ["row_id,decision,by", "r10,rate,ann", "r20,keep,ann", "r30,card,bob"]}
    for name, lines in files.items():
        (folder / name).write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="session")
def shim(tmp_path_factory, root):
    path = tmp_path_factory.mktemp("shim") / "refuse.so"
    subprocess.run([os.environ.get("CC", "cc"), "-O1", "-std=gnu11", "-shared", "-fPIC",
                    "-fno-builtin", "-o", path, root / "tests/fault/refuse.c", "-ldl"], check=True)
    return path


@pytest.fixture(scope="session")
def template(tmp_path_factory, labelqa_command):
    folder = tmp_path_factory.mktemp("refusals") / "before"
    folder.mkdir()
    write_inputs(folder)
    call = [labelqa_command, "--quiet"]
    for args in AUDIT, ["sample", "r", "--n", "9", "--out", "sheet.csv"]:
        subprocess.run([call[0], *args, "--quiet"], cwd=folder, check=True, capture_output=True)
    sheet = (folder / "sheet.csv").read_text().splitlines()
    at = sheet[0].split(",").index("is_correct")
    filled = [",".join(["yes" if k == at else cell for k, cell in enumerate(line.split(","))])
              for line in sheet[1:]]
    (folder / "sheet.csv").write_text("\n".join([sheet[0], *filled]) + "\n")
    return folder


class Trial:
    """One command in a copy of the template, with one call refused."""

    def __init__(self, labelqa, shim, template, scratch, name):
        self.labelqa, self.shim, self.template, self.scratch = labelqa, shim, template, scratch
        self.name, self.args = name, [*COMMANDS[name], "--quiet", "--threads", "1"]

    def run(self, kind, call):
        place = self.scratch / f"{self.name}-{kind}-{call}"
        shutil.copytree(self.template, place)
        count = self.scratch / f"count-{self.name}-{kind}-{call}"
        env = {"PATH": os.environ["PATH"], "HOME": str(place), "LANG": "C.UTF-8", "TZ": "UTC",
               "LD_PRELOAD": str(self.shim), "REFUSE": kind, "REFUSE_CALL": str(call),
               "REFUSE_COUNT": str(count), "LLM_API_KEY": "none",
               "LLM_BASE_URL": "http://127.0.0.1:9/v1"}
        done = subprocess.run([self.labelqa, *self.args], cwd=place, env=env, timeout=120,
                              capture_output=True, text=True, errors="replace")
        n_calls = int(count.read_text()) if count.exists() else 0
        done.stdout = done.stdout.replace(str(place), "PLACE")
        after = contents(place)
        shutil.rmtree(place)
        return done, after, n_calls


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*") if path.is_file() and ".cache" not in path.parts}


def said(done):
    """Standard output without what differs from run to run: seconds, bytes, ids, times."""
    return re.sub(r"[0-9.]+ (s|ms|MB|GB|kB)\b|[0-9a-f]{16}|\d+-\d+-\d+T[\d:]+Z", "_", done.stdout)


def judge(kind, done, after, before, whole):
    """What is wrong with this outcome, or None."""
    whole_done, whole_after = whole
    done_whole = done.returncode == whole_done.returncode
    if not done_whole and done.returncode not in CODES[kind]:
        return f"exit {done.returncode}: {done.stderr.strip()[-200:]}"
    if done.returncode and len(done.stderr.strip()) < 15:
        return f"exit {done.returncode} without a message: {done.stderr!r}"
    if kind == "memory" and not done_whole and "memory" not in done.stderr:
        return f"memory is not named: {done.stderr.strip()[-200:]}"
    if done_whole and said(done) != said(whole_done):
        news = set(said(done).splitlines()) ^ set(said(whole_done).splitlines())
        return f"exit {done.returncode}, but standard output is another: {news}"
    for name, data in after.items():
        # A refused read or checkpoint leaves run.db's log: part of an old run, never of a new one.
        is_log = name.startswith("r/run.db-")
        if not is_log and name not in before and name not in whole_after:
            return f"exit {done.returncode}, left behind {name}: {done.stderr.strip()[-99:]}"
        base = name.rsplit("/", 1)[-1]
        if base in COMPARED and data not in (before.get(name), whole_after.get(name)):
            return f"{name} is neither the old nor the new one"
    gone = [name for name in before if name not in after and name in whole_after]
    lost = [name for name in whole_after if name not in after] if done_whole else []
    return f"missing: {gone or lost}" if gone or lost else None


def spread(n_calls):
    if CALLS == "all" or int(CALLS) >= n_calls:
        return range(1, n_calls + 1)
    n = int(CALLS)
    return sorted({1 + k * n_calls // n for k in range(n)})


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("name", COMMANDS)
def test_refused_calls_end_clean(name, kind, labelqa_command, shim, template, tmp_path):
    trial = Trial(labelqa_command, shim, template, tmp_path, name)
    whole_done, whole_after, n_calls = trial.run(kind, 0)
    assert whole_done.returncode == (5 if name == "doctor" else 0), whole_done.stderr
    before = contents(template)

    def attempt(call):
        done, after, _ = trial.run(kind, call)
        wrong = judge(kind, done, after, before, (whole_done, whole_after))
        return f"call {call} of {n_calls}: {wrong}" if wrong else None

    with ThreadPoolExecutor(max_workers=2) as pool:
        problems = [text for text in pool.map(attempt, spread(n_calls)) if text]
    assert not problems, "\n".join([f"{len(problems)} refusals of {kind}", *problems[:40]])
