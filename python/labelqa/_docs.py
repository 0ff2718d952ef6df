"""What arguments of the same name mean everywhere, added to the docstrings that leave them out."""

CONFIDENT = {
    "labels": "N class numbers 0 to K-1 (array, list, frame column, Arrow data or .npy path),\n"
              "        or names with `classes`.",
    "pred_probs": "N x K probabilities made without training on the row (array of any float type\n"
                  "        and layout, frame, Arrow data or .npy path); not copied.",
    "classes": "the K names in the order of pred_probs' columns, where labels are names.",
    "ties": "stable (by row number) or compat (cleanlab's order under numpy 1.24).",
    "threads": "0 = one per processor; results never depend on it.",
    "tolerance": "rows may be off sum 1, and values off [0, 1], by this much: they are scaled,\n"
                 "        with a LabelqaWarning. Beyond it a ValueError names the row.",
    "method": "self_confidence, normalized_margin or confidence_weighted_entropy.",
    "adjust_pred_probs": "lower each probability by its class's threshold first.",
    "confident_joint": "K x K counts [given][true].",
    "rank_by_kwargs": "{\"adjust_pred_probs\": True} or None.",
    "frac_noise": "the share of the quotas to flag, 1 = all.",
    "min_examples_per_class": "classes of so few rows or fewer are left alone.",
    "pred_probs_list": "N x K probabilities of each model.",
    "custom_weights": "one number per model.",
}
CONFIDENT_RAISES = ("Raises ValueError or TypeError that name the argument, and the row where\n"
                    "    there is one, for what does not fit.")
ANNOTATORS = {
    "labels": "items x annotators (NaN or None = no vote), or long: a frame or dict with item,\n"
              "        annotator and label.",
    "pred_probs": "n_items x n_classes.",
    "classes": "the classes in the order of pred_probs' columns; without it in sorted order.",
    "threads": CONFIDENT["threads"],
    "confidence": "of the interval, between 0 and 1.",
    "n_resamples": "bootstrap samples over items; 0 = infinitesimal jackknife.",
    "seed": "of the bootstrap.",
    "max_iterations": "where to stop without convergence, with a LabelqaWarning.",
    "tolerance": "converged where the log-likelihood changes by less, relative.",
    "first": "an annotator.", "second": "another.",
}
ANNOTATORS_RAISES = "Raises ValueError or TypeError that name the argument for what does not fit."
OUTLIERS = {
    "features": "N x D numbers, such as embeddings.",
    "queries": "M x D numbers; None = the rows of features themselves.",
    "k": "the number of neighbours.",
    "metric": "cosine (the default beyond 3 features) or euclidean.",
    "t": "how fast scores fall with distance.",
    "threads": CONFIDENT["threads"],
}


def complete(functions, meanings, raises=None):
    """Adds to each function's docstring the arguments it does not name, and what it raises."""
    for function in functions:
        doc, code = function.__doc__, function.__code__
        if doc is None:  # python -OO
            continue
        names = code.co_varnames[:code.co_argcount + code.co_kwonlyargcount]
        lines = [f"    {name}: {meanings[name]}" for name in names
                 if name not in doc and name in meanings]
        if lines:
            doc = doc.rstrip() + "\n\n" + "\n".join(lines)
        if raises and "Raises" not in doc:
            doc = doc.rstrip() + "\n\n    " + raises
        function.__doc__ = doc + "\n    "
