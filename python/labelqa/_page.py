"""The review page of a run, served from Python: a process of its own that ends with this one."""

import atexit
import html
import signal
import subprocess

from labelqa.__main__ import find_command


class ReviewPage:
    """A review server that runs. Shows a link in a notebook; ``stop()`` ends it and makes the
    run's files again, as does the end of this process."""

    def __init__(self, command):
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, start_new_session=True)
        #: The address with the token, for a browser on this machine.
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            raise RuntimeError(self._process.communicate()[1].strip().removeprefix("labelqa: "))
        atexit.register(self.stop)

    def __repr__(self):
        return f"<labelqa.ReviewPage {self.url!r}>"

    def _repr_html_(self):
        return (f'<p>Review: <a href="{html.escape(self.url)}" target="_blank" rel="noopener">open '
                f'the page</a> (on this machine; <code>.stop()</code> ends it)</p>')

    @property
    def running(self):
        """Whether the server still answers."""
        return self._process.poll() is None

    def stop(self):
        """Ends the server; decisions were on disk before, the files follow now. Returns what it
        says at the end, or None where it had ended."""
        atexit.unregister(self.stop)
        if not self.running:
            return None
        self._process.send_signal(signal.SIGTERM)
        return self._process.communicate()[0].strip()

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.stop()


def serve(path, options):
    """Starts ``labelqa review PATH`` with options as keywords."""
    command = [find_command(), "review", str(path)]
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            command.append(flag)
        elif value is not None and value is not False:
            command += [flag, str(value)]
    return ReviewPage(command)
