// One row as a person reads it: content, labels, why it is in doubt, what lies near it. All texts
// are set as text nodes, so markup in them stays text; <bdi> and dir="auto" keep right-to-left right.

import { useState } from "preact/hooks";
import type { Row, RowDetail, Similar } from "../api/types";
import { percent } from "./figures";

export function Content({ row }: { row: Row }) {
  const [whole, setWhole] = useState(false);
  if (row.features && Object.keys(row.features).length > 0) return <Fields fields={row.features} />;
  const text = row.text ?? "";
  if (text === "") return <p class="empty">This row has no content.</p>;
  const long = text.length > 20000 && !whole;
  return (
    <div class="content" dir="auto" tabIndex={0} role="group" aria-label="Content of the row">
      {long ? `${text.slice(0, 20000)} …` : text}
      {long ? (
        <button class="quiet" onClick={() => setWhole(true)}>
          show all of it
        </button>
      ) : null}
    </div>
  );
}

function Fields({ fields }: { fields: Record<string, unknown> }) {
  return (
    <dl class="fields">
      {Object.entries(fields).map(([name, value]) => (
        <div>
          <dt>
            <bdi>{name}</bdi>
          </dt>
          <dd dir="auto">{value === null || value === undefined ? <i>empty</i> : String(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Labels({ row }: { row: Row }) {
  const suggested = row.suggested_label ?? row.label;
  const differs = suggested !== row.label;
  return (
    <div class="labels">
      <p>
        <span class="kind">Given</span> <bdi class="tag given">{row.label ?? "no label"}</bdi>
      </p>
      {differs ? (
        <p>
          <span class="kind">Suggested</span> <bdi class="tag suggested">{suggested}</bdi>
        </p>
      ) : (
        <p>
          <span class="kind">Suggested</span> <span class="same">the given label</span>
        </p>
      )}
      {row.p_correct === null || row.p_correct === undefined ? null : (
        <p>
          <span class="kind">Label right</span> <b>{percent(row.p_correct)}</b>
        </p>
      )}
      {row.decided_label ? (
        <p>
          <span class="kind">Decided</span> <bdi class="tag decided">{row.decided_label}</bdi> by{" "}
          <bdi>{row.decided_by}</bdi>
        </p>
      ) : null}
    </div>
  );
}

const SOURCES: Record<string, string> = {
  all: "all together",
  model: "model",
  duplicates: "duplicates",
  neighbours: "neighbours",
  judge: "judge",
  structure: "structure",
  losses: "losses",
};

const NEAREST_SHOWN = 5;

export function Why({ row }: { row: RowDetail }) {
  const bars = row.evidence ?? [];
  const reasons = row.reasons ?? [];
  return (
    <section class="why" aria-label="Why this row">
      <h3>Why</h3>
      {bars.length === 0 ? null : (
        <table class="evidence">
          <caption>How strongly each source speaks against the given label</caption>
          <tbody>
            {bars.map((bar) => (
              <tr>
                <th scope="row">{SOURCES[bar.source] ?? bar.source}</th>
                <td>
                  <Bar value={bar.value ?? null} />
                </td>
                <td>
                  {bar.label ? <bdi class="tag">{bar.label}</bdi> : null}{" "}
                  <span dir="auto">{bar.text ?? ""}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {reasons.length === 0 ? null : (
        <ul>
          {reasons.map((reason) => (
            <li dir="auto">{reason}</li>
          ))}
        </ul>
      )}
      {(row.verdicts ?? []).map((verdict) => (
        <p class="verdict">
          <b>
            <bdi>{verdict.model ?? "judge"}</bdi>
          </b>
          : {verdict.verdict}
          {verdict.corrected_label ? (
            <>
              {" "}
              → <bdi class="tag">{verdict.corrected_label}</bdi>
            </>
          ) : null}
          {verdict.reply ? <q dir="auto">{verdict.reply}</q> : null}
        </p>
      ))}
    </section>
  );
}

function Bar({ value }: { value: number | null }) {
  if (value === null || Number.isNaN(value)) return null;
  const width = Math.max(0, Math.min(1, value)) * 100;
  return (
    <svg
      class="bar"
      viewBox="0 0 100 8"
      preserveAspectRatio="none"
      role="img"
      aria-label={percent(value)}
    >
      <rect width="100" height="8" class="bar-back" />
      <rect width={width} height="8" class="bar-fill" />
    </svg>
  );
}

export function Nearby({ row }: { row: RowDetail }) {
  const equal = row.equal ?? [];
  const nearest = row.nearest ?? [];
  if (equal.length === 0 && nearest.length === 0) return null;
  return (
    <section class="nearby">
      {equal.length === 0 ? null : (
        <>
          <h3>Equal content</h3>
          <List rows={equal} given={row.label} />
        </>
      )}
      {nearest.length === 0 ? null : (
        <>
          <h3>Nearest rows</h3>
          <List rows={nearest.slice(0, NEAREST_SHOWN)} given={row.label} />
        </>
      )}
    </section>
  );
}

function List({ rows, given }: { rows: Similar[]; given: string | null }) {
  return (
    <ul class="similar">
      {rows.map((other) => (
        <li>
          <bdi class={other.label === given ? "tag" : "tag suggested"}>
            {other.label ?? "no label"}
          </bdi>{" "}
          <span class="number">row {other.row_number}</span>{" "}
          <span class="excerpt" dir="auto">
            {(other.text ?? "").slice(0, 160)}
          </span>
        </li>
      ))}
    </ul>
  );
}
