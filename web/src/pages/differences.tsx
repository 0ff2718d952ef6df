// Rows on which reviewers differ, and the last word on each.

import { useCallback, useEffect, useState } from "preact/hooks";
import { get } from "../api/client";
import type { Decision, Estimate, Row } from "../api/types";
import { ClassPicker } from "../parts/class_picker";
import { percent } from "../parts/figures";
import { Content } from "../parts/row_card";
import { usePage } from "../state/run";

interface Disagreement extends Row {
  decisions: Decision[];
}

interface Answer {
  rows: Disagreement[];
  compared?: number;
  kappa?: Estimate | null;
  agreement?: Estimate | null;
}

export function Differences() {
  const { outbox, reviewer, run, say } = usePage();
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [picking, setPicking] = useState<number | null>(null);
  const load = useCallback(() => {
    get<Answer>("/api/disagreements").then(setAnswer, (reason: Error) =>
      say(reason.message, "error"),
    );
  }, [say]);
  useEffect(load, [load]);
  const decide = (row: number, label: string): void => {
    outbox.put({
      row_number: row,
      decision: "label",
      label,
      reviewer,
      seconds: 0,
      blind: false,
      adjudicates: true,
    });
    setPicking(null);
    void outbox.drained().then(load);
  };
  if (answer === null)
    return (
      <p class="empty" role="status">
        Fetching rows …
      </p>
    );
  return (
    <div class="differences">
      <h1>Differences</h1>
      <Agreement answer={answer} />
      {answer.rows.length === 0 ? <p class="empty">Reviewers differ on no row.</p> : null}
      <ol class="cards">
        {answer.rows.map((row) => (
          <li class="card" key={row.row_number}>
            <p class="where">
              Row {row.row_number}, given <bdi class="tag given">{row.label}</bdi>
            </p>
            <Content row={row} />
            <div class="lesser">
              {row.decisions
                .filter((one) => one.label)
                .map((one) => (
                  <button onClick={() => decide(row.row_number, one.label as string)}>
                    <bdi>{one.reviewer}</bdi>: <bdi>{one.label}</bdi>
                  </button>
                ))}
              <button onClick={() => setPicking(row.row_number)}>Another class</button>
            </div>
          </li>
        ))}
      </ol>
      {picking === null ? null : (
        <ClassPicker
          classes={run.classes}
          notes={run.class_notes}
          close={() => setPicking(null)}
          choose={(name) => decide(picking, name)}
        />
      )}
    </div>
  );
}

function Agreement({ answer }: { answer: Answer }) {
  const { agreement } = answer;
  // Of a few rows kappa says nothing; its large-sample interval even less.
  const kappa = (agreement?.n ?? 0) >= 20 ? answer.kappa : null;
  if (!agreement && !kappa)
    return (
      <p>
        No row has been decided by two reviewers yet. Start labelqa review with --second-review .1
        to have a tenth decided twice.
      </p>
    );
  return (
    <p>
      {agreement ? (
        <>
          Reviewers agree on {percent(agreement.estimate)} ({percent(agreement.low)} to{" "}
          {percent(agreement.high)}) of the rows decided twice.{" "}
        </>
      ) : null}
      {kappa ? (
        <>
          Cohen's kappa is {kappa.estimate.toFixed(2)} ({kappa.low.toFixed(2)} to{" "}
          {kappa.high.toFixed(2)}).
        </>
      ) : null}
    </p>
  );
}
