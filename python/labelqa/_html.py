"""A run as a notebook shows it: a summary, the findings, the rows to doubt first.

One piece of HTML without scripts or anything from the network; colours follow the notebook's theme.
Whatever comes from the data is escaped.
"""
from html import escape

_SUSPECTS = 10
_TEXT = 120
_STYLE = """<style>
.labelqa { font-size: 13px; line-height: 1.4; max-width: 1000px; overflow-x: auto; }
.labelqa h4 { margin: .8em 0 .3em; font-size: 14px; }
.labelqa table { border-collapse: collapse; margin: 0; font-size: inherit; }
.labelqa th, .labelqa td { text-align: left; vertical-align: top; padding: 2px 10px 2px 0;
  border-bottom: 1px solid rgba(128, 128, 128, .3); }
.labelqa .label { overflow-wrap: anywhere; min-width: 10em; max-width: 16em; }
.labelqa .text { min-width: 16em; }
.labelqa .number { text-align: right; font-variant-numeric: tabular-nums; }
.labelqa .error { color: #e5484d; } .labelqa .warn { color: #c77700; }
.labelqa .quiet { opacity: .7; }
</style>"""


def _cut(text, limit=_TEXT):
    text = "" if text is None else str(text)
    return text if len(text) <= limit else text[:limit - 1] + "…"


def _table(head, rows, kinds):
    """kinds: the CSS class of each column, or None."""
    def cells(tag, values):
        return "".join(f'<{tag}{f" class={kind}" if kind else ""}>{value}</{tag}>'
                       for kind, value in zip(kinds, values))
    lines = [f"<tr>{cells('th', map(escape, head))}</tr>"]
    lines += [f"<tr>{cells('td', row)}</tr>" for row in rows]
    return "<table>\n" + "\n".join(lines) + "\n</table>"


def _plural(n, what):
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _summary(report):
    learning = report.get("confident_learning") or {}
    lines = [f"<b>{_plural(report['rows'], 'row')}</b>, "
             f"{_plural(len(report['classes']), 'class').replace('classs', 'classes')}"]
    if report.get("verdict"):
        lines.append(f"<b>{escape(report['verdict'])}</b>")
    if learning.get("flagged") is not None:
        estimated = learning.get("estimated_errors")
        share = f" ({learning['flagged'] / report['rows']:.1%})" if report["rows"] else ""
        about = f", about {estimated:,} labels estimated wrong" if estimated is not None else ""
        lines.append(f"{_plural(learning['flagged'], 'row')} flagged{share}{about}")
    accuracy = learning.get("out_of_fold_accuracy")
    if accuracy is not None:
        lines.append(f"accuracy on given labels {accuracy:.1%} out of fold")
    actions = report.get("actions") or {}
    lines.append(", ".join(f"{escape(name)} {count:,}" for name, count in actions.items()))
    lines += [escape(note) for note in report.get("notes") or ()]
    return "<br>\n".join(lines)


def _findings(report):
    found = [f for f in report["provenance"]
             if f["count"] and f["severity"] in ("error", "warn")]
    if not found:
        return '<div class="quiet">Structure: no errors, no warnings</div>'
    rows = [(f'<span class="{f["severity"]}">{f["severity"]}</span>', escape(f["id"]),
             f"{f['count']:,}", escape(_cut(f["message"], 200))) for f in found]
    return "<h4>Structure</h4>\n" + _table(
        ("", "finding", "count", ""), rows, (None, None, "number", "text"))


def _suspects(rows):
    if not rows:
        return '<div class="quiet">No row needs review</div>'
    cells = [(escape(str(row["row_id"])), f"{row['trust_score']:.2f}",
              escape(_cut(row["label"], 40)), escape(_cut(row["suggested_label"], 40)),
              escape(_cut(row.get("text"))), escape("; ".join(row["reasons"] or ())))
             for row in rows[:_SUSPECTS]]
    head = "The row to doubt first" if len(cells) == 1 else (
        f"The {len(cells)} rows to doubt first" + (f" of {len(rows):,}" * (len(rows) > len(cells))))
    return f"<h4>{head}</h4>\n" + _table(
        ("row", "trust", "label", "better", "text", "why"), cells,
        ("number", "number", "label", "label", "text", "text"))


def of_run(path, report, review):
    """The run as HTML. review: its rows, most suspicious first."""
    return "\n".join([
        _STYLE, '<div class="labelqa">', _summary(report), _findings(report), _suspects(review),
        f'<div class="quiet">labelqa run <code>{escape(str(path))}</code>: report.html has '
        f'everything</div>', "</div>"]) + "\n"
