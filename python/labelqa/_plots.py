"""Pictures of a run, drawn by matplotlib where it is installed: label noise by class, which classes
are confused, how far labels are trusted. Each returns its matplotlib Axes."""
import numpy as np

from labelqa import _confident

_ACTIONS = {"relabel": "#c62828", "needs_review": "#ef8a17", "keep (ambiguous)": "#8e9aaf",
            "keep": "#2e7d6b"}
_BINS = 20
_ANNOTATED = 15  # classes up to which each cell has its number


def _axes(ax, width, height):
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as pyplot
    except ImportError:
        raise ImportError("plots need matplotlib: pip install matplotlib") from None
    return pyplot.subplots(figsize=(width, height), layout="constrained")[1]


def _cut(name, limit=28):
    name = str(name)
    return name if len(name) <= limit else name[:limit - 1] + "…"


def _check_top(top):
    from labelqa import _arguments
    return _arguments.whole(top, "top", 1)


def class_health(run, ax=None, top=30):
    """Bars of the share of labels that are estimated wrong, the worst class on top."""
    top = _check_top(top)
    classes = run.report["confident_learning"]["per_class"]
    classes = sorted(classes, key=lambda c: (-c["label_noise"], str(c["label"])))
    shown = classes[:top][::-1]
    ax = _axes(ax, 7, 1.2 + .28 * len(shown))
    noise = [c["label_noise"] for c in shown]
    bars = ax.barh([_cut(c["label"]) for c in shown], noise, color="#ef8a17")
    ax.bar_label(bars, [f"{c['label_noise']:.1%} of {c['count']:,}" for c in shown], padding=3,
                 fontsize=8)
    ax.set_xlim(0, max([.01, *noise]) * 1.25)
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:.0%}" if max(noise) >= .08 else f"{x:.1%}")
    ax.set_xlabel("labels estimated wrong")
    more = f", the worst {len(shown)} of {len(classes)}" if len(shown) < len(classes) else ""
    ax.set_title(f"Label noise by class{more}")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _confident_joint(run):
    """Estimated rows by given and true class, K x K, of the rows that were scored."""
    names, probabilities = run.classes, np.asarray(run.pred_probs)
    number = {name: k for k, name in enumerate(names)}
    labels = np.array([number.get(label, -1) for label in run.rows().columns()["label"]])
    scored = (labels >= 0) & ~np.isnan(probabilities).any(axis=1)
    if len(np.unique(labels[scored])) < 2:
        raise ValueError("the run has no two classes with probabilities to compare")
    joint = _confident.compute_confident_joint(labels[scored], probabilities[scored], tolerance=1)
    return names, joint


def confusion(run, ax=None, top=20):
    """A heat map of how many rows given one class are estimated to be of another."""
    top = _check_top(top)
    names, joint = _confident_joint(run)
    wrong = joint.astype(float)
    np.fill_diagonal(wrong, 0)
    weight = wrong.sum(axis=0) + wrong.sum(axis=1)
    chosen = np.sort(np.argsort(-weight, kind="stable")[:top])
    wrong = wrong[np.ix_(chosen, chosen)]
    shown = [_cut(names[k]) for k in chosen]
    side = 2.5 + .32 * len(shown)
    ax = _axes(ax, side + 1, side)
    np.fill_diagonal(wrong, np.nan)
    image = ax.imshow(wrong, cmap="YlOrRd", vmin=0, vmax=max(1, np.nanmax(wrong, initial=1)))
    ax.set_xticks(range(len(shown)), shown, rotation=90 if len(shown) > 6 else 0, fontsize=8)
    ax.set_yticks(range(len(shown)), shown, fontsize=8)
    ax.set_xlabel("estimated true class")
    ax.set_ylabel("given label")
    ax.set_facecolor("#dddddd")
    for (i, j), count in np.ndenumerate(wrong if len(shown) <= _ANNOTATED else np.empty((0, 0))):
        if count > 0:
            dark = count > .6 * np.nanmax(wrong)
            ax.text(j, i, f"{count:.0f}", ha="center", va="center", fontsize=8,
                    color="white" if dark else "black")
    more = f" (of {len(names)} classes, the {len(shown)} most confused)"
    ax.set_title("Rows given one class, estimated another" + more * (len(shown) < len(names)))
    ax.figure.colorbar(image, ax=ax, label="rows", shrink=.8)
    return ax


def trust(run, ax=None, column="p_correct"):
    """Histograms of p_correct (or trust_score) by review_action, one on another."""
    if column not in ("p_correct", "trust_score"):
        raise ValueError(f"column must be 'p_correct' or 'trust_score', not {column!r}")
    columns = run.rows().columns()
    scores = np.array(columns[column], float)
    actions = np.array(columns["review_action"])
    present = [name for name in _ACTIONS if (actions == name).any()]
    ax = _axes(ax, 7, 3.6)
    ax.hist([scores[actions == name] for name in present], bins=np.linspace(0, 1, _BINS + 1),
            stacked=True, color=[_ACTIONS[name] for name in present],
            label=[f"{name} ({np.count_nonzero(actions == name):,})" for name in present])
    ax.set_yscale("symlog", linthresh=10)
    ax.yaxis.set_major_formatter(lambda y, _: f"{y:,.0f}")
    ax.set_xlim(0, 1)
    ax.set_xlabel(column)
    ax.set_ylabel("rows (logarithmic above 10)")
    ax.set_title("How far labels are trusted")
    ax.legend(loc="upper left", frameon=False, fontsize=9)
    ax.spines[["top", "right"]].set_visible(False)
    return ax
