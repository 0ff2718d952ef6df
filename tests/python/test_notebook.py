"""What a notebook sees: a run as HTML (golden/notebook.html; LABELQA_UPDATE=1 writes it anew), the
progress bar, and whose run an unnamed one is. The last two in a real kernel where ipykernel is
installed (tools/test-newest)."""
import html.parser
import json
import os
import shutil
from pathlib import Path

import pytest

import labelqa
from labelqa import _html, _notebook

GOLDEN = Path(__file__).parent / "golden" / "notebook.html"
WORDS = {"colour": "red blue green grey", "animal": "dog cat cow hen", "<b>&": "one two three"}


def rows(n=90):
    """Texts of three kinds; every twentieth label is wrong, one is missing, two texts are equal."""
    kinds = sorted(WORDS)
    data = {"text": [], "label": []}
    for i in range(n):
        words = WORDS[kinds[i % 3]].split()
        data["text"].append(" ".join(words[(i + j * j) % len(words)] for j in range(6)) + f" <{i}>")
        data["label"].append(kinds[(i + (i % 20 == 7)) % 3])
    data["text"][40], data["label"][40] = data["text"][41], "animal"
    data["label"][50] = None
    data["text"][60] = ""
    return data


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return labelqa.audit(rows(), text="text", label="label", out="r.labelqa", folds=3, quiet=True)


# What the golden file shows: a report with all that a notebook tells, and two suspects.
REPORT = {
    "rows": 1234, "classes": ["a", "<b>&", "c"], "notes": ["A note & more."],
    "confident_learning": {"flagged": 56, "estimated_errors": 60, "out_of_fold_accuracy": .876},
    "verdict": "5.0 % of the labels are <wrong> (95 % interval 3.1 to 7.8 %).",
    "actions": {"relabel": 0, "keep (ambiguous)": 1, "needs_review": 56, "keep": 1177},
    "provenance": [
        {"id": "null-content", "severity": "error", "count": 2, "message": "2 rows are empty."},
        {"id": "encoding", "severity": "warn", "count": 1, "message": "A <script>. " * 30},
        {"id": "duplicate", "severity": "info", "count": 9, "message": "not shown"},
        {"id": "id-order", "severity": "warn", "count": 0, "message": "not shown"}]}
SUSPECTS = [
    {"row_id": "7", "trust_score": .05, "label": "<b>&", "suggested_label": "a",
     "text": "one <two> " * 30, "reasons": ["the judge says \"a\"", "another reason"]},
    {"row_id": "x&8", "trust_score": .3, "label": None, "suggested_label": None, "text": None,
     "reasons": []}]


class Balanced(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.words = [], []

    def handle_starttag(self, tag, attrs):
        self.open += [tag] * (tag not in ("br", "progress"))

    def handle_endtag(self, tag):
        if tag != "progress":
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_the_golden_page():
    found = _html.of_run("r.labelqa", REPORT, SUSPECTS)
    if os.environ.get("LABELQA_UPDATE"):
        GOLDEN.write_text(found, encoding="utf-8")
    assert found == GOLDEN.read_text(encoding="utf-8")
    assert "not shown" not in found and "<script" not in found


def test_a_run_as_html(run):
    found = run._repr_html_()
    parser = Balanced()
    parser.feed(found)
    words = "".join(parser.words)
    assert not parser.open and "<b>&" in words and "90 rows" in words
    assert f"{run.report['confident_learning']['flagged']} row" in words
    for row in run.review()[:10]:
        assert (row["label"] or "") in words and (row["text"] or "") in words
        assert all(reason in words for reason in row["reasons"])
    for foreign in ("<script", "http:", "https:", "src="):
        assert foreign not in found


def test_a_run_that_is_gone_has_no_html(run):
    shutil.rmtree(run.path)
    assert run._repr_html_() is None and repr(run)


def test_the_bar():
    assert '<progress max="1" value="0.250"' in _notebook.bar("audit", "training <1>", .25)
    assert "training &lt;1&gt; 25%" in _notebook.bar("audit", "training <1>", .25)
    assert "value" not in _notebook.bar("audit", "reading", -1)
    with _notebook.progress("audit", False) as callback:
        assert callback is None  # no notebook here


def test_progress_reaches_a_callback(tmp_path):
    from labelqa._run import _library
    source = tmp_path / "x.jsonl"
    data = rows(3000)
    source.write_text("".join(json.dumps(dict(zip(data, row))) + "\n"
                              for row in zip(*data.values())))
    seen = []
    options = [("text", "text"), ("label", "label"), ("out", str(tmp_path / "r"))]
    status, *_ = _library().call("audit", options, [str(source)],
                                 lambda stage, fraction: seen.append((stage, fraction)))
    assert status == 0 and seen
    assert all(isinstance(stage, str) and stage and fraction <= 1 for stage, fraction in seen)

    def stop(stage, fraction):
        raise LookupError("enough")

    options[2] = ("out", str(tmp_path / "s"))
    with pytest.raises(LookupError, match="enough"):
        _library().call("audit", options, [str(source)], stop)


def test_quiet(tmp_path, caplog, recwarn):
    caplog.set_level("INFO", "labelqa")
    data = {**rows(), "odd": [1j] * 90}
    labelqa.audit(data, out=tmp_path / "loud", folds=3)
    assert caplog.records and recwarn.list
    caplog.clear()
    recwarn.clear()
    labelqa.audit(data, out=tmp_path / "quiet", folds=3, quiet=True)
    labelqa.command("checks", quiet=True)
    assert not caplog.records and not recwarn.list


# ---- in a real kernel ----

@pytest.fixture
def kernel(build, tmp_path):
    manager = pytest.importorskip("jupyter_client.manager")
    pytest.importorskip("ipykernel")
    environment = {**os.environ, "PYTHONPATH": str(build / "python")}
    started, client = manager.start_new_kernel(
        kernel_name="python3", cwd=str(tmp_path), env=environment)
    yield client
    client.stop_channels()
    started.shutdown_kernel(now=True)


def execute(client, code, cell=None):
    """The HTML that the cell displayed, and what it printed."""
    shown, printed = [], []
    message = client.session.msg("execute_request", {
        "code": code, "silent": False, "store_history": True, "user_expressions": {},
        "allow_stdin": False, "stop_on_error": True},
        metadata={"cellId": cell} if cell else None)
    client.shell_channel.send(message)
    while True:
        reply = client.get_iopub_msg(timeout=60)
        if reply["parent_header"].get("msg_id") != message["header"]["msg_id"]:
            continue
        content = reply["content"]
        if reply["msg_type"] == "status" and content["execution_state"] == "idle":
            return shown, "".join(printed)
        if reply["msg_type"] in ("display_data", "update_display_data", "execute_result"):
            shown.append(content["data"].get("text/html", ""))
        if reply["msg_type"] == "stream":
            printed.append(content["text"])
        assert reply["msg_type"] != "error", content


def test_a_notebook(kernel, tmp_path):
    execute(kernel, f"import labelqa\ndata = {rows(2000)!r}")
    audit = "\n".join(["run = labelqa.audit(data, text='text', label='label', folds=3)",
                       "print(run.path.name)", "run"])
    shown, printed = execute(kernel, audit, "a")
    assert any("<progress" in text for text in shown) and "doubt first" in shown[-1]
    assert printed == "frame.labelqa\n"
    assert execute(kernel, audit, "a")[1] == "frame.labelqa\n"  # its own
    assert execute(kernel, audit + "  # edited", "a")[1] == "frame.labelqa\n"
    assert execute(kernel, audit, "b")[1] == "frame-2.labelqa\n"  # another cell
    twice = "\n".join(["a = labelqa.audit(data, text='text', label='label', folds=3, quiet=True)",
                       "b = labelqa.audit(data, text='text', label='label', folds=3, quiet=True)",
                       "print(a.path.name, b.path.name)"])
    for _ in range(2):
        shown, printed = execute(kernel, twice, "c")
        assert printed == "frame-3.labelqa frame-4.labelqa\n" and not shown
    assert sorted(path.name for path in tmp_path.glob("*.labelqa")) == [
        "frame-2.labelqa", "frame-3.labelqa", "frame-4.labelqa", "frame.labelqa"]


def test_a_cell_without_an_id_is_known_by_its_text(kernel, tmp_path):
    (tmp_path / "x.jsonl").write_text("".join(
        json.dumps(dict(zip(("text", "label"), row))) + "\n" for row in zip(*rows().values())))
    execute(kernel, f"import labelqa, os\ndata = {rows()!r}")
    frame = "print(labelqa.audit(data, text='text', label='label', folds=3).path.name)"
    file = "print(labelqa.audit('x.jsonl', text='text', label='label', folds=3).path.name)"
    for _ in range(2):
        assert execute(kernel, frame)[1] == "frame.labelqa\n"
        assert execute(kernel, file)[1] == "x.labelqa\n"
    assert execute(kernel, frame + " # other")[1] == "frame-2.labelqa\n"
    other = f"try:\n    {file}\nexcept FileExistsError as error:\n    print('kept')"
    assert execute(kernel, other)[1] == "kept\n"
