"""Rows and queue filtered by slice, and the search for a text."""
import subprocess

import pytest


@pytest.fixture
def sliced(labelqa_command, tmp_path, serve):
    """Two files of 60 rows with split and group; every third label of file b is wrong."""
    for name in "ab":
        lines = ["id,text,label,part,batch"]
        for i in range(60):
            true = ["fruit", "tools"][i % 2]
            words = {"fruit": "Apple pear plum", "tools": "hammer saw chisel"}[true]
            label = true if name == "a" or i % 3 else ["tools", "fruit"][i % 2]
            lines.append(f"{name}{i},{words} {name}{i} ÄPFEL,{label},"
                         f"{'test' if i % 4 == 0 else 'train'},g{i % 5}")
        (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n")
    subprocess.run([labelqa_command, "audit", "a.csv", "b.csv", "--text", "text", "--label",
                    "label", "--id", "id", "--split", "part", "--group", "batch", "--out",
                    "run.labelqa", "--quiet"], cwd=tmp_path, check=True,
                   stdout=subprocess.DEVNULL)
    return serve(tmp_path / "run.labelqa")


def ids(server, query):
    answer = server.get(f"/api/rows?limit=500&{query}")
    assert answer.status == 200, answer.body
    return {row["row_id"] for row in answer.json["rows"]}


def test_rows_by_slice(sliced):
    assert sliced.get("/api/run").json["files"] == ["a.csv", "b.csv"]
    assert ids(sliced, "source_file=b.csv") == {f"b{i}" for i in range(60)}
    assert ids(sliced, "split=test") == {f"{n}{i}" for n in "ab" for i in range(0, 60, 4)}
    assert ids(sliced, "group=g3&source_file=a.csv&split=train") == {
        f"a{i}" for i in range(60) if i % 5 == 3 and i % 4}
    assert ids(sliced, "split=nothing") == set()
    refused = sliced.get("/api/rows?source_file=c.csv")
    assert refused.status == 422 and refused.json["error"]["field"] == "source_file"


def test_the_queue_by_slice(sliced):
    rows = sliced.post("/api/queue", {"reviewer": "ann", "count": 100,
                                      "filter": {"source_file": "a.csv"}}).json["rows"]
    assert {row["source_file"] for row in rows} <= {"a.csv"}
    rows = sliced.post("/api/queue", {"reviewer": "bob", "count": 100,
                                      "filter": {"group": "g1"}}).json["rows"]
    assert rows and {row["group"] for row in rows} == {"g1"}


@pytest.mark.parametrize("text, found", [
    ("aPPLE PEAR", {f"{n}{i}" for n in "ab" for i in range(0, 60, 2)}),
    ("chisel a1 ", {"a1"}),
    ("b59 %C3%84pfel", {"b59"}),        # A to Z in either case; other letters as they are
    ("b59 %C3%A4pfel", set()),
    ("%C3%84PFELApple", set()),         # the end of one row and the beginning of the next
    ("%C3%84PFELhammer", set()),
    ("zzz", set())])
def test_search(sliced, text, found):
    assert ids(sliced, f"q={text.replace(' ', '%20')}") == found


@pytest.mark.parametrize("desc", [0, 1])
@pytest.mark.parametrize("column", ["row_id", "annotator"])
def test_sorted_by_a_text(labelqa_command, tmp_path, serve, column, desc):
    """Long texts of one beginning, short ones, other letters, empty cells; equal ones by number."""
    ids = [f"customer-{i * 7919 % 1000:04d}" if i % 3 else ["a", "B", "ä", "zz"][i % 4] + str(i)
           for i in range(300)]
    who = [["", "annotator-one", "annotator-two", "bob"][i % 4] for i in range(300)]
    lines = ["id,text,label,who"] + [
        f"{key},{['apple pear', 'hammer saw'][i % 2]} {i},{'ab'[i % 2]},{name}"
        for i, (key, name) in enumerate(zip(ids, who))]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    subprocess.run([labelqa_command, "audit", "rows.csv", "--text", "text", "--label", "label",
                    "--id", "id", "--annotator", "who", "--out", "run.labelqa", "--quiet"],
                   cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    rows = serve(tmp_path / "run.labelqa").get(
        f"/api/rows?limit=500&sort={column}&desc={desc}").json["rows"]
    values = ids if column == "row_id" else who
    there = sorted((i for i in range(300) if values[i]),
                   key=lambda i: values[i].encode(), reverse=bool(desc))
    if desc:  # equal texts stay in the order of their rows
        there.sort(key=lambda i: i)
        there.sort(key=lambda i: values[i].encode(), reverse=True)
    empty = [i for i in range(300) if not values[i]]
    assert [row["row_number"] for row in rows] == there + empty
