"""report.html and report.md: they stand alone, and nothing that a row, a class, a file name, a
manifest or run.db holds becomes markup."""
import base64
import csv
import hashlib
import json
import re
import sqlite3
from collections import Counter
from html.parser import HTMLParser

import pandas
import pytest

import labelqa

SCRIPT = "<script>alert(1)</script>"
REFRESH = '<meta http-equiv=refresh content="0;url=https://evil.example/">'
RTL = "\u202egnp.exe\u2066"
HOSTILE = [SCRIPT, REFRESH, RTL, "a\x1b[31mb\x9bc", "x\" onload=\"y", "|*_`[]\\~$",
           "\U0001f4a9\ufffe", "'><img src=x onerror=alert(1)>", "</title></svg></style><b>",
           "{{7*7}}${7*7}"]
VOID = {"meta", "br", "rect", "line", "circle", "polyline"}
TAGS = VOID | set("""html head title style body header h1 h2 h3 p main ul ol li b strong span
    section nav a div figure figcaption svg desc g text details summary table caption thead tbody tr
    th td dl dt dd blockquote bdi""".split())
ATTRIBUTES = set("""lang charset http-equiv content name class id aria-labelledby aria-label href
    role tabindex scope dir viewbox x y x1 y1 x2 y2 cx cy r width height fill-opacity text-anchor
    transform points""".split())
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


class Page(HTMLParser):
    """Tags, attributes and texts of a page, and what is not nested as it should be."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.open, self.faults, self.text = [], [], [], []
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> stays open" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)


def check_page(path):
    """The page, after what must hold of every page was held to it."""
    text = (path / "report.html").read_text("utf-8")
    page = Page(text)
    assert page.faults == []
    assert {tag for tag, _ in page.tags} <= TAGS
    assert {name for _, attrs in page.tags for name in attrs} <= ATTRIBUTES
    assert all(attrs["href"].startswith("#") for tag, attrs in page.tags if tag == "a")
    ids = Counter(attrs["id"] for _, attrs in page.tags if "id" in attrs)
    assert all(n == 1 for n in ids.values()), ids
    assert all(attrs["href"][1:] in ids for tag, attrs in page.tags if tag == "a")
    for tag, attrs in page.tags:
        if tag in ("svg", "section"):
            assert all(name in ids for name in attrs["aria-labelledby"].split())
    count = Counter(tag for tag, _ in page.tags)
    assert count["table"] == count["caption"] and count["svg"] == count["desc"] and count["h1"] == 1
    check_policy(text, page)
    assert not UNSAFE.search(text)
    return page


def check_policy(text, page):
    meta = [attrs for tag, attrs in page.tags if tag == "meta"]
    assert [m["http-equiv"] for m in meta if "http-equiv" in m] == ["Content-Security-Policy"]
    policy = next(m["content"] for m in meta if "http-equiv" in m)
    style = re.search("<style>(.*?)</style>", text, re.S).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == (f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
                      "form-action 'none'")


def check_markdown(path):
    text = (path / "report.md").read_text("utf-8")
    assert not re.search("<[a-zA-Z/!]", text)
    assert not UNSAFE.search(text)
    widths = {}
    for line in text.splitlines():
        if line.startswith("|"):
            cells = len(re.split(r"(?<!\\)(?:\\\\)*\|", line))
            assert cells == widths.setdefault("table", cells), line
        else:
            widths.clear()
    return text


def write_rows(path, classes, text_of, n=600):
    with path.open("w", newline="", encoding="utf-8") as file:
        sheet = csv.writer(file)
        sheet.writerow(["text", "label"])
        for i in range(n):
            k = i % len(classes)
            wrong = i % 17 == 3
            sheet.writerow([text_of(k, i), classes[(k + wrong) % len(classes)]])


def test_an_ordinary_page(tmp_path):
    write_rows(tmp_path / "tickets.csv", ["card", "rate"],
               lambda k, i: f"{['my card was stolen', 'the exchange rate'][k]} number{i % 40} {i}")
    run = labelqa.audit(tmp_path / "tickets.csv", text="text", label="label", out=tmp_path / "run")
    page = check_page(run.path)
    title = "".join(page.text)
    assert "tickets.csv, label column label, 20" in title
    assert "Given against suggested labels" in title and "Class health" in title
    assert "tickets.csv, label column label, 20" in check_markdown(run.path)


def test_hostile_names_texts_and_a_hostile_file_name(tmp_path):
    source = tmp_path / "<img src=x onerror=alert(1)>\u202e.csv"
    write_rows(source, HOSTILE, lambda k, i: f"{HOSTILE[k]} kind{k} kind{k} word{k} {i}")
    run = labelqa.audit(source, text="text", label="label", out=tmp_path / "run")
    page = check_page(run.path)
    shown = "".join(page.text)
    assert SCRIPT in shown and "<img src=x onerror=alert(1)>\ufffd.csv" in shown
    check_markdown(run.path)


def test_400_classes_are_cut_with_a_count(tmp_path):
    classes = [f"class number {k:03d} of many" for k in range(400)]
    write_rows(tmp_path / "many.csv", classes,
               lambda k, i: f"word{k} term{k} name{k} {i % 7}", n=2400)
    run = labelqa.audit(tmp_path / "many.csv", text="text", label="label", out=tmp_path / "run",
                        model="naive-bayes")
    page = check_page(run.path)
    shown = "".join(page.text)
    assert "375 more classes, none worse" in shown and "12 worst of 400 classes" in shown
    assert "380 more classes, none worse" in check_markdown(run.path)
    assert len((run.path / "report.html").read_bytes()) < 300_000


def test_a_text_of_a_megabyte_and_a_name_of_50_kilobytes(tmp_path):
    classes = ["short", "N" * 50_000]
    write_rows(tmp_path / "long.csv", classes,
               lambda k, i: "y" * 1_000_000 if i == 3 else f"word{k} name{k} {i}", n=120)
    run = labelqa.audit(tmp_path / "long.csv", text="text", label="label", out=tmp_path / "run")
    check_page(run.path)
    check_markdown(run.path)
    assert len((run.path / "report.html").read_bytes()) < 300_000
    assert len((run.path / "report.md").read_bytes()) < 30_000


@pytest.fixture
def strange(tmp_path):
    """A run, and a function that puts a text into every place of its report that a stranger can
    write to."""
    write_rows(tmp_path / "a.csv", ["card", "rate"],
               lambda k, i: f"{['my card was stolen', 'the exchange rate'][k]} number{i % 40} {i}")
    run = labelqa.audit(tmp_path / "a.csv", text="text", label="label", out=tmp_path / "run")

    def poison(text):
        with sqlite3.connect(run.path / "run.db") as db:
            body = db.execute("SELECT body FROM document WHERE name = 'report'").fetchone()[0]
            report = json.loads(body)
            report["version"] = text
            report["notes"] = [text]
            report["not_run"] = [{"id": text, "reason": text}]
            report["confident_learning"]["model"] = text
            report["confident_learning"]["train_accuracy_of"] = text
            report["timings"] = {text: 1.5}
            report["provenance"].append({"id": text, "severity": text, "count": 3, "groups": 0,
                                         "message": text, "rows": [1], "repair": text})
            db.execute("UPDATE document SET body = ? WHERE name = 'report'", [json.dumps(report)])
            db.execute("INSERT INTO judge_run(made_utc, model, protocol, planned, judged, yes, no,"
                       " unknown, cached, calls, tokens_in, tokens_out)"
                       " VALUES ('', ?, ?, 1, 1, 1, 0, 0, 0, 1, 1, 1)", [text, text])
        manifest = json.loads((run.path / "manifest.json").read_text())
        manifest["version"] = text
        manifest["made"] = text
        manifest["model"] = text
        manifest["options"]["seed"] = text
        (run.path / "manifest.json").write_text(json.dumps(manifest))
        labelqa.command("report", run.path)
        return run

    return poison


@pytest.mark.parametrize("text", HOSTILE)
def test_a_stranger_s_run(strange, text):
    run = strange(text)
    page = check_page(run.path)
    if text in (SCRIPT, REFRESH):
        assert "".join(page.text).count(text) >= 8
    check_markdown(run.path)


def figures_of(path):
    """Title of each picture: its hints, as texts."""
    text = (path / "report.html").read_text("utf-8")
    pictures = re.findall(r"<svg [^>]*><title id=[^>]*>(.*?)</title>(.*?)</svg>", text, re.S)
    return {title: re.findall("<g><title>(.*?)</title>", body) for title, body in pictures}


def test_pictures_hold_the_numbers_of_the_rows(tmp_path):
    """Every count that a picture shows, made again from rows.parquet by pandas."""
    with (tmp_path / "team.csv").open("w", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(["text", "label", "annotator", "when"])
        for i in range(900):
            k = i * 7 % 3
            worker = f"worker{i % 4}"
            wrong = worker == "worker2" and i % 3 == 0 or i % 29 == 0
            day = f"2025-{1 + i // 90:02d}-{1 + i % 28:02d}"
            sheet.writerow([" ".join(f"{name}{(i + j) % 9}" for j, name in
                                     enumerate([["card", "stolen"], ["rate", "euro"],
                                                ["top", "up"]][k] * 3)),
                            ["card", "rate", "top up"][(k + wrong) % 3], worker, day])
    run = labelqa.audit(tmp_path / "team.csv", text="text", label="label", annotator="annotator",
                        time="when", out=tmp_path / "run")
    rows = pandas.read_parquet(run.path / "rows.parquet")
    calibrated = run.report["trust"]["calibrated"]
    doubt = 1 - rows.p_correct if calibrated else (rows.trust_score < .8).astype(float)
    pictures = figures_of(run.path)
    check_page(run.path)

    other = rows.suggested_label.where(rows.label != rows.suggested_label)
    column = "suggested"
    if other.isna().all():
        other, column = rows.predicted_label.where(rows.is_label_issue), "predicted"
    expected = Counter(zip(rows.label, other.fillna(rows.label)))
    cells = pictures[f"Given against {column} labels"]
    assert len(cells) == 9
    for hint in cells:
        given, rather, n = re.match(fr"given (.*), {column} (.*): (\d+) rows?", hint).groups()
        assert expected.pop((given, rather), 0) == int(n)
    assert not expected

    shown = [int(hint.split()[0]) for hint in pictures["How far labels can be trusted"]]
    values = rows.p_correct if calibrated else rows.trust_score
    assert sorted(shown) == sorted(
        values.mul(20).astype(int).clip(0, 19).value_counts().to_list())

    def check_shares(hints, groups):
        means = [f"{100 * g.mean():.1f} % of {len(g)} rows" for g in groups]
        assert hints == means

    n = 45
    check_shares(pictures["Along the file"],
                 [doubt[rows.row_number * n // 900 == b] for b in range(n)])
    order = rows.sort_values(["time", "row_number"]).index
    check_shares(pictures["Along time"], [doubt[order[k * 45:(k + 1) * 45]] for k in range(20)])
    by_worker = doubt.groupby(rows.annotator).mean().sort_values(ascending=False)
    assert [hint.split(":")[0] for hint in pictures["By annotator"]] == list(by_worker.index)
