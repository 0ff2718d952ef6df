// What changed between an older run and this one: labelqa.diff/1.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get } from "../api/client";
import { count, percent } from "../parts/figures";
import { usePage } from "../state/run";

interface Interval {
  estimate: number;
  low: number;
  high: number;
  n: number;
}

interface Sides<T> {
  a: T | null;
  b: T | null;
}

interface Diff {
  matched_by: "id" | "content";
  rows: Record<string, number>;
  pairs: { from: string | null; to: string | null; count: number }[];
  relabelled: {
    row_id: string;
    row_b: number;
    label_a: string | null;
    label_b: string | null;
    by: string;
  }[];
  relabelled_by: Record<string, number>;
  findings: { new: string[]; gone: string[] };
  error_rate: {
    a: number | null;
    b: number | null;
    difference: number | null;
    low: number | null;
    high: number | null;
    p: number | null;
  } | null;
  judge: Sides<{ model: string; judged: number; no: number; agreement: number | null }>;
  relabel_precision: Sides<Interval>;
  model: Sides<{ model: string; flagged: number; out_of_fold_accuracy: number | null }>;
}

const SHOWN = 100;

export function Versions() {
  const { run, say } = usePage();
  const [diff, setDiff] = useState<Diff | null>(null);
  useEffect(() => {
    get<Diff>("/api/diff").then(setDiff, (reason: Error) => say(reason.message, "error"));
  }, [say]);
  if (diff === null)
    return (
      <p class="empty" role="status">
        Comparing …
      </p>
    );
  return (
    <div class="overview">
      <h1>Versions</h1>
      <p>
        <bdi>{run.against}</bdi> before, <bdi>{run.name}</bdi> now; rows matched by{" "}
        {diff.matched_by}, as of the last time the files were made.
      </p>
      <ErrorRates rate={diff.error_rate} />
      <Counts diff={diff} />
      <Pairs pairs={diff.pairs} />
      <Then diff={diff} />
      <Relabelled diff={diff} />
    </div>
  );
}

function ErrorRates({ rate }: { rate: Diff["error_rate"] }) {
  if (rate === null) return <p>How many labels are wrong was not measured in either run.</p>;
  const words =
    rate.high === null || rate.low === null
      ? "it was not measured in both"
      : rate.high < 0
        ? "fewer are wrong"
        : rate.low > 0
          ? "more are wrong"
          : "no difference is shown";
  return (
    <p class="verdict">
      Wrong labels: {percent(rate.a, 1)} before, {percent(rate.b, 1)} now; {words}
      {rate.difference === null ? null : (
        <>
          {" "}
          (difference {points(rate.difference)}, 95 %: {points(rate.low)} to {points(rate.high)})
        </>
      )}
      .
    </p>
  );
}

function points(value: number | null): string {
  if (value === null) return "–";
  return `${value < 0 ? "−" : "+"}${Math.abs(100 * value).toFixed(1)} points`;
}

const COUNTS: [string, string][] = [
  ["unchanged", "Unchanged"],
  ["relabelled", "Relabelled"],
  ["content_changed", "Content changed"],
  ["added", "Added"],
  ["removed", "Removed"],
  ["fixed", "No longer doubted"],
  ["newly_doubted", "Newly doubted"],
  ["reverted", "Decided before, another label now"],
  ["not_applied", "Decided before, not in the data"],
];

function Counts({ diff }: { diff: Diff }) {
  return (
    <Section title="Rows">
      <table class="plain" tabIndex={0}>
        <tbody>
          {COUNTS.map(([key, title]) => (
            <tr>
              <th scope="row">{title}</th>
              <td class="number">{count(diff.rows[key] ?? 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {diff.rows.relabelled ? (
        <p>
          The new labels: {count(diff.relabelled_by.decision ?? 0)} as people had decided before,{" "}
          {count(diff.relabelled_by.judge ?? 0)} as the judge had said,{" "}
          {count(diff.relabelled_by["someone else"] ?? 0)} by someone else.
        </p>
      ) : null}
    </Section>
  );
}

function Pairs({ pairs }: { pairs: Diff["pairs"] }) {
  if (pairs.length === 0) return null;
  return (
    <Section title="From label to label">
      <table class="plain" tabIndex={0}>
        <thead>
          <tr>
            <th scope="col">Before</th>
            <th scope="col">Now</th>
            <th scope="col">Rows</th>
          </tr>
        </thead>
        <tbody>
          {pairs.slice(0, SHOWN).map((pair) => (
            <tr>
              <td>
                <bdi>{pair.from ?? "(none)"}</bdi>
              </td>
              <td>
                <bdi>{pair.to ?? "(none)"}</bdi>
              </td>
              <td class="number">{count(pair.count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

/** What each run says of itself, side by side. */
function Then({ diff }: { diff: Diff }) {
  const { findings, judge, model, relabel_precision: precision } = diff;
  const line = (title: string, a: string, b: string) => (
    <tr>
      <th scope="row">{title}</th>
      <td>{a}</td>
      <td>{b}</td>
    </tr>
  );
  const checked = (one: Interval | null) =>
    one ? `${percent(one.estimate)} (${percent(one.low)} to ${percent(one.high)})` : "–";
  return (
    <Section title="Then and now">
      <table class="plain" tabIndex={0}>
        <thead>
          <tr>
            <th scope="col"></th>
            <th scope="col">Before</th>
            <th scope="col">Now</th>
          </tr>
        </thead>
        <tbody>
          {line("Rows", count(diff.rows.a), count(diff.rows.b))}
          {line("Flagged", count(model.a?.flagged), count(model.b?.flagged))}
          {line(
            "Accuracy on given labels",
            percent(model.a?.out_of_fold_accuracy, 1),
            percent(model.b?.out_of_fold_accuracy, 1),
          )}
          {line("Judged", count(judge.a?.judged), count(judge.b?.judged))}
          {line("The judge's NO, right by people", checked(precision.a), checked(precision.b))}
        </tbody>
      </table>
      {findings.new.length > 0 ? <p>New findings: {findings.new.join(", ")}.</p> : null}
      {findings.gone.length > 0 ? <p>Findings that are gone: {findings.gone.join(", ")}.</p> : null}
    </Section>
  );
}

function Relabelled({ diff }: { diff: Diff }) {
  const rows = diff.relabelled.slice(0, SHOWN);
  if (rows.length === 0) return null;
  return (
    <Section title="Relabelled rows">
      <table class="plain" tabIndex={0}>
        <thead>
          <tr>
            <th scope="col">Row</th>
            <th scope="col">Before</th>
            <th scope="col">Now</th>
            <th scope="col">By</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.row_b}>
              <td>
                <bdi>{row.row_id}</bdi>
              </td>
              <td>
                <bdi>{row.label_a ?? "(none)"}</bdi>
              </td>
              <td>
                <bdi>{row.label_b ?? "(none)"}</bdi>
              </td>
              <td>{row.by}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {(diff.rows.relabelled ?? 0) > rows.length ? (
        <p>
          The first {count(rows.length)} of {count(diff.rows.relabelled)}; labelqa diff --out FILE
          writes all.
        </p>
      ) : null}
    </Section>
  );
}

function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section>
      <h2>{title}</h2>
      {children}
    </section>
  );
}
