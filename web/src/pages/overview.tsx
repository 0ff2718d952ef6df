// How bad is it, and what to do next: the report's main figures, kept up to date while people and
// the judge work.

import { useEffect, useState } from "preact/hooks";
import { get, post } from "../api/client";
import type { Estimate, RunInfo } from "../api/types";
import { Reliability } from "../charts/reliability";
import { Stack } from "../charts/stack";
import { count, percent } from "../parts/figures";
import { on } from "../state/events";
import { usePage } from "../state/run";

interface Finding {
  id: string;
  severity: string;
  count: number;
  groups?: number;
  message: string;
}
interface PerClass {
  label: string;
  count: number;
  flagged: number;
  label_noise: number | null;
}
interface Report {
  provenance?: Finding[];
  confident_learning?: {
    flagged?: number;
    out_of_fold_accuracy?: number;
    model?: string;
    per_class?: PerClass[];
  } | null;
}

export function Overview() {
  const { run, say } = usePage();
  const [report, setReport] = useState<Report | null>(null);
  useEffect(() => {
    const load = (): void => {
      get<Report>("/api/report").then(setReport, () => setReport({}));
    };
    load();
    return on("report", load);
  }, []);
  const again = (): void => {
    post("/api/report", {}).then(
      () => say("The files of the run are up to date."),
      (reason: Error) => say(reason.message, "error"),
    );
  };
  return (
    <div class="overview">
      <h1>
        <bdi>{run.name}</bdi>
      </h1>
      <Verdict run={run} />
      <p class="lesser">
        <a class="button main" href="#/queue">
          Review {count(run.progress.to_review)} rows
        </a>{" "}
        <button onClick={again}>Write the files again</button>
      </p>
      <section>
        <h2>Rows by action</h2>
        <Stack parts={ACTIONS.map(([id, title]) => ({ id, title, value: run.actions[id] ?? 0 }))} />
      </section>
      <Confusions run={run} />
      <TrustBox run={run} />
      <Findings findings={report?.provenance ?? []} />
      <Classes classes={report?.confident_learning?.per_class ?? []} />
      <Reviewers run={run} />
    </div>
  );
}

const ACTIONS: [string, string][] = [
  ["relabel", "relabel"],
  ["needs_review", "needs review"],
  ["keep (ambiguous)", "keep (ambiguous)"],
  ["keep", "keep"],
];

function Verdict({ run }: { run: RunInfo }) {
  const rate: Estimate | null = run.error_rate;
  const doubted = (run.actions["relabel"] ?? 0) + (run.actions["needs_review"] ?? 0);
  if (rate === null) {
    return (
      <p class="verdict-line">
        {count(doubted)} of {count(run.rows)} rows are in doubt. How many labels are wrong in all is
        not known yet: a <a href="#/spot-check">spot check</a> or a <a href="#/judge">judge</a>{" "}
        would tell.
      </p>
    );
  }
  return (
    <p class="verdict-line">
      About <b>{percent(rate.estimate, 1)}</b> of the labels are wrong ({percent(rate.low, 1)} to{" "}
      {percent(rate.high, 1)}
      {rate.n ? `, ${count(rate.n)} rows verified` : ""}). {count(doubted)} of {count(run.rows)}{" "}
      rows are in doubt.
      {rate.low > 0.3
        ? " More than 30 % are wrong: labelling everything anew costs less than correcting the bad ones."
        : ""}
    </p>
  );
}

function Confusions({ run }: { run: RunInfo }) {
  const pairs = run.trust?.suspected_confusions ?? [];
  if (pairs.length === 0) return null;
  return (
    <section>
      <h2>Suspected systematic confusions</h2>
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">Given</th>
            <th scope="col">Truly</th>
            <th scope="col" class="number">
              Rate
            </th>
            <th scope="col">Interval</th>
            <th scope="col" class="number">
              Rows
            </th>
            <th scope="col" class="number">
              Verified
            </th>
          </tr>
        </thead>
        <tbody>
          {pairs.map((pair) => (
            <tr>
              <td>
                <bdi class="tag given">{pair.label}</bdi>
              </td>
              <td>
                <bdi class="tag suggested">{pair.true_label}</bdi>
              </td>
              <td class="number">{percent(pair.rate)}</td>
              <td>
                {percent(pair.low)} to {percent(pair.high)}
              </td>
              <td class="number">{count(pair.rows)}</td>
              <td class="number">{count(pair.verified)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function TrustBox({ run }: { run: RunInfo }) {
  const trust = run.trust;
  if (trust === null) return null;
  return (
    <section>
      <h2>How far to believe the probabilities</h2>
      <p>
        {!trust.calibrated
          ? `“Label right” is a rank, not a probability: ${count(trust.n_verified)} rows are verified.`
          : trust.n_verified === 0
            ? "“Label right” is a probability by the model's own held-out predictions; no row is verified yet."
            : `“Label right” is a probability, checked on ${count(trust.n_verified)} verified rows${trust.ece ? `; it is off by ${percent(trust.ece.estimate, 1)} on average` : ""}.`}
      </p>
      {(trust.reliability ?? []).some((bin) => bin.n > 0) ? (
        <Reliability bins={trust.reliability ?? []} />
      ) : null}
    </section>
  );
}

const SEVERITIES = ["error", "warn", "info"];

function Findings({ findings }: { findings: Finding[] }) {
  const found = findings
    .filter((one) => one.count > 0)
    .sort(
      (a, b) =>
        SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.count - a.count,
    );
  if (found.length === 0) return null;
  return (
    <section>
      <h2>Findings</h2>
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">Severity</th>
            <th scope="col">Finding</th>
            <th scope="col" class="number">
              Rows
            </th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          {found.map((one) => (
            <tr>
              <td>
                <span class={`severity ${one.severity}`}>{one.severity}</span>
              </td>
              <td>{one.id}</td>
              <td class="number">{count(one.count)}</td>
              <td dir="auto">{one.message}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Classes({ classes }: { classes: PerClass[] }) {
  const [all, setAll] = useState(false);
  if (classes.length === 0) return null;
  const worst = [...classes].sort((a, b) => (b.label_noise ?? 0) - (a.label_noise ?? 0));
  const shown = all ? worst : worst.slice(0, 12);
  return (
    <section>
      <h2>Classes, worst first</h2>
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">Class</th>
            <th scope="col" class="number">
              Rows
            </th>
            <th scope="col" class="number">
              Flagged
            </th>
            <th scope="col" class="number">
              Wrong, estimated
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((one) => (
            <tr>
              <td>
                <bdi>{one.label}</bdi>
              </td>
              <td class="number">{count(one.count)}</td>
              <td class="number">{count(one.flagged)}</td>
              <td class="number">{percent(one.label_noise, 1)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {worst.length > shown.length ? (
        <button onClick={() => setAll(true)}>Show all {worst.length} classes</button>
      ) : null}
    </section>
  );
}

function Reviewers({ run }: { run: RunInfo }) {
  const people = Object.entries(run.progress.by_reviewer);
  if (people.length === 0) return null;
  return (
    <section>
      <h2>Reviewers</h2>
      <ul>
        {people.map(([name, rows]) => (
          <li>
            <bdi>{name}</bdi>: {count(rows)} rows
          </li>
        ))}
      </ul>
    </section>
  );
}
