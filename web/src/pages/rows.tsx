// All rows: search, sort, filter, choose columns; a click opens the row whole.

import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { get, query } from "../api/client";
import type { Filter, Row, RowDetail, RowsPage } from "../api/types";
import { ClassPicker } from "../parts/class_picker";
import { Dialog } from "../parts/dialog";
import { count, percent } from "../parts/figures";
import { FilterBar } from "../parts/filter_bar";
import { Content, Labels, Nearby, Why } from "../parts/row_card";
import { VirtualTable, type Column } from "../parts/virtual_table";
import { usePage } from "../state/run";
import { useSetting } from "../state/settings";

const tag = (name: string | null | undefined) => (name ? <bdi class="tag">{name}</bdi> : "");

function content(row: Row): string {
  if (row.features)
    return Object.entries(row.features)
      .map(([name, value]) => `${name}: ${String(value)}`)
      .join(", ");
  return row.text ?? "";
}

const COLUMNS: Column<Row>[] = [
  { id: "row_number", title: "Row", width: 80, sortable: true, show: (row) => row.row_number },
  { id: "row_id", title: "Id", width: 110, show: (row) => <bdi>{String(row.row_id ?? "")}</bdi> },
  {
    id: "text",
    title: "Content",
    width: 420,
    show: (row) => <span dir="auto">{content(row).slice(0, 160)}</span>,
  },
  { id: "label", title: "Given", width: 130, sortable: true, show: (row) => tag(row.label) },
  {
    id: "suggested_label",
    title: "Suggested",
    width: 130,
    sortable: true,
    show: (row) => (row.suggested_label === row.label ? "" : tag(row.suggested_label)),
  },
  {
    id: "p_correct",
    title: "Label right",
    width: 100,
    sortable: true,
    show: (row) => percent(row.p_correct),
  },
  {
    id: "review_action",
    title: "Action",
    width: 130,
    sortable: true,
    show: (row) => row.review_action ?? "",
  },
  {
    id: "decided_label",
    title: "Decided",
    width: 130,
    sortable: true,
    show: (row) => tag(row.decided_label),
  },
  {
    id: "trust_score",
    title: "Trust score",
    width: 100,
    sortable: true,
    show: (row) => row.trust_score?.toFixed(2) ?? "",
  },
  {
    id: "self_confidence",
    title: "Self-confidence",
    width: 120,
    sortable: true,
    show: (row) => row.self_confidence?.toFixed(3) ?? "",
  },
  {
    id: "predicted_label",
    title: "Predicted",
    width: 130,
    sortable: true,
    show: (row) => tag(row.predicted_label),
  },
  {
    id: "provenance",
    title: "Findings",
    width: 200,
    show: (row) => (row.provenance ?? []).join(", "),
  },
  { id: "verdict", title: "Judge", width: 90, sortable: true, show: (row) => row.verdict ?? "" },
  {
    id: "loss_percentile",
    title: "Loss",
    width: 90,
    sortable: true,
    show: (row) => percent(row.loss_percentile),
  },
  {
    id: "annotator",
    title: "Annotator",
    width: 120,
    sortable: true,
    show: (row) => <bdi>{row.annotator ?? ""}</bdi>,
  },
  {
    id: "source_file",
    title: "File",
    width: 160,
    show: (row) => <bdi>{row.source_file ?? ""}</bdi>,
  },
];

const SHOWN = [
  "row_number",
  "text",
  "label",
  "suggested_label",
  "p_correct",
  "review_action",
  "decided_label",
];

export function Rows() {
  const { run } = usePage();
  const [filter, setFilter] = useSetting<Filter>(`rows:${run.name}`, {});
  const [sort, setSort] = useSetting(`sort:${run.name}`, { by: "p_correct", descending: false });
  const [shown, setShown] = useSetting<string[]>("columns", SHOWN);
  const [picked, setPicked] = useState<Row | null>(null);
  const [choosing, setChoosing] = useState(false);
  const available = useMemo(
    () =>
      COLUMNS.filter(
        (column) => ["text", "row_number"].includes(column.id) || run.columns.includes(column.id),
      ),
    [run.columns],
  );
  const columns = available.filter((column) => shown.includes(column.id));
  const version = JSON.stringify([filter, sort]);
  const fetchPage = useCallback(
    (offset: number, limit: number, signal: AbortSignal) =>
      get<RowsPage>(
        `/api/rows${query({ offset, limit, sort: sort.by, desc: sort.descending ? 1 : 0, ...filter })}`,
        signal,
      ),
    [version],
  );
  return (
    <div class="rows">
      <h1>
        Rows <small>{count(run.rows)}</small>
      </h1>
      <div class="toolbar">
        <FilterBar
          filter={filter}
          change={setFilter}
          fields={[
            "q",
            "action",
            "label",
            "suggested",
            "predicted",
            "finding",
            "annotator",
            "split",
            "group",
            "source_file",
            "decided",
          ]}
        />
        <button onClick={() => setChoosing(true)}>Columns</button>
      </div>
      <VirtualTable
        label="Rows"
        columns={columns}
        fetchPage={fetchPage}
        version={version}
        sort={sort.by}
        descending={sort.descending}
        pick={setPicked}
        sortBy={(by) => setSort({ by, descending: sort.by === by ? !sort.descending : false })}
      />
      {choosing ? (
        <Dialog title="Columns" close={() => setChoosing(false)}>
          {available.map((column) => (
            <label class="check block">
              <input
                type="checkbox"
                checked={shown.includes(column.id)}
                onChange={(event) =>
                  setShown(
                    event.currentTarget.checked
                      ? [...shown, column.id]
                      : shown.filter((id) => id !== column.id),
                  )
                }
              />{" "}
              {column.title}
            </label>
          ))}
        </Dialog>
      ) : null}
      {picked === null ? null : <RowDialog row={picked} close={() => setPicked(null)} />}
    </div>
  );
}

export function RowDialog({ row, close }: { row: Row; close: () => void }) {
  const { run, outbox, reviewer, say } = usePage();
  const [detail, setDetail] = useState<RowDetail | null>(null);
  const [picking, setPicking] = useState(false);
  useEffect(() => {
    get<RowDetail>(`/api/rows/${row.row_number}`).then(setDetail, (reason: Error) =>
      say(reason.message, "error"),
    );
  }, [row.row_number]);
  const shown = detail ?? (row as RowDetail);
  const decide = (label: string): void => {
    outbox.put({
      row_number: row.row_number,
      decision: "label",
      label,
      reviewer,
      seconds: 0,
      blind: false,
    });
    say(`Row ${row.row_number}: ${label}`);
    close();
  };
  if (picking) {
    return (
      <ClassPicker
        classes={run.classes}
        notes={run.class_notes}
        choose={decide}
        close={() => setPicking(false)}
      />
    );
  }
  const suggested = shown.suggested_label;
  return (
    <Dialog title={`Row ${row.row_number}`} close={close} wide>
      <Content row={shown} />
      <Labels row={shown} />
      <div class="lesser">
        {suggested && suggested !== shown.label ? (
          <button class="main" onClick={() => decide(suggested)}>
            Accept <bdi>{suggested}</bdi>
          </button>
        ) : null}
        {shown.label ? (
          <button onClick={() => decide(shown.label as string)}>
            Keep <bdi>{shown.label}</bdi>
          </button>
        ) : null}
        <button onClick={() => setPicking(true)}>Another class</button>
      </div>
      <Why row={shown} />
      <Nearby row={shown} />
      {(detail?.decisions ?? []).length === 0 ? null : (
        <section>
          <h3>Decisions</h3>
          <ul>
            {detail?.decisions?.map((one) => (
              <li>
                <bdi>{one.reviewer}</bdi>:{" "}
                {one.decision === "unsure" ? "unsure" : <bdi class="tag">{one.label}</bdi>}
                {one.undone ? " (taken back)" : ""} {one.at ?? ""}
              </li>
            ))}
          </ul>
        </section>
      )}
    </Dialog>
  );
}
