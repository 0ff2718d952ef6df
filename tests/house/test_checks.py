"""The gate's own tools are held to what they promise: each must catch a planted violation and
pass the same tree without it."""
import subprocess
import sys

import pytest

ESSAY = "/* What this file does. */\n"


def run_tool(root, name, *arguments):
    done = subprocess.run([sys.executable, str(root / "tools" / name), *map(str, arguments)],
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def write(tree, path, text):
    target = tree / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)


@pytest.fixture
def tree(tmp_path):
    """A small source tree that passes every check."""
    write(tmp_path, "include/labelqa/labelqa.h", "int lqa_version(void);\n")
    write(tmp_path, "src/base/buf.h", "int lqa_buf(void);\n")
    write(tmp_path, "src/base/buf.c",
          ESSAY + '#include "base/buf.h"\n\nint lqa_buf(void) { return 1; }\n')
    write(tmp_path, "src/data/query/duck.h", "#include <duckdb.h>\n")
    write(tmp_path, "src/data/query/query_run.c",
          ESSAY + '#include "base/buf.h"\n#include "data/query/duck.h"\n')
    write(tmp_path, "src/cli/main.c",
          ESSAY + '#include "base/buf.h"\n#include "labelqa/labelqa.h"\n')
    return tmp_path


def test_a_clean_tree_passes(root, tree):
    for tool in ("check-layers", "check-style"):
        code, output = run_tool(root, tool, tree)
        assert code == 0, output
        assert "ok" in output


@pytest.mark.parametrize("path, line, complaint", [
    ("src/base/up.c", '#include "data/query/query.h"', "base/ lies below or beside data/"),
    ("src/audit/beside.c", '#include "judge/plan.h"', "audit/ lies below or beside judge/"),
    ("src/cli/cmd_x.c", '#include "store/run.h"', "sees only labelqa.h and base/"),
    ("src/data/query/public.c", '#include "labelqa/labelqa.h"', "only api and the front ends"),
    ("src/data/query/bare.c", '#include "query.h"', "carry their folder"),
    ("src/data/query/strange.c", '#include "util/x.h"', "no layer util/"),
    ("src/audit/third.c", "#include <duckdb.h>", "belongs to"),
    ("src/model/linear/softmax_run.c", "#  include <xgboost/c_api.h>", "belongs to"),
    ("src/helpers/x.c", "", "is no layer"),
    ("src/data/x.c", "", "not in a room of data/"),
    ("src/data/query/up.c", '#include "data/source/csv.h"', "data/query lies below or beside"),
    ("src/model/text/x.c", '#include "model/table/trees.h"', "lies below or beside model/table"),
    ("src/model/text/stream/x.c", '#include "model/votes/votes.h"', "beside model/votes"),
])
def test_layers_catches(root, tree, path, line, complaint):
    write(tree, path, ESSAY + line + "\n")
    code, output = run_tool(root, "check-layers", tree)
    assert code == 1
    assert complaint in output and path in output


def test_layers_counts_the_users_of_a_library(root, tree):
    write(tree, "src/base/unicode.c", ESSAY + "#include <utf8proc.h>\n")
    assert run_tool(root, "check-layers", tree)[0] == 0
    write(tree, "src/base/unicode_case.c", ESSAY + "#include <utf8proc.h>\n")
    code, output = run_tool(root, "check-layers", tree)
    assert code == 1 and "seen by 2 files" in output


def test_layers_refuses_circles(root, tree):
    write(tree, "src/audit/one.h", '#include "audit/two.h"\n')
    write(tree, "src/audit/two.h", "int lqa_two(void);\n")
    assert run_tool(root, "check-layers", tree)[0] == 0
    write(tree, "src/audit/two.c", ESSAY + '#include "audit/one.h"\n')
    code, output = run_tool(root, "check-layers", tree)
    assert code == 1 and "a circle: src/audit/one <-> src/audit/two" in output


def test_layers_knows_only_places_that_exist(root, tree):
    write(tree, "CMakeLists.txt", "project(x)\n")
    code, output = run_tool(root, "check-layers", tree)
    assert code == 1
    assert "src/judge/ is named in RANKS and is not there" in output
    assert "src/data/votes/ is named in ROOMS and is not there" in output
    assert "xgboost/c_api.h: no file" in output


LONG_FUNCTION = "int lqa_f(void) {\n" + "  lqa_g();\n" * 80 + "}\n"


@pytest.mark.parametrize("path, text, complaint", [
    ("src/data/wide.c", ESSAY + "// " + "x" * 98 + "\n", "101 columns"),
    ("src/data/blank.c", ESSAY + "int x; \n", "trailing blanks"),
    ("src/data/tab.c", ESSAY + "\tint x;\n", "a tab"),
    ("src/data/open.c", ESSAY + "/* TO" + "DO: later */\n", "unfinished business"),
    ("src/data/loud.c", ESSAY + "/* " + "-" * 40 + " */\n", "banner"),
    ("src/data/long.c", ESSAY + LONG_FUNCTION, "lqa_f: 82 lines"),
    ("src/data/many.c", ESSAY + "int lqa_f(int a, int b, int c, int d, int e, int f, int g, "
     "int h) {\n  return a;\n}\n", "lqa_f: 8 parameters"),
    ("src/data/buf.c", ESSAY, "file name used twice"),
    ("src/data/mute.c", "int lqa_x;\n", "no essay on top"),
    ("src/data/flag.c", ESSAY + 'const char *x = "leave "\n  "--label out";\n', "the flag --label"),
    ("src/data/drop.h", "lqa_status lqa_drop(int a);\n", "LQA_MUST_CHECK comes first"),
    ("src/report/html_raw.c", ESSAY +
     'void lqa_f(void) {\n  lqa_buf_add_text(page->out, name);\n}\n', "not escaped"),
    ("src/report/chart/chart_raw.c", ESSAY +
     'void lqa_f(void) {\n  lqa_buf_printf(out, "%lld\n %.*s", 1LL, 3, name);\n}\n', "not escaped"),
    ("include/labelqa/drop.h", "LQA_API lqa_status lqa_drop(int a);\n", "LQA_MUST_CHECK comes"),
])
def test_style_catches(root, tree, path, text, complaint):
    write(tree, path, text)
    code, output = run_tool(root, "check-style", tree)
    assert code == 1
    assert complaint in output


def test_style_takes_a_checked_status(root, tree):
    write(tree, "src/data/keep.h", "LQA_MUST_CHECK lqa_status lqa_keep(int a);\n")
    code, output = run_tool(root, "check-style", tree)
    assert code == 0, output


def test_style_takes_a_line_to_copy_and_help(root, tree):
    write(tree, "src/api/api_x.c", ESSAY +
          'const char *lqa_x = "try: labelqa audit F "\n    "--label y, a--b";\n'
          'const lqa_x lqa_y = {.help = "with --label", /* not --text */ .example = "x --y"};\n')
    write(tree, "src/cli/main.c", ESSAY + 'const char *x = "give --label";\n')
    code, output = run_tool(root, "check-style", tree)
    assert code == 0, output


def test_style_does_not_count_a_format_and_its_arguments(root, tree):
    write(tree, "src/data/format.c", ESSAY +
          "int lqa_f(int a, int b, int c, int d, int e, int f, int g, const char *format, ...) "
          "{ return a; }\nint lqa_g(int a, int b, int c, int d, int e, int f, int g,\n"
          "          lqa_error *err) { return a; }\n")
    code, output = run_tool(root, "check-style", tree)
    assert code == 0, output


def test_style_counts_a_callback_as_one_parameter(root, tree):
    write(tree, "src/data/callback.c", ESSAY +
          "int lqa_f(int a, int b, int c, int d, int e, int f, int (*call)(int x, int y)) {\n"
          "  return a;\n}\n")
    code, output = run_tool(root, "check-style", tree)
    assert code == 0, output


SYMBOL_SOURCES = {
    "clean": ("int lqa_f(void) { return 1; }", None),
    "prints": ('int puts(const char *); int lqa_f(void) { return puts("x"); }', "calls puts"),
    "environment": ("char *getenv(const char *); char *lqa_f(void) { return getenv(\"A\"); }",
                    "calls getenv"),
    "libm": ("double exp(double); double lqa_f(double x) { return exp(x); }", "calls exp"),
    "unprefixed": ("int helper(void) { return 1; }", "without lqa_"),
    "global": ("static int calls; int lqa_f(void) { return ++calls; }", "mutable global calls"),
    "constants": ("static const char *const names[] = {\"a\"}; const char *lqa_f(int i)"
                  "{ return names[i]; }", None),
}


@pytest.mark.parametrize("name", SYMBOL_SOURCES)
def test_symbols_catches(root, tmp_path, name):
    text, complaint = SYMBOL_SOURCES[name]
    (tmp_path / "release").mkdir()
    (tmp_path / "lib").mkdir()
    (tmp_path / "unit.c").write_text(text)
    compiled = tmp_path / "unit.c.o"
    subprocess.run(["gcc", "-O1", "-fPIC", "-fno-builtin", "-fvisibility=hidden", "-c",
                    tmp_path / "unit.c", "-o", compiled], check=True)
    subprocess.run(["ar", "rc", tmp_path / "release/liblabelqa_core.a", compiled], check=True)
    subprocess.run(["gcc", "-shared", "-o", tmp_path / "lib/liblabelqa.so", compiled, "-lm"],
                   check=True)
    code, output = run_tool(root, "check-symbols", tmp_path)
    assert (code, complaint is None or complaint in output) == (0 if complaint is None else 1, True)


def test_symbols_catches_an_undeclared_export(root, tmp_path):
    (tmp_path / "release").mkdir()
    (tmp_path / "lib").mkdir()
    (tmp_path / "unit.c").write_text("int lqa_secret(void) { return 1; }")
    subprocess.run(["gcc", "-fPIC", "-c", tmp_path / "unit.c", "-o", tmp_path / "u.o"], check=True)
    subprocess.run(["ar", "rc", tmp_path / "release/liblabelqa_core.a", tmp_path / "u.o"],
                   check=True)
    subprocess.run(["gcc", "-shared", "-o", tmp_path / "lib/liblabelqa.so", tmp_path / "u.o"],
                   check=True)
    code, output = run_tool(root, "check-symbols", tmp_path)
    assert code == 1 and "exports lqa_secret" in output


DESCRIPTOR = """const lqa_audit lqa_audit_x = {
    .id = "null-label",
    .family = LQA_FAMILY_PROVENANCE,
    .kinds = {{"null-label", LQA_ERROR, true, "no label"}},
};
"""


def test_docs_catches_a_file_that_architecture_names_in_vain(root, tmp_path):
    write(tmp_path, "src/audit/provenance/null_label.c", ESSAY + DESCRIPTOR)
    write(tmp_path, "docs/audits/null-label.md", "# null-label\n\nSeverity **error**.\n")
    write(tmp_path, "ARCHITECTURE.md", "`audit/provenance/null_label.c`, then `trust/gone.c`\n")
    code, output = run_tool(root, "check-docs", tmp_path)
    assert code == 1 and "names trust/gone.c" in output and "null_label.c, which" not in output


def test_docs_catches_a_family_that_is_not_the_folder(root, tmp_path):
    write(tmp_path, "src/audit/model/null_label.c", ESSAY + DESCRIPTOR)
    write(tmp_path, "docs/audits/null-label.md", "# null-label\n\nSeverity **error**.\n")
    code, output = run_tool(root, "check-docs", tmp_path)
    assert code == 1 and ".family is to be LQA_FAMILY_MODEL" in output


@pytest.mark.parametrize("pages, complaint", [
    ({"null-label": "# null-label\n\nSeverity **error**.\n"}, None),
    ({}, "docs/audits/null-label.md is missing"),
    ({"null-label": "# null-label\n\nSeverity **warn**.\n"}, "does not say 'Severity **error**'"),
    ({"null-label": "# other\n\nSeverity **error**.\n"}, "does not open with"),
    ({"null-label": "# null-label\n\nSeverity **error**.\n", "gone": "# gone\n"},
     "no audit or finding has this id"),
    ({"null-label": "# null-label\n\nSeverity **error**, see [x](x.md).\n"}, "dead link x.md"),
])
def test_docs_catches(root, tmp_path, pages, complaint):
    write(tmp_path, "src/audit/provenance/null_label.c", ESSAY + DESCRIPTOR)
    for name, text in pages.items():
        write(tmp_path, f"docs/audits/{name}.md", text)
    code, output = run_tool(root, "check-docs", tmp_path)
    assert code == (0 if complaint is None else 1), output
    assert complaint is None or complaint in output
