"""``python -m labelqa`` and the script ``labelqa``: the command itself, which the package carries.
"""
import os
import sys
from pathlib import Path


def main():
    """Turns this process into the command, with the same arguments."""
    here = Path(__file__).resolve().parent
    places = [here / "bin" / "labelqa", here.parent.parent / "bin" / "labelqa"]  # wheel, build tree
    command = next((place for place in places if os.access(place, os.X_OK)), None)
    if command is None:
        sys.exit(f"labelqa: the command is not in {' or '.join(str(p.parent) for p in places)}: "
                 f"install the package anew")
    os.execv(command, [str(command), *sys.argv[1:]])


if __name__ == "__main__":
    main()
