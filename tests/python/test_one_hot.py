"""Several columns of 0 and 1: none of them is taken for the label unasked."""
import subprocess


def audit(command, folder, *options):
    return subprocess.run([command, "audit", "rows.csv", "--out", "r", "--overwrite", *options],
                          cwd=folder, capture_output=True, text=True)


def test_a_column_for_each_class(labelqa_command, tmp_path):
    words = ["lost stolen plastic card", "password account is locked", "interest on my loan"]
    lines = ["text,card,login,rate"] + [
        f"{words[i % 3]} {i},{','.join('1' if i % 3 == k else '0' for k in range(3))}"
        for i in range(90)]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    done = audit(labelqa_command, tmp_path)
    assert done.returncode == 2 and "name it with --label" in done.stderr
    assert audit(labelqa_command, tmp_path, "--label", "card").returncode == 0


def test_one_such_column_is_the_label(labelqa_command, tmp_path):
    lines = ["text,spam"] + [f"{['win a prize now', 'see you at lunch'][i % 2]} {i},{i % 2}"
                             for i in range(90)]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    done = audit(labelqa_command, tmp_path)
    assert done.returncode == 0 and "label from 'spam'" in done.stderr
