"""What was compared with the reference, said at the end of the run."""
from random_problems import TALLY


def pytest_terminal_summary(terminalreporter):
    if TALLY["problems"]:
        terminalreporter.write_line(
            f"cleanlab 2.9.0: {TALLY['comparisons']:,} results compared on "
            f"{TALLY['problems']:,} random problems, {TALLY['explained']:,} differences explained "
            f"by a rule (test_newest_numpy.py)")
