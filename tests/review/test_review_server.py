"""The review server: its interface, what it refuses, and that nothing acknowledged is lost."""

import csv
import json
import signal
import socket
import subprocess
import time

import pytest


@pytest.fixture
def server(make_run, serve):
    run, truth = make_run()
    review = serve(run)
    review.run, review.truth = run, truth
    return review


def doubted(server):
    rows = server.get("/api/rows?action=needs_review&limit=500").json["rows"]
    assert len(rows) > 10
    return rows


# ---- what may come in ----


def test_the_printed_address_sets_a_cookie_and_goes_to_the_page(server):
    answer = server.get(f"/?token={server.token}", token=False)
    assert answer.status == 303 and answer.headers["Location"] == "/"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    page = server.get("/", token=False, headers={"Cookie": cookie.split(";")[0]})
    assert page.status == 200 and b'<div id="app">' in page.body


@pytest.mark.parametrize("path", ["/", "/page.js", "/api/run", "/api/rows", "/api/nothing"])
def test_nothing_without_the_token(server, path):
    assert server.get(path, token=False).status == 401
    wrong = {"Authorization": "Bearer " + "0" * 64}
    assert server.get(path, token=False, headers=wrong).status == 401
    assert server.get(path, token=False, headers={"Cookie": "labelqa=" + "f" * 64}).status == 401
    assert server.get("/?token=" + "0" * 64, token=False).status == 401


def test_hosts(server):
    for host in ["127.0.0.1", "localhost", "[::1]"]:
        assert server.get("/api/run", host=f"{host}:{server.port}").status == 200
    for host in [
        "evil.example",
        f"evil.example:{server.port}",
        "127.0.0.1",
        f"127.0.0.1:{server.port + 1}",
    ]:
        assert server.get("/api/run", host=host).status == 403


def test_origins(server):
    body = {"reviewer": "ann", "count": 1}
    own = {"Origin": f"http://127.0.0.1:{server.port}"}
    assert server.post("/api/queue", body, headers=own).status == 200
    for origin in ["http://evil.example", "null", f"https://127.0.0.1:{server.port}"]:
        assert server.post("/api/queue", body, headers={"Origin": origin}).status == 403


def test_types_sizes_and_methods(server):
    assert server.post("/api/queue", {}, headers={"Content-Type": "text/plain"}).status == 415
    assert server.post("/api/queue", {}, headers={"Content-Type": None}).status == 415
    big = b'{"reviewer": "' + b"a" * (1 << 20) + b'"}'
    assert server.call("POST", "/api/queue", raw=big).status == 413
    chunked = (big[i : i + 10000] for i in range(0, len(big), 10000))
    assert server.call("POST", "/api/queue", raw=chunked).status == 413
    for method, path in [
        ("GET", "/api/queue"),
        ("POST", "/api/run"),
        ("PUT", "/api/rows"),
        ("DELETE", "/api/rows/1"),
        ("POST", "/"),
        ("OPTIONS", "/api/run"),
    ]:
        answer = server.call(method, path, body={})
        assert answer.status == 405 and answer.headers["Allow"] in (
            "GET",
            "POST",
            "GET, POST",
        ), path


@pytest.mark.parametrize(
    "raw,status",
    [
        (b"", 400),
        (b"[]", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b'{"reviewer": 1, "count": 1}', 400),
        (b'{"reviewer": "a", "count": 1, "more": 2}', 400),
        (b'{"count": 1}', 400),
        (b'{"reviewer": "a", "count": 1, "count": 2}', 400),
        (b'{"reviewer": "a", "count": 1.5}', 400),
        (b'{"reviewer": "a", "count": 501}', 422),
        (b'{"reviewer": "a", "count": 1, "order": "size"}', 422),
        (b'{"reviewer": "a", "count": 1, "filter": {"label": "bird"}}', 422),
        (b'{"reviewer": "a", "count": 1, "filter": {"colour": "x"}}', 400),
    ],
)
def test_bad_bodies(server, raw, status):
    answer = server.call("POST", "/api/queue", raw=raw)
    assert answer.status == status, answer.body
    assert set(answer.json["error"]) == {"message", "field"} and answer.json["error"]["message"]


@pytest.mark.parametrize(
    "path,status",
    [
        ("/api/rows?limit=501", 422),
        ("/api/rows?limit=x", 400),
        ("/api/rows?offset=-1", 422),
        ("/api/rows?sort=nothing", 422),
        ("/api/rows?label=bird", 422),
        ("/api/rows?finding=none", 422),
        ("/api/rows?colour=red", 400),
        ("/api/rows?decided=maybe", 422),
        ("/api/rows/240", 404),
        ("/api/rows/-1", 404),
        ("/api/rows/x", 404),
        ("/api/rows/1/", 404),
        ("/api/../run", 404),
        ("/api/rows/99999999999999999999", 404),
        ("/etc/passwd", 404),
        ("/../../etc/passwd", 404),
        ("/%2e%2e/%2e%2e/etc/passwd", 404),
        ("/run.db", 404),
    ],
)
def test_bad_addresses(server, path, status):
    assert server.get(path).status == status


def test_headers_of_every_answer(server):
    for answer in [
        server.get("/"),
        server.get("/api/run"),
        server.get("/nothing"),
        server.get("/", token=False),
        server.post("/api/queue", {"more": 1}),
        server.get(f"/?token={server.token}", token=False),
    ]:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


# ---- reading ----


def test_run(server):
    run = server.get("/api/run").json
    assert run["rows"] == 240 and run["classes"] == ["car", "fruit", "sea"]
    assert run["name"] == "run.labelqa" and "p_correct" in run["columns"]
    assert sum(run["actions"].values()) == 240
    assert run["progress"] == {
        "to_review": run["actions"]["needs_review"],
        "decided": 0,
        "by_reviewer": {},
    }
    assert run["error_rate"] is None and run["judge"] is None and "calibrated" in run["trust"]


def test_rows_are_those_of_rows_parquet(server):
    labelqa = pytest.importorskip("labelqa")
    table = labelqa.Run(server.run).rows()
    columns = set(server.get("/api/run").json["columns"])
    page = server.get("/api/rows?limit=500&sort=row_number").json
    assert page["total"] == 240 and [row["row_number"] for row in page["rows"]] == list(range(240))
    for row, record in zip(page["rows"], table):
        assert columns | {"text", "text_truncated"} == set(row)
        assert (
            row["label"] == record["label"] and row["suggested_label"] == record["suggested_label"]
        )
        assert row["p_correct"] == record["p_correct"]


def test_sorting_and_paging(server):
    for column in [
        "p_correct",
        "self_confidence",
        "loss",
        "trust_score",
        "row_id",
        "label",
        "issue_rank",
    ]:
        for desc in (0, 1):
            rows = []
            for offset in range(0, 240, 60):
                rows += server.get(
                    f"/api/rows?sort={column}&desc={desc}&limit=60&offset={offset}"
                ).json["rows"]
            assert sorted(row["row_number"] for row in rows) == list(range(240))
            values = [row[column] for row in rows]
            known = [value for value in values if value is not None]
            assert values == known + [None] * (len(values) - len(known)), "NULLs come last"
            assert known == sorted(known, reverse=bool(desc))


def test_filters(server):
    everything = server.get("/api/rows?limit=500").json["rows"]

    def numbers(query):
        return {
            row["row_number"] for row in server.get(f"/api/rows?limit=500&{query}").json["rows"]
        }

    for query, holds in [
        ("label=car", lambda row: row["label"] == "car"),
        (
            "suggested=sea&label=fruit",
            lambda row: (row["suggested_label"], row["label"]) == ("sea", "fruit"),
        ),
        ("predicted=car", lambda row: row["predicted_label"] == "car"),
        ("action=needs_review", lambda row: row["review_action"] == "needs_review"),
        ("annotator=bob", lambda row: row["annotator"] == "bob"),
        ("q=APPLE", lambda row: "apple" in row["text"]),
        ("q=apple%20p", lambda row: "apple p" in row["text"]),
        ("decided=no&q=zebra", lambda row: False),
    ]:
        assert numbers(query) == {row["row_number"] for row in everything if holds(row)}, query


def test_one_row_whole(server):
    number = doubted(server)[0]["row_number"]
    row = server.get(f"/api/rows/{number}").json
    sources = {line["source"]: line for line in row["evidence"]}
    assert sources["model"]["label"] == row["predicted_label"]
    assert sources["model"]["value"] == pytest.approx(1 - row["self_confidence"])
    assert {"row_number", "label", "text", "similarity"} == set(row["nearest"][0])
    similarity = [other["similarity"] for other in row["nearest"]]
    assert similarity == sorted(similarity, reverse=True) and number not in [
        o["row_number"] for o in row["nearest"]
    ]
    assert row["equal"] == [] and row["verdicts"] == [] and row["decisions"] == []


# ---- deciding ----


def test_a_decision_and_what_follows(server):
    row = doubted(server)[0]
    answer = server.decide(row["row_number"], row["suggested_label"], note="clear")
    assert answer.status == 201 and answer.json["id"] > 0
    now = server.get(f"/api/rows/{row['row_number']}").json
    assert now["decided_label"] == row["suggested_label"] and now["decided_by"] == "ann"
    assert now["review_action"] == "relabel" and now["trust_score"] == 0
    assert [(one["decision"], one["label"], one["undone"]) for one in now["decisions"]] == [
        ("label", row["suggested_label"], False)
    ]
    progress = server.get("/api/run").json["progress"]
    assert progress["decided"] == 1 and progress["by_reviewer"] == {"ann": 1}
    assert row["row_number"] not in server.queue(count=500)


@pytest.mark.parametrize(
    "change,status,field",
    [
        ({"row_number": 240}, 404, "row_number"),
        ({"row_number": -1}, 422, "row_number"),
        ({"label": "bird"}, 422, "label"),
        ({"decision": "maybe"}, 422, "decision"),
        ({"decision": "unsure"}, 422, "label"),
        ({"reviewer": ""}, 422, "reviewer"),
        ({"seconds": "1"}, 400, "seconds"),
        ({"more": 1}, 400, "more"),
        ({"blind": 1}, 400, "blind"),
    ],
)
def test_decisions_that_make_no_sense(server, change, status, field):
    body = {
        "row_number": 0,
        "decision": "label",
        "label": "car",
        "reviewer": "ann",
        "seconds": 1,
        "blind": False,
        **change,
    }
    answer = server.post("/api/decisions", body)
    assert (answer.status, answer.json["error"]["field"]) == (status, field)
    assert server.get("/api/run").json["progress"]["decided"] == 0


def test_undo_is_a_record_and_restores_what_was_there(server):
    row = doubted(server)[0]["row_number"]
    assert server.post("/api/undo", {"reviewer": "ann"}).status == 409
    server.decide(row, "car", reviewer="ann")
    server.decide(row, "sea", reviewer="bob")
    assert server.post("/api/undo", {"reviewer": "bob"}).json == {"row_number": row}
    now = server.get(f"/api/rows/{row}").json
    assert (now["decided_label"], now["decided_by"]) == ("car", "ann")
    assert server.post("/api/undo", {"reviewer": "ann"}).json == {"row_number": row}
    now = server.get(f"/api/rows/{row}").json
    assert now["decided_label"] is None and now["review_action"] == "needs_review"
    assert [one["decision"] for one in now["decisions"]] == ["undo", "undo", "label", "label"]
    assert row in server.queue(count=500)


def test_an_older_decision_that_was_overruled_is_taken_back_without_harm(server):
    row = doubted(server)[0]["row_number"]
    server.decide(row, "car", reviewer="ann")
    server.decide(row, "sea", reviewer="bob")
    server.post("/api/undo", {"reviewer": "ann"})
    assert server.get(f"/api/rows/{row}").json["decided_label"] == "sea"


def test_unsure_leaves_the_row_to_others(server):
    row = server.queue("ann", 1)[0]
    assert server.decide(row, None, reviewer="ann").status == 201
    assert row not in server.queue("ann", 500)
    assert server.get(f"/api/rows/{row}").json["review_action"] == "needs_review"
    server.stop()


# ---- queue ----


def test_no_row_is_leased_twice(server):
    first, second = server.queue("ann", 7), server.queue("bob", 500)
    assert len(first) == 7 and not set(first) & set(second)
    assert server.queue("cid", 500) == []
    again = server.queue("ann", 7, renew=True)
    assert again == first, "a page that was loaded again goes on where it was"


def test_orders(server):
    rows = {row["row_number"]: row for row in doubted(server)}
    trust = [rows[number]["p_correct"] for number in server.queue("ann", 500, order="trust")]
    assert trust == sorted(trust)


def test_value_and_random_order(make_run, serve):
    run, _ = make_run()
    server = serve(run, "--lease", "1")
    rows = {row["row_number"]: row for row in doubted(server)}
    value = [
        abs(rows[number]["p_correct"] - 0.5) for number in server.queue("ann", 500, order="value")
    ]
    assert value == sorted(value)
    time.sleep(1.2)
    mixed = server.queue("bob", 500, order="random")
    assert set(mixed) == set(rows), "leases end by themselves"
    time.sleep(1.2)
    assert mixed == server.queue("bob", 500, order="random")


def test_queue_filters(server):
    rows = server.post(
        "/api/queue",
        {"reviewer": "ann", "count": 500, "filter": {"label": "car", "annotator": "bob"}},
    ).json["rows"]
    assert rows and all(row["label"] == "car" and row["annotator"] == "bob" for row in rows)
    kept = server.queue("bob", 3, filter={"action": "keep"})
    assert len(kept) == 3


def test_blind(make_run, serve):
    run, _ = make_run()
    server = serve(run, "--blind", "--reviewer", "ann")
    row = server.post("/api/queue", {"count": 1}).json["rows"][0]
    assert "text" in row and not {"label", "suggested_label", "p_correct", "reasons"} & set(row)
    whole = server.get(f"/api/rows/{row['row_number']}").json
    assert not {"label", "evidence", "nearest"} & set(whole)
    server.decide(row["row_number"], "car")
    assert "label" in server.get(f"/api/rows/{row['row_number']}").json


# ---- several reviewers ----


def test_second_review_agreement_and_the_last_word(make_run, serve):
    run, _ = make_run(wrong=0.2)
    server = serve(run, "--second-review", "1")
    rows = server.queue("ann", 20)
    assert server.queue("bob", 20) == rows, "a row to be decided twice may be with two"
    for i, row in enumerate(rows):
        assert server.decide(row, "car", reviewer="ann").status == 201
        assert server.decide(row, "car" if i % 4 else "sea", reviewer="bob").status == 201
    answer = server.get("/api/disagreements").json
    assert [row["row_number"] for row in answer["rows"]] == sorted(rows[::4])
    assert answer["agreement"]["n"] == 20 and answer["agreement"]["estimate"] == pytest.approx(0.75)
    assert answer["agreement"]["low"] < 0.75 < answer["agreement"]["high"]
    assert answer["kappa"]["estimate"] <= 0.75
    said = {(one["reviewer"], one["label"]) for one in answer["rows"][0]["decisions"]}
    assert said == {("ann", "car"), ("bob", "sea")}
    assert server.decide(rows[0], "fruit", reviewer="cid", adjudicates=True).status == 201
    left = [row["row_number"] for row in server.get("/api/disagreements").json["rows"]]
    assert left == sorted(rows[4::4])
    assert server.get(f"/api/rows/{rows[0]}").json["decided_label"] == "fruit"
    assert rows[0] not in server.queue("dee", 500), "the last word is the last"


# ---- spot check ----


def test_a_spot_check_to_its_interval(server):
    empty = server.get("/api/sample").json
    assert empty["drawn"] == 0 and empty["rows"] == [] and empty["error_rate"] is None
    drawn = server.post("/api/sample", {"n": 60})
    assert drawn.status == 201 and drawn.json["drawn"] == 60
    wrong = 0
    while True:
        state = server.get("/api/sample").json
        if not state["rows"]:
            break
        for row in state["rows"]:
            assert "label" not in row
            server.decide(row["row_number"], server.truth[row["row_number"]], blind=True)
    assert state["checked"] == 60
    rate = state["error_rate"]
    assert rate["n"] == 60 and rate["low"] < rate["estimate"] < rate["high"] < 0.3
    true = (
        sum(
            row["label"] != server.truth[row["row_number"]]
            for row in server.get("/api/rows?limit=500").json["rows"]
        )
        / 240
    )
    assert rate["low"] <= true <= rate["high"], wrong


# ---- files ----


def test_files_are_made_again_at_the_end_and_on_request(server, tmp_path, labelqa_command):
    rows = doubted(server)[:5]
    for row in rows[:3]:
        server.decide(row["row_number"], row["suggested_label"])
    report = server.post("/api/report", {})
    assert report.status == 200 and report.json["actions"]["relabel"] == 3
    assert server.get("/api/run").json["actions"]["relabel"] == 3
    server.decide(rows[3]["row_number"], rows[3]["label"])
    assert server.stop(signal.SIGINT) == 0
    assert "4 rows decided" in server.output
    out = tmp_path / "cleaned.csv"
    subprocess.run(
        [labelqa_command, "export", server.run, "cleaned", out, "--quiet"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    cleaned = list(csv.DictReader(open(out, newline="")))
    for row in rows[:3]:
        assert cleaned[row["row_number"]]["label"] == row["suggested_label"]
    assert cleaned[rows[3]["row_number"]]["label"] == rows[3]["label"]


def test_kill_loses_nothing_acknowledged(make_run, serve, labelqa_command):
    run, truth = make_run()
    kept = {}
    for start in range(0, 200, 25):
        server = serve(run)
        for row in range(start, start + 25):
            assert server.decide(row, truth[row]).status == 201
            kept[row] = truth[row]
        server.process.kill()
        server.process.communicate()
    server = serve(run)
    rows = {
        row["row_number"]: row["decided_label"]
        for row in server.get("/api/rows?decided=yes&limit=500").json["rows"]
    }
    assert rows == kept
    assert server.stop() == 0


def test_what_is_written_while_a_page_is_open(server, labelqa_command, tmp_path):
    again = subprocess.run(
        [
            labelqa_command,
            "audit",
            tmp_path / "run.csv",
            "--text",
            "text",
            "--label",
            "label",
            "--out",
            server.run,
            "--overwrite",
            "--quiet",
        ],
        capture_output=True,
        text=True,
    )
    assert again.returncode == 4 and "in use" in again.stderr
    row = doubted(server)[0]["row_number"]
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(f"row_number,decision\n{row},car\n")
    subprocess.run(
        [labelqa_command, "decide", server.run, sheet, "--quiet"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    assert server.decide(row + 1, "sea").status == 201
    assert server.stop() == 0
    rows = json.loads((server.run / "report.json").read_text())
    assert rows["actions"]["relabel"] + rows["actions"]["keep"] >= 2


# ---- events ----


def listen(server):
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    connection.sendall(
        f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Authorization: Bearer {server.token}\r\n\r\n".encode()
    )
    return connection


def read_until(connection, word, seconds=20):
    text, end = b"", time.time() + seconds
    while word not in text and time.time() < end:
        text += connection.recv(65536)
    assert word in text, text
    return text


def test_events(server):
    connection = listen(server)
    read_until(connection, b"hello")
    row = doubted(server)[0]["row_number"]
    server.decide(row, "car")
    text = read_until(connection, b"event: decision")
    assert f'"row_number":{row}'.encode() in text
    server.post("/api/report", {})
    read_until(connection, b"event: report")
    connection.close()
    assert server.decide(row, "sea").status == 201, "a listener that went away harms nobody"


# ---- bad company ----


def test_half_requests_and_many_connections(server):
    held = []
    for i in range(500):
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        connection.sendall(
            [
                b"",
                b"GET",
                b"GET /api/run HTTP/1.1\r\nHost: 127.",
                b"POST /api/decisions HTTP/1.1\r\nContent-Length: 100\r\n\r\n{",
            ][i % 4]
        )
        held.append(connection)
    start = time.time()
    assert server.get("/api/run").status == 200
    assert time.time() - start < 5
    for connection in held[::2]:
        connection.close()
    assert server.decide(0, "car").status == 201
    for connection in held[1::2]:
        connection.close()
    for raw in [b"\0" * 1000, b"GET / HTTP/9.9\r\n\r\n", b"\xff\xfe\r\n\r\n", b"A" * 200000]:
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        try:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1000)
        except OSError:
            pass
        connection.close()
    assert server.get("/api/run").json["progress"]["decided"] == 1
    assert server.stop() == 0


def test_it_listens_on_loopback_alone(server):
    try:
        found = socket.getaddrinfo(socket.gethostname(), None)
    except socket.gaierror:
        pytest.skip("this machine's name has no address")
    addresses = {info[4][0] for info in found} - {"127.0.0.1", "::1"}
    for address in addresses:
        if address.startswith("127."):
            continue
        with pytest.raises(OSError):
            socket.create_connection((address, server.port), timeout=2)


def test_hostile_rows_are_texts(tmp_path, labelqa_command, serve):
    source = tmp_path / "hostile.csv"
    texts = [
        "<script>alert(1)</script> red",
        "\u202eright to left blue",
        "\U0001f600 emoji red",
        "a" * 1_000_000 + " blue",
        'tab\tand "quotes" red',
        "=1+1 blue",
    ]
    with open(source, "w", newline="") as out:
        table = csv.writer(out)
        table.writerow(["text", "label"])
        for i in range(60):
            table.writerow([f"{texts[i % 6]} {i}", "<b>red</b>" if i % 2 == 0 else "blue & 'co'"])
    run = tmp_path / "hostile.labelqa"
    subprocess.run(
        [
            labelqa_command,
            "audit",
            source,
            "--text",
            "text",
            "--label",
            "label",
            "--out",
            run,
            "--quiet",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    server = serve(run)
    rows = server.get("/api/rows?limit=60&sort=row_number").json["rows"]
    assert rows[0]["text"] == "<script>alert(1)</script> red 0" and rows[0]["label"] == "<b>red</b>"
    assert rows[3]["text_truncated"] and len(rows[3]["text"]) == 2000
    whole = server.get("/api/rows/3").json
    assert len(whole["text"]) > 1_000_000 and not whole["text_truncated"]
    assert server.decide(0, "<b>red</b>", reviewer="<i>ann</i>").status == 201


def test_tables_have_features(tmp_path, labelqa_command, serve):
    source = tmp_path / "table.csv"
    with open(source, "w", newline="") as out:
        table = csv.writer(out)
        table.writerow(["age", "job", "label"])
        for i in range(80):
            table.writerow(
                ["" if i == 5 else 20 + i % 40, ["cook", "nurse"][i % 2], ["no", "yes"][i % 2]]
            )
    run = tmp_path / "table.labelqa"
    subprocess.run(
        [
            labelqa_command,
            "audit",
            source,
            "--features",
            "age,job",
            "--label",
            "label",
            "--out",
            run,
            "--quiet",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    server = serve(run)
    row = server.get("/api/rows?limit=1&sort=row_number&offset=5").json["rows"][0]
    assert row["features"] == {"age": None, "job": "nurse"} and "text" not in row


# ---- the interface describes itself ----


def test_openapi_names_every_route_and_no_other(server):
    described = server.get("/api/openapi.json").json
    assert described["openapi"].startswith("3.1")
    for path, methods in described["paths"].items():
        address = path.replace("{row_number}", "0")
        for method, what in methods.items():
            assert "responses" in what and "summary" in what
            if path in ("/api/events",):
                continue
            answer = server.call(method.upper(), address, body={} if method == "post" else None)
            assert str(answer.status) in what["responses"], (method, path, answer.status)
        other = "DELETE"
        assert server.call(other, address).status == 405
