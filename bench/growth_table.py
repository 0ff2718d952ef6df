"""growth_table.py WORK ROWS... - the figures of bench/growth as a table, with ratios."""
import json
import sys

work, sizes = sys.argv[1], sys.argv[2:]
runs = []
for rows in sizes:
    wall, cpu, peak = map(float, open(f"{work}/time_{rows}", encoding="utf-8").read().split())
    manifest = json.load(open(f"{work}/run_{rows}/manifest.json", encoding="utf-8"))
    stages = {s["stage"]: s for s in manifest["stages"]}
    runs.append((int(rows), wall, cpu, peak / 1024, stages))
print("| stage | " + " | ".join(f"{rows:,} rows: s | MB so far" for rows, *_ in runs) + " |")
print("|---" * (1 + 2 * len(runs)) + "|")
for name in dict.fromkeys(n for run in runs for n in run[4]):
    cells = [f"{r[4][name]['seconds']:.2f} | {r[4][name]['peak_rss_bytes'] / 2**20:.0f}"
             if name in r[4] else " | " for r in runs]
    print(f"| {name} | " + " | ".join(cells) + " |")
print("| whole process | " + " | ".join(f"{r[1]:.2f} | {r[3]:.0f}" for r in runs) + " |")
print("| processor seconds | " + " | ".join(f"{r[2]:.2f} | " for r in runs) + " |")
for a, b in zip(runs, runs[1:]):
    print(f"{a[0]:,} -> {b[0]:,} rows ({b[0] / a[0]:.1f} times): {b[1] / a[1]:.2f} times the time "
          f"({b[2] / a[2]:.2f} times the processor time), {b[3] / a[3]:.2f} times the memory")
