"""``python -m labelqa`` and the script ``labelqa``: the command itself, which the package carries.
"""
import os
import sys
from pathlib import Path


def find_command():
    """Path of the command that the package carries, or of the build tree. FileNotFoundError."""
    here = Path(__file__).resolve().parent
    places = [here / "bin" / "labelqa", here.parent.parent / "bin" / "labelqa"]  # wheel, build tree
    for place in places:
        if os.access(place, os.X_OK):
            return str(place)
    raise FileNotFoundError(f"the command is not in {' or '.join(str(p.parent) for p in places)}: "
                            f"install the package anew")


def main():
    """Turns this process into the command, with the same arguments."""
    try:
        command = find_command()
    except FileNotFoundError as error:
        sys.exit(f"labelqa: {error}")
    os.execv(command, [command, *sys.argv[1:]])


if __name__ == "__main__":
    main()
