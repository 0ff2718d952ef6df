"""The review page in Chromium: web/tests/page.mjs plays the person, the server and files say
whether what that person did is what was kept."""

import csv
import json
import os
import re
import shutil
import subprocess

import pytest

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")


@pytest.fixture
def browse(root):
    if not shutil.which("node") or not CHROMIUM:
        pytest.skip("no node or no chromium: the page is not tested")
    if not (root / "web" / "node_modules" / "playwright-core").exists():
        pytest.skip("web/node_modules is missing (npm ci in web/): the page is not tested")

    def play(scenario, server, *arguments):
        done = subprocess.run(
            ["node", root / "web" / "tests" / "page.mjs", scenario, server.address, *arguments],
            text=True,
            capture_output=True,
            timeout=240,
            env={**os.environ, "CHROMIUM": CHROMIUM},
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return play


def decided_rows(server):
    rows = server.get("/api/rows?decided=yes&limit=500").json["rows"]
    return {row["row_number"]: row["decided_label"] for row in rows}


def test_fifty_rows_by_keyboard(make_run, serve, browse):
    run, _ = make_run(n=400, wrong=0.3)
    server = serve(run, "--reviewer", "ann")
    done = browse("queue", server)
    assert len(done["decided"]) == 50
    assert decided_rows(server) == dict(map(tuple, done["decided"]))
    unsure = server.get(f"/api/rows/{done['unsure']}").json
    assert unsure["decided_label"] is None and unsure["decisions"][0]["decision"] == "unsure"


def test_filters_are_kept(make_run, serve, browse):
    run, _ = make_run(n=400, wrong=0.3)
    server = serve(run)
    done = browse("filter", server)
    assert done["kept"] == "car" and len(set(done["seen"])) == 3
    assert set(decided_rows(server).values()) == {"car"}


def test_a_batch(make_run, serve, browse):
    run, _ = make_run(n=400, wrong=0.3)
    server = serve(run)
    done = browse("batch", server)
    assert done["waits"] and done["out"] not in done["numbers"] and len(done["numbers"]) > 3
    assert decided_rows(server) == {number: done["label"] for number in done["numbers"]}


def test_copies_are_decided_together(tmp_path, labelqa_command, serve, browse):
    lines = ["id,text,label"]
    for i in range(200):
        words = ["apple pear plum cherry", "hammer saw chisel wrench"][i % 2]
        lines.append(f"r{i},{words} {i * 7919 % 997} {words.split()[i % 4]},{'ab'[i % 2]}")
    text = "the very same words about fruit and trees in a garden, long enough to be no chance"
    copies = [f'c{i},"apple plum cherry {text}",{"aab"[i % 3]}' for i in range(6)]
    (tmp_path / "rows.csv").write_text("\n".join([*lines, *copies]) + "\n")
    subprocess.run([labelqa_command, "audit", "rows.csv", "--text", "text", "--label", "label",
                    "--id", "id", "--out", "rows.labelqa", "--quiet"], cwd=tmp_path, check=True,
                   stdout=subprocess.DEVNULL)
    server = serve(tmp_path / "rows.labelqa")
    done = browse("batch", server, "content")
    assert done["label"] == "a" and {done["out"], *done["numbers"]} <= set(range(200, 206))
    assert decided_rows(server) == {number: "a" for number in done["numbers"]}


def test_blind_mode(make_run, serve, browse):
    run, _ = make_run()
    server = serve(run)
    done = browse("blind", server)
    assert done["hidden"] and done["stays"]
    record = server.get(f"/api/rows/{done['row']}").json["decisions"][0]
    assert record["blind"] is True


def test_two_reviewers_and_the_last_word(make_run, serve, browse):
    run, _ = make_run()
    old, _ = make_run("old", wrong=0.3)
    server = serve(run, "--second-review", "1", "--against", old)
    done = browse("reviewers", server)
    assert done["same"] and "ann" in done["shown"] and "bob" in done["shown"]
    row = server.get(f"/api/rows/{done['row']}").json
    assert row["decided_label"] == "fruit" and row["decisions"][0]["adjudicates"]


@pytest.mark.parametrize("stop", ["", "stop"])
def test_the_judge_runs_and_stops(make_run, serve, browse, build, tmp_path, stop):
    run, truth = make_run(wrong=0.2)
    rows = list(csv.DictReader(open(tmp_path / "run.csv", newline="")))
    with open(tmp_path / "truth.jsonl", "w") as out:
        for row, true in zip(rows, truth):
            out.write(json.dumps({"text": row["text"], "label": true}) + "\n")
    options = ["--delay-ms", "400"] if stop else []
    judge = subprocess.Popen(
        [build / "test-tools" / "judge-server", "--truth", tmp_path / "truth.jsonl", *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    url = judge.stdout.readline().strip()
    home = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    server = serve(run, env={"LLM_BASE_URL": url, "LLM_API_KEY": "sk-test", **home})
    try:
        done = browse("judge", server, *([stop] if stop else []))
    finally:
        judge.terminate()
        judge.communicate()
    assert "Assigned label:" in done["prompt"]
    judged = int(re.search(r"(\d+) of", done["progress"]).group(1))
    kept = server.get("/api/run").json["judge"]
    assert kept["judged"] > 0 and "judged" in done["before"]
    if stop:
        assert judged < 60
    else:
        assert judged == 60 and kept["no"] > 5
    verdicts = [row["verdict"] for row in server.get("/api/rows?limit=500").json["rows"]]
    assert sum(verdict is not None for verdict in verdicts) >= min(judged, kept["judged"])


def test_a_spot_check_to_its_interval(make_run, serve, browse, tmp_path):
    run, truth = make_run()
    server = serve(run)
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    done = browse("spot", server, "40", tmp_path / "truth.json")
    assert re.search(r"Wrong labels: [\d.]+ % \([\d.]+ % to [\d.]+ %\)", done["rate"]), done["rate"]
    assert server.get("/api/sample").json["checked"] == 40


def test_rows_are_searched_sorted_and_opened(make_run, serve, browse):
    run, _ = make_run()
    server = serve(run)
    done = browse("rows", server)
    assert done["numbers"] == sorted(done["numbers"]) and len(done["numbers"]) > 5
    assert "apple" in done["dialog"]


def hostile_run(tmp_path, labelqa_command, n_classes=2):
    source = tmp_path / "hostile.csv"
    marks = [
        "<script>alert(1)</script>",
        "\u202eevil",
        "<img src=x onerror=alert(2)>",
        "\U0001f600",
    ]
    with open(source, "w", newline="") as out:
        table = csv.writer(out)
        table.writerow(["text", "label"])
        for i in range(max(80, 3 * n_classes)):
            k = i % n_classes
            label = "<b class=evil>red</b>" if k == 0 else f"class {k} & 'co'"
            word = f"word{k}" if i % 7 else f"word{(k + 1) % n_classes}"
            table.writerow([f"{marks[i % 4]} {word} {word} more {i}", label])
    run = tmp_path / "hostile.labelqa"
    subprocess.run(
        [labelqa_command, "audit", source, "--text", "text", "--label", "label", "--out", run]
        + ["--quiet"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return run


@pytest.mark.parametrize("n_classes", [2, 400])
def test_hostile_rows_are_shown_as_texts(tmp_path, labelqa_command, serve, browse, n_classes):
    server = serve(hostile_run(tmp_path, labelqa_command, n_classes))
    done = browse("hostile", server)
    assert done["alerts"] == 0 and done["scripts"] == 0
    assert "<" in done["texts"]["rows"]


def test_two_runs_are_compared(make_run, labelqa_command, serve, browse):
    run, _ = make_run("new")
    source = run.with_suffix(".csv")
    lines = source.read_text().splitlines()
    swapped = {"car": "sea", "sea": "fruit", "fruit": "car"}
    for i in range(20, 32):
        key, text, label, who = lines[i].split(",")
        lines[i] = ",".join([key, text, swapped[label], who])
    old = run.with_name("old.labelqa")
    run.with_name("old.csv").write_text("\n".join(lines) + "\n")
    subprocess.run([labelqa_command, "audit", run.with_name("old.csv"), "--text", "text",
                    "--label", "label", "--id", "id", "--out", old, "--quiet"], check=True,
                   stdout=subprocess.DEVNULL)
    server = serve(run, "--against", old)
    diff = server.get("/api/diff").json
    assert diff["schema"] == "labelqa.diff/1" and diff["rows"]["relabelled"] == 12
    done = browse("versions", server)
    assert done["pages"][-1] == "Versions"
    assert ["Relabelled", str(diff["rows"]["relabelled"])] in done["cells"]
    first = diff["relabelled"][0]
    assert [first["row_id"], first["label_a"], first["label_b"], "someone else"] in done["cells"]
    assert "old.labelqa before, new.labelqa now" in done["said"]


def test_one_run_has_no_page_of_versions(make_run, serve, browse):
    run, _ = make_run()
    server = serve(run)
    assert server.get("/api/diff").status == 404
    assert "Versions" not in browse("versions", server)["pages"]


def test_every_page_is_accessible_at_every_width(make_run, serve, browse):
    run, _ = make_run()
    old, _ = make_run("old", wrong=0.3)
    server = serve(run, "--second-review", "1", "--against", old)
    for row, label in [(0, "car"), (1, "sea"), (2, "fruit")]:
        server.decide(row, label, reviewer="ann")
        server.decide(row, "car", reviewer="bob")
    assert browse("access", server)["faults"] == []


def test_two_hundred_rows_of_news_by_keyboard(
    tmp_path, labelqa_command, data_folder, serve, browse
):
    source, run = tmp_path / "news.csv", tmp_path / "news.labelqa"
    news = data_folder / "ag_news" / "official_test.csv"
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    columns = ["--header", "no", "--columns", "class,title,description"]
    texts = ["--text", "title", "--text", "description"]
    subprocess.run(
        [labelqa_command, "corrupt", news, *columns, "--label", "class", *texts]
        + ["--sample", "2000", "--random-flip", ".12", "--out", source],
        **quiet,
    )
    audit = ["audit", source, "--label", "class", *texts, "--id", "row_id", "--out", run, "--quiet"]
    subprocess.run([labelqa_command, *audit], **quiet)
    server = serve(run)
    done = browse("trial", server, "200")
    kept = decided_rows(server)
    assert kept == dict(map(tuple, done["decided"])) and len(kept) == 200, "0 lost"
    order = sorted(
        (event["id"], row)
        for row in kept
        for event in server.get(f"/api/rows/{row}").json["decisions"]
    )
    assert [row for _, row in order] == [row for row, _ in done["decided"]], "order kept"
    assert server.stop() == 0
    out = tmp_path / "cleaned.csv"
    subprocess.run([labelqa_command, "export", run, "cleaned", out, "--quiet"], **quiet)
    cleaned = [row["class"] for row in csv.DictReader(open(out, newline=""))]
    assert all(cleaned[row] == label for row, label in kept.items())
