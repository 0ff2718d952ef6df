// A spot check: a stratified sample is drawn, a person labels it blind, and the error rate of the
// whole follows with its interval.

import { useCallback, useEffect, useState } from "preact/hooks";
import { get, post } from "../api/client";
import type { Estimate, Row } from "../api/types";
import { ClassPicker } from "../parts/class_picker";
import { count, percent } from "../parts/figures";
import { useKeys, type Keys } from "../parts/keys";
import { Content } from "../parts/row_card";
import { usePage } from "../state/run";

interface Sample {
  n?: number;
  drawn?: number;
  checked?: number;
  rows?: Row[];
  error_rate?: Estimate | null;
  strata?: unknown;
}

export function SpotCheck() {
  const { say, outbox } = usePage();
  const [sample, setSample] = useState<Sample | null>(null);
  const [size, setSize] = useState(100);
  const load = useCallback(() => {
    void outbox
      .drained()
      .then(() => get<Sample>("/api/sample"))
      .then(setSample, (reason: Error) => say(reason.message, "error"));
  }, [say, outbox]);
  useEffect(load, [load]);
  const draw = (): void => {
    post<Sample>("/api/sample", { n: size }).then(load, (reason: Error) =>
      say(reason.message, "error"),
    );
  };
  if (sample === null)
    return (
      <p class="empty" role="status">
        Fetching the sample …
      </p>
    );
  const drawn = sample.drawn ?? sample.n ?? 0;
  const checked = sample.checked ?? 0;
  return (
    <div class="spot">
      <h1>Spot check</h1>
      <p>
        Rows drawn at random from every action, labelled by you without seeing their labels. They
        give an error rate of the whole data set that depends on no model.
      </p>
      <form
        class="toolbar"
        onSubmit={(event) => {
          event.preventDefault();
          draw();
        }}
      >
        <label>
          Rows{" "}
          <input
            type="number"
            min={10}
            max={10000}
            value={size}
            onChange={(event) => setSize(Math.round(event.currentTarget.valueAsNumber || 100))}
          />
        </label>
        <button type="submit">{drawn === 0 ? "Draw the sample" : "Draw more"}</button>
        {drawn === 0 ? null : (
          <p>
            <progress max={drawn} value={checked} aria-label="Rows checked" /> {count(checked)} of{" "}
            {count(drawn)} checked
          </p>
        )}
      </form>
      {sample.error_rate ? (
        <p class="verdict-line">
          Wrong labels: <b>{percent(sample.error_rate.estimate, 1)}</b> (
          {percent(sample.error_rate.low, 1)} to {percent(sample.error_rate.high, 1)}),{" "}
          {sample.error_rate.method ?? ""}
        </p>
      ) : null}
      {(sample.rows ?? []).length > 0 ? (
        <Check rows={sample.rows ?? []} done={load} />
      ) : drawn > 0 ? (
        <p class="empty">Every drawn row is checked.</p>
      ) : null}
    </div>
  );
}

function Check({ rows, done }: { rows: Row[]; done: () => void }) {
  const { run, outbox, reviewer } = usePage();
  const [at, setAt] = useState(0);
  const [started, setStarted] = useState(performance.now());
  const [picking, setPicking] = useState(false);
  useEffect(() => {
    setAt(0);
  }, [rows]);
  const row = rows[at];
  const next = (): void => {
    setStarted(performance.now());
    setPicking(false);
    if (at + 1 < rows.length) setAt(at + 1);
    else done();
  };
  const decide = (label: string | null): void => {
    if (row === undefined) return;
    outbox.put({
      row_number: row.row_number,
      reviewer,
      blind: true,
      seconds: Math.round((performance.now() - started) / 10) / 100,
      ...(label === null ? { decision: "unsure" } : { decision: "label", label }),
    });
    next();
  };
  const first = run.classes.slice(0, 9);
  const keys: Keys = { "/": () => setPicking(true), u: () => decide(null) };
  first.forEach((name, index) => {
    keys[String(index + 1)] = () => decide(name);
  });
  useKeys(keys);
  if (row === undefined) return null;
  return (
    <article class="review single" aria-label={`Row ${row.row_number}`}>
      <div class="reading">
        <Content key={row.row_number} row={row} />
      </div>
      <div class="deciding actions" role="group" aria-label="Decide">
        <div class="classes">
          {first.map((name, index) => (
            <button class="class" onClick={() => decide(name)}>
              <kbd>{index + 1}</kbd> <bdi>{name}</bdi>
            </button>
          ))}
          <button class="class" onClick={() => setPicking(true)}>
            <kbd>/</kbd> {run.classes.length > 9 ? `all ${run.classes.length} classes` : "search"}
          </button>
        </div>
        <div class="lesser">
          <button onClick={() => decide(null)}>
            Unsure <kbd>U</kbd>
          </button>
        </div>
      </div>
      {picking ? (
        <ClassPicker
          classes={run.classes}
          notes={run.class_notes}
          choose={decide}
          close={() => setPicking(false)}
        />
      ) : null}
    </article>
  );
}
