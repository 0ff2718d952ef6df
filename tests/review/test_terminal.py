"""labelqa review --tty: the queue on a terminal, keys sent through a pseudo-terminal."""
import fcntl
import os
import pty
import re
import select
import signal
import sqlite3
import struct
import subprocess
import termios
import time

import pyarrow.parquet as pq
import pytest

from review_rows import write_rows


class Terminal:
    """The command on a terminal of its own."""

    def __init__(self, command, run, *options, columns=80, lines=24, term="xterm"):
        self.main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.before = termios.tcgetattr(side)
        self.side = side
        self.process = subprocess.Popen(
            [command, "review", run, "--tty", *options], stdin=side, stdout=side,
            stderr=subprocess.PIPE, env={**os.environ, "TERM": term}, start_new_session=True)
        self.seen = ""

    def read(self, pattern, seconds=10):
        """Waits until the newest screen holds the pattern; returns that screen."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.main], [], [], 0.05)[0]:
                self.seen += os.read(self.main, 65536).decode()
            screen = self.seen.rsplit("\x1b[2J", 1)[-1]
            if re.search(pattern, screen):
                return screen.replace("\r\n", "\n")
        raise AssertionError(f"no {pattern!r} in {self.seen[-3000:]!r}")

    def press(self, keys, pattern):
        self.seen = ""
        os.write(self.main, keys.encode())
        return self.read(pattern)

    def end(self):
        rest = []
        while self.process.poll() is None or select.select([self.main], [], [], 0.1)[0]:
            if select.select([self.main], [], [], 0.1)[0]:
                rest.append(os.read(self.main, 65536).decode())
        return self.seen + "".join(rest)

    def is_as_before(self):
        return termios.tcgetattr(self.side) == self.before


@pytest.fixture
def terminal(labelqa_command):
    opened = []

    def start(run, *options, **rest):
        opened.append(Terminal(labelqa_command, run, *options, **rest))
        return opened[-1]

    yield start
    for one in opened:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


def decisions(run):
    with sqlite3.connect(f"file:{run}/run.db?mode=ro", uri=True) as db:
        newest = dict(db.execute("SELECT row_number, label FROM decision ORDER BY id"))
        return {row: label for row, label in newest.items() if label is not None}


def row_of(screen):
    return int(re.search(r"Row (\d+)\. ", screen)[1])


def test_twenty_rows_by_keyboard(make_run, terminal):
    run, truth = make_run(wrong=0.2)
    page = terminal(run, "--reviewer", "anna")
    screen = page.read(r"Q\s+end")
    taken = {}
    for _ in range(20):
        row = row_of(screen)
        suggested = re.search(r"Suggested  (\w+)", screen)
        key = "\r" if suggested and suggested[1] == truth[row] else "/" + truth[row][:3] + "\r"
        taken[row] = truth[row]
        screen = page.press(key, rf"Row {row}: {truth[row]}\.[\s\S]*Q\s+end")
    page.press("q", r"20 rows decided")
    out = page.end()
    assert page.process.returncode == 0, page.process.stderr.read()
    assert decisions(run) == taken and re.search(r"up\s+to\s+date", out)
    assert page.is_as_before()
    rows = pq.read_table(run / "rows.parquet").to_pylist()
    assert {r["row_number"] for r in rows if r["decided_by"] == "anna"} == set(taken)


def test_undo_note_skip_help_unsure(make_run, terminal):
    run, _ = make_run(wrong=0.2)
    page = terminal(run)
    first = row_of(page.read(r"Q\s+end"))
    page.press("n", r"Note: _")
    page.press("seen twice\x7f\x7f", r"Note: seen twi_")
    page.press("\r", r"Note       seen twi[\s\S]*Q\s+end")
    second = row_of(page.press("k", rf"Row {first}: \w+\."))
    assert list(decisions(run)) == [first]
    again = page.press("z", rf"Row {first} is undecided again")
    assert row_of(again) == first and decisions(run) == {}
    assert row_of(page.press("s", rf"Row {first}: skipped")) == second
    page.press("?", r"Any key goes back")
    page.press("x", r"Q\s+end")
    page.press("u", rf"Row {second}: unsure")
    page.press("\x1b[A", r"Row \d+\. ")
    page.press("9", r"There is no such class here")
    page.press("q", r"rows? decided")
    page.end()
    with sqlite3.connect(run / "run.db") as db:
        events = db.execute("SELECT kind, note FROM review ORDER BY id").fetchall()
    assert [kind for kind, _ in events] == ["label", "undo", "unsure"]
    assert events[0][1] == "seen twi"


def test_killed_in_the_middle_loses_nothing(make_run, terminal):
    run, _ = make_run(wrong=0.2)
    page = terminal(run)
    screen, rows = page.read(r"Q\s+end"), []
    for _ in range(7):
        rows.append(row_of(screen))
        screen = page.press("k", rf"Row {rows[-1]}: \w+\.[\s\S]*Q\s+end")
    page.process.send_signal(signal.SIGKILL)
    page.process.wait()
    assert sorted(decisions(run)) == sorted(rows)
    again = terminal(run)
    assert row_of(again.read(r"Q\s+end")) not in rows


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_leave_the_terminal_right(make_run, terminal, sign):
    run, _ = make_run()
    page = terminal(run)
    page.read(r"Q\s+end")
    page.process.send_signal(sign)
    page.end()
    assert page.process.returncode == 0 and page.is_as_before()


@pytest.mark.parametrize("columns", [40, 200])
def test_no_line_is_wider_than_the_terminal(make_run, terminal, columns):
    run, _ = make_run(wrong=0.2)
    page = terminal(run, columns=columns, term="dumb")
    screen = page.read(r"Q\s+end")
    assert max(map(len, screen.splitlines())) <= columns
    assert "\x1b" not in screen
    assert len(screen.splitlines()) <= 24


def test_blind_hides_the_labels(make_run, terminal):
    run, truth = make_run(wrong=0.2)
    page = terminal(run, "--blind")
    screen = page.read(r"Q\s+end")
    assert "Suggested" not in screen and "Label " not in screen and "Why" not in screen
    page.press("k", r"The labels are hidden: choose a class")
    row = row_of(screen)
    page.press("/" + truth[row][:3] + "\r", rf"Row {row}: {truth[row]}\.")
    assert decisions(run) == {row: truth[row]}


def test_hostile_text_moves_no_cursor(labelqa_command, tmp_path, terminal):
    source, run = tmp_path / "rows.csv", tmp_path / "rows.labelqa"
    write_rows(source, wrong=0.2)
    lines = source.read_text().splitlines()
    hostile = [line.replace(" ", " \x1b[2J\x1b]0;title\x07\u202e ", 1) for line in lines[1:]]
    source.write_text("\n".join([lines[0], *hostile]) + "\n")
    subprocess.run([labelqa_command, "audit", source, "--text", "text", "--label", "label", "--out",
                    run, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    screen = terminal(run, term="dumb").read(r"Q\s+end")
    assert "title" in screen
    assert not {"\x1b", "\x07", "\u202e"} & set(screen)


def test_without_a_terminal_it_says_so(make_run, labelqa_command):
    run, _ = make_run()
    done = subprocess.run([labelqa_command, "review", run, "--tty"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    assert done.returncode == 2 and "--tty needs a terminal" in done.stderr
