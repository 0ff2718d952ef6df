"""A run without a copy of its source: only its maker's commands read what its manifest names.

Two users are two XDG_STATE_HOMEs. The stranger has the same files at hand, so what refuses him is
whose run it is and nothing else.
"""
import json
import os
import subprocess

import pytest

ROWS = [("my card was stolen yesterday", "card"), ("someone took my card", "card"),
        ("which currencies can i exchange", "rate"), ("what is the exchange rate today", "rate"),
        ("my card is lost", "card"), ("how do i exchange dollars for euros", "rate"),
        ("card payment was declined at a shop", "rate"), ("the rate for euros is wrong", "rate"),
        ("i lost my card on a bus", "card"), ("change my pounds into euros please", "rate")]
READERS = {"judge": ["judge", "r"], "sample": ["sample", "r", "--n", "3", "--out", "s.csv"],
           "cleaned": ["export", "r", "cleaned", "c.csv"]}


class Folder:
    def __init__(self, path, command):
        self.path, self.command = path, command
        (path / "x.csv").write_text("text,label\n" + "".join(f"{t},{k}\n" for t, k in ROWS))

    def run(self, *args, user="maker"):
        env = {"PATH": "/usr/bin:/bin", "XDG_STATE_HOME": str(self.path / user), "HOME": "/nowhere",
               "XDG_CACHE_HOME": str(self.path / "cache"), "LLM_BASE_URL": "http://127.0.0.1:9"}
        return subprocess.run([str(self.command), *args], cwd=self.path, env=env, timeout=60,
                              capture_output=True, text=True, check=False)

    def audit(self, *args):
        done = self.run("audit", "x.csv", "--folds", "2", "--no-snapshot", "--out", "r", *args)
        assert done.returncode == 0, done.stderr

    def change_manifest(self, change):
        path = self.path / "r" / "manifest.json"
        manifest = json.loads(path.read_text())
        change(manifest)
        path.write_text(json.dumps(manifest))


@pytest.fixture
def folder(tmp_path, labelqa_command):
    return Folder(tmp_path, labelqa_command)


@pytest.mark.parametrize("name", READERS)
def test_maker_stranger_and_named(folder, name):
    folder.audit()
    assert folder.run(*READERS[name]).returncode == 0
    refused = folder.run(*READERS[name], user="stranger")
    assert refused.returncode == 3
    assert "'sources'" in refused.stderr and "--source FILE" in refused.stderr
    named = folder.run(*READERS[name], "--source", "x.csv", user="stranger")
    assert named.returncode == 0, named.stderr
    assert not (folder.path / "stranger").exists()


def test_the_key_is_the_users_own(folder):
    folder.audit()
    key = folder.path / "maker" / "labelqa" / "key"
    assert key.stat().st_size == 32 and key.stat().st_mode & 0o77 == 0
    before = key.read_bytes()
    folder.audit("--overwrite")
    assert key.read_bytes() == before
    os.truncate(key, 5)
    assert folder.run("judge", "r").returncode == 3


@pytest.mark.parametrize("change", [
    lambda m: m["sources"][0].update(path="/etc/passwd"),
    lambda m: m["reading"].update(paths=["/etc/passwd"]),
    lambda m: m["reading"].update(where="label = 'card'"),
    lambda m: m["roles"].update(text=["label"]),
])
def test_a_changed_manifest_is_a_strangers(folder, change):
    folder.audit()
    folder.change_manifest(change)
    assert folder.run("judge", "r").returncode == 3


def test_what_is_opened_is_what_was_hashed(folder):
    folder.audit()
    (folder.path / "other.csv").write_text("text,label\nsecret,card\n")
    folder.change_manifest(lambda m: m["reading"].update(paths=["other.csv"]))
    named = folder.run("judge", "r", "--source", "x.csv", user="stranger")
    assert named.returncode == 0, named.stderr
    wrong = folder.run("judge", "r", "--source", "other.csv", user="stranger")
    assert wrong.returncode == 3 and "other.csv" in wrong.stderr
    two = folder.run("judge", "r", "--source", "x.csv", "--source", "x.csv", user="stranger")
    assert two.returncode == 2
    device = folder.run("judge", "r", "--source", "/dev/zero", user="stranger")
    assert device.returncode == 4


def test_a_condition_is_evaluated_for_its_maker_only(folder):
    folder.audit("--where", "label <> 'none'")
    assert folder.run("judge", "r").returncode == 0
    refused = folder.run("judge", "r", "--source", "x.csv", user="stranger")
    assert refused.returncode == 3 and "reading.where" in refused.stderr


def test_a_run_with_a_snapshot_is_nobodys(folder):
    done = folder.run("audit", "x.csv", "--folds", "2", "--out", "r")
    assert done.returncode == 0 and not (folder.path / "maker").exists()
    assert folder.run("judge", "r", user="stranger").returncode == 0
    idle = folder.run("judge", "r", "--source", "x.csv", user="stranger")
    assert idle.returncode == 0 and "has no effect" in idle.stderr
