"""growth_measure.py FIGURES COMMAND... - runs it; writes wall seconds, CPU seconds, peak KB."""
import os
import subprocess
import sys
import time

figures, command = sys.argv[1], sys.argv[2:]
started = time.perf_counter()
child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
seconds = time.perf_counter() - started
if status != 0:
    sys.exit(f"failed: {' '.join(command)}")
with open(figures, "w", encoding="utf-8") as out:
    out.write(f"{seconds} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss}\n")
