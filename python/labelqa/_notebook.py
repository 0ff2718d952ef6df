"""Notebooks: a progress bar while the library works, and whose run an unnamed one is.

Nothing is imported here unless IPython is there already. An unnamed run (audit of data in memory
without `out`) belongs to the cell that made it: running the cell again replaces the run, while
another cell's run is left alone and a number tells the new one apart. The run's frame.json says
which cell it was, so that this holds after a restart of the kernel, too. A cell is known by the id
that the front end gives it, else by its text.
"""
import contextlib
import hashlib
import html
import linecache
import os
import sys
import time

_SECONDS_BETWEEN_UPDATES = 0.2


def shell():
    """IPython's shell, or None."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def _has_display():
    """True in a notebook: a shell with a kernel behind it."""
    return getattr(shell(), "kernel", None) is not None


# ---- progress ----

def bar(command, stage, fraction):
    """The progress bar as HTML; a fraction below 0 is unknown."""
    value = "" if fraction < 0 else f' value="{min(fraction, 1):.3f}"'
    share = "" if fraction < 0 else f" {min(fraction, 1):.0%}"
    text = html.escape(f"labelqa {command}: {stage}{share}")
    return f'<progress max="1"{value} aria-label="{text}"></progress> <code>{text}</code>'


class _Bar:
    def __init__(self, command):
        self._command, self._handle, self._told = command, None, 0.0

    def __call__(self, stage, fraction):
        now = time.monotonic()
        if now - self._told >= _SECONDS_BETWEEN_UPDATES:
            self._told = now
            self._show(bar(self._command, stage, fraction))

    def _show(self, text):
        from IPython.display import HTML, display
        if self._handle is None:
            self._handle = display(HTML(text), display_id=True)
        else:
            self._handle.update(HTML(text))

    def close(self):
        if self._handle is not None:
            self._show("")


@contextlib.contextmanager
def progress(command, is_quiet):
    """A callback (stage, fraction) that draws a bar in a notebook; None elsewhere."""
    if is_quiet or not _has_display():
        yield None
        return
    shown = _Bar(command)
    try:
        yield shown
    finally:
        shown.close()


# ---- whose run ----

def _cell_text(ipython):
    """The source of the cell that is running: that of the outermost frame in the user's names."""
    frame, text = sys._getframe(), ""
    while frame is not None:
        if frame.f_globals is ipython.user_ns:
            text = "".join(linecache.getlines(frame.f_code.co_filename, frame.f_globals))
        frame = frame.f_back
    return text


def _cell_id(ipython):
    parent = getattr(ipython, "parent_header", None) or {}
    with contextlib.suppress(AttributeError, KeyError, TypeError):
        parent = ipython.kernel.get_parent("shell")
    metadata = parent.get("metadata") or {}
    return metadata.get("cellId") or metadata.get("cell_id")


_calls = {}  # cell -> (execution, calls so far in it)


def cell():
    """What tells the calling cell, and the how-manieth unnamed run it makes; None outside of
    IPython."""
    ipython = shell()
    if ipython is None:
        return None
    name = _cell_id(ipython)
    if name is None:
        name = hashlib.sha256(_cell_text(ipython).encode()).hexdigest()[:32]
    execution, n = _calls.get(name, (None, 0))
    n = n + 1 if execution == ipython.execution_count else 1
    _calls[name] = (ipython.execution_count, n)
    return f"{name}/{n}"


def unnamed_run(folder, owner):
    """(run folder, whether it replaces the owner's own) for an unnamed run: `folder`, or with a
    number where that is another's."""
    from labelqa import _origin
    stem, n = folder.removesuffix(".labelqa"), 1
    while os.path.lexists(folder):
        if _origin.read(folder).get("unnamed") == owner:
            return folder, True
        n += 1
        folder = f"{stem}-{n}.labelqa"
    return folder, False
