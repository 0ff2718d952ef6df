// Rows that look alike, decided together after a look at each: the same pair of given and suggested
// class, or the same content. A row counts as looked at once it was on the screen; the button that
// decides the group waits for that.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, query } from "../api/client";
import type { Row, RowsPage } from "../api/types";
import { Content } from "../parts/row_card";
import { count, percent } from "../parts/figures";
import { usePage } from "../state/run";

const PAGE = 500;
const MOST = 2000;
const SHOWN = 30;

export interface Group {
  id: string;
  /** What its rows have in common. */
  alike: "classes" | "content";
  /** null: none, or not the same. */
  label: string | null;
  suggested: string;
  rows: Row[];
}

export function groupRows(rows: readonly Row[]): Group[] {
  const groups = new Map<string, Group>();
  for (const row of rows) {
    const suggested = row.suggested_label;
    if (!suggested || suggested === row.label) continue;
    const id = JSON.stringify([row.label, suggested]);
    const group = groups.get(id) ?? {
      id,
      alike: "classes",
      label: row.label,
      suggested,
      rows: [],
    };
    group.rows.push(row);
    groups.set(id, group);
  }
  return [...groupCopies(rows), ...groups.values()]
    .filter((group) => group.rows.length > 1)
    .sort((a, b) => b.rows.length - a.rows.length);
}

/** Doubted rows of the same content: one decision serves all. */
function groupCopies(rows: readonly Row[]): Group[] {
  const copies = new Map<string, Row[]>();
  for (const row of rows) {
    if (row.content_hash && row.review_action !== "keep") {
      copies.set(row.content_hash, [...(copies.get(row.content_hash) ?? []), row]);
    }
  }
  const groups: Group[] = [];
  for (const [hash, members] of copies) {
    const suggested = mostFrequent(members.map((row) => row.suggested_label ?? row.label));
    if (members.length < 2 || suggested === null) continue;
    const labels = new Set(members.map((row) => row.label));
    const label = labels.size === 1 ? (members[0]?.label ?? null) : null;
    groups.push({ id: hash, alike: "content", label, suggested, rows: members });
  }
  return groups;
}

function mostFrequent(names: readonly (string | null)[]): string | null {
  const counts = new Map<string, number>();
  for (const name of names) if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}

async function fetchDoubted(signal: AbortSignal): Promise<Row[]> {
  const rows: Row[] = [];
  for (let offset = 0; offset < MOST; offset += PAGE) {
    const page = await get<RowsPage>(
      `/api/rows${query({ offset, limit: PAGE, sort: "p_correct", decided: "no" })}`,
      signal,
    );
    rows.push(...page.rows);
    if (page.rows.length < PAGE) break;
  }
  return rows;
}

export function Batch() {
  const { say } = usePage();
  const [rows, setRows] = useState<Row[] | null>(null);
  const [open, setOpen] = useState<string | null>(null);
  useEffect(() => {
    const request = new AbortController();
    fetchDoubted(request.signal).then(setRows, (reason: Error) => {
      if (!request.signal.aborted) say(reason.message, "error");
    });
    return () => request.abort();
  }, []);
  const groups = useMemo(() => groupRows(rows ?? []), [rows]);
  const group = groups.find((one) => one.id === open) ?? null;
  if (rows === null)
    return (
      <p class="empty" role="status">
        Fetching rows …
      </p>
    );
  if (group !== null) {
    return (
      <GroupPage
        key={group.id}
        group={group}
        back={() => setOpen(null)}
        decided={(numbers) => {
          setRows(rows.filter((row) => !numbers.has(row.row_number)));
          setOpen(null);
        }}
      />
    );
  }
  return (
    <div class="batch">
      <h1>Batch</h1>
      <p>
        Groups among the {count(Math.min(rows.length, MOST))} most doubtful rows that nobody has
        decided. Open a group, look through its rows, take out those that differ, and decide the
        rest at once.
      </p>
      {groups.length === 0 ? (
        <p class="empty">No two doubtful rows share a pair of classes or their content.</p>
      ) : (
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">Alike in</th>
              <th scope="col">Given</th>
              <th scope="col">Suggested</th>
              <th scope="col" class="number">
                Rows
              </th>
              <th scope="col">Least and most doubtful</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {groups.map((one) => (
              <tr>
                <td>{one.alike}</td>
                <td>
                  <bdi class="tag given">{one.label ?? several(one)}</bdi>
                </td>
                <td>
                  <bdi class="tag suggested">{one.suggested}</bdi>
                </td>
                <td class="number">{count(one.rows.length)}</td>
                <td>
                  {percent(one.rows[one.rows.length - 1]?.p_correct)} to{" "}
                  {percent(one.rows[0]?.p_correct)} right
                </td>
                <td>
                  <button onClick={() => setOpen(one.id)}>
                    Open{" "}
                    <span class="hidden">
                      {one.label} to {one.suggested}
                    </span>
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

function several(group: Group): string {
  return group.rows.some((row) => row.label !== null) ? "several labels" : "no label";
}

interface GroupProps {
  group: Group;
  back: () => void;
  decided: (numbers: Set<number>) => void;
}

function GroupPage({ group, back, decided }: GroupProps) {
  const { outbox, reviewer, say } = usePage();
  const [out, setOut] = useState<ReadonlySet<number>>(new Set());
  const [seen, setSeen] = useState<ReadonlySet<number>>(new Set());
  const shown = group.rows.slice(0, SHOWN);
  const chosen = shown.filter((row) => !out.has(row.row_number));
  const unseen = chosen.filter((row) => !seen.has(row.row_number)).length;
  const toggle = (number: number): void => {
    const next = new Set(out);
    if (!next.delete(number)) next.add(number);
    setOut(next);
  };
  const decide = (suggested: boolean): void => {
    for (const row of chosen) {
      const label = suggested ? group.suggested : row.label;
      if (label === null) continue;
      outbox.put({
        row_number: row.row_number,
        decision: "label",
        label,
        reviewer,
        seconds: 0,
        blind: false,
      });
    }
    say(`${chosen.length} rows decided.`);
    decided(new Set(chosen.map((row) => row.row_number)));
  };
  return (
    <div class="batch">
      <h1>
        <button class="quiet" onClick={back} aria-label="Back to the groups">
          ←
        </button>{" "}
        <bdi class="tag given">{group.label ?? several(group)}</bdi> →{" "}
        <bdi class="tag suggested">{group.suggested}</bdi>
      </h1>
      <div class="toolbar sticky">
        <p>
          {chosen.length} of {shown.length} chosen
          {unseen > 0 ? `, ${unseen} not looked at yet: scroll down` : ""}
        </p>
        <button
          class="main"
          disabled={unseen > 0 || chosen.length === 0}
          onClick={() => decide(true)}
        >
          All are <bdi>{group.suggested}</bdi>
        </button>
        <button
          disabled={unseen > 0 || chosen.length === 0 || group.label === null}
          onClick={() => decide(false)}
        >
          Keep <bdi>{group.label}</bdi> for all
        </button>
      </div>
      <ol class="cards">
        {shown.map((row) => (
          <Card
            key={row.row_number}
            row={row}
            chosen={!out.has(row.row_number)}
            toggle={() => toggle(row.row_number)}
            looked={() =>
              setSeen((known) =>
                known.has(row.row_number) ? known : new Set(known).add(row.row_number),
              )
            }
          />
        ))}
      </ol>
      {group.rows.length > SHOWN ? (
        <p class="hint">{group.rows.length - SHOWN} more of this group follow after these.</p>
      ) : null}
    </div>
  );
}

function Card({
  row,
  chosen,
  toggle,
  looked,
}: {
  row: Row;
  chosen: boolean;
  toggle: () => void;
  looked: () => void;
}) {
  const card = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (card.current === null) return;
    const watcher = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) looked();
      },
      { threshold: 0.5 },
    );
    watcher.observe(card.current);
    return () => watcher.disconnect();
  }, []);
  return (
    <li ref={card} class={chosen ? "card" : "card out"}>
      <label class="check">
        <input type="checkbox" checked={chosen} onChange={toggle} /> Row {row.row_number},{" "}
        {percent(row.p_correct)} right
      </label>
      <Content row={row} />
    </li>
  );
}
