// One row at a time, by keyboard. Every action shows its key.

import { useMemo, useState } from "preact/hooks";
import type { Filter, Order, RowDetail } from "../api/types";
import { ClassPicker } from "../parts/class_picker";
import { Dialog } from "../parts/dialog";
import { duration } from "../parts/figures";
import { FilterBar } from "../parts/filter_bar";
import { useKeys, type Keys } from "../parts/keys";
import { Content, Labels, Nearby, Why } from "../parts/row_card";
import { useQueue, type QueueState } from "../state/queue";
import { usePage } from "../state/run";
import { useSetting } from "../state/settings";

const NUMBERED = 9;

/** The classes on keys 1 to 9: the first nine; with more classes those that the row suggests lead. */
function numbered(classes: readonly string[], row: RowDetail | null, blind: boolean): string[] {
  if (classes.length <= NUMBERED || row === null || blind) return classes.slice(0, NUMBERED);
  const likely = [
    row.suggested_label,
    row.corrected_label,
    row.predicted_label,
    row.label,
    ...(row.nearest ?? []).map((other) => other.label),
  ];
  const first = likely.filter(
    (name): name is string => typeof name === "string" && classes.includes(name),
  );
  return [...new Set([...first, ...classes])].slice(0, NUMBERED);
}

export function Queue() {
  const { run, blind } = usePage();
  const [filter, setFilter] = useSetting<Filter>(`filter:${run.name}`, {});
  const [order, setOrder] = useSetting<Order>(`order:${run.name}`, "trust");
  const queue = useQueue(filter, order);
  return (
    <div class="queue">
      <h1 class="hidden">Queue</h1>
      <QueueBar
        filter={filter}
        setFilter={setFilter}
        order={order}
        setOrder={setOrder}
        queue={queue}
      />
      {queue.row === null ? (
        <Nothing
          queue={queue}
          filtered={Object.keys(filter).length > 0}
          clear={() => setFilter({})}
        />
      ) : (
        <Review key={queue.row.row_number} queue={queue} blind={blind} />
      )}
    </div>
  );
}

interface BarProps {
  filter: Filter;
  setFilter: (filter: Filter) => void;
  order: Order;
  setOrder: (order: Order) => void;
  queue: QueueState;
}

function QueueBar({ filter, setFilter, order, setOrder, queue }: BarProps) {
  const { run, blind, setBlind } = usePage();
  const left = run.progress.to_review;
  const pace = queue.pace.perMinute;
  return (
    <div class="toolbar">
      <label>
        Order{" "}
        <select value={order} onChange={(event) => setOrder(event.currentTarget.value as Order)}>
          <option value="trust">most doubtful first</option>
          <option value="value">most useful first</option>
          <option value="random">random</option>
        </select>
      </label>
      <FilterBar
        filter={filter}
        change={setFilter}
        fields={["label", "suggested", "finding", "annotator", "split", "group", "source_file"]}
      />
      <label class="check" title="Hide the given and the suggested label">
        <input
          type="checkbox"
          checked={blind}
          disabled={run.blind === true}
          onChange={(event) => setBlind(event.currentTarget.checked)}
        />{" "}
        Blind
      </label>
      <p class="pace" aria-label="Pace">
        <span>{queue.decidedHere} decided here</span>
        {pace === null ? null : (
          <span>
            {pace.toFixed(0)} rows a minute, {duration((left / pace) * 60)} left
          </span>
        )}
      </p>
    </div>
  );
}

function Nothing({
  queue,
  filtered,
  clear,
}: {
  queue: QueueState;
  filtered: boolean;
  clear: () => void;
}) {
  useKeys({ z: queue.undo });
  if (!queue.empty)
    return (
      <p class="empty" role="status">
        Fetching rows …
      </p>
    );
  return (
    <div class="empty">
      <h2>No row waits for you</h2>
      <p>Every row in this order and filter is decided, or leased to another reviewer.</p>
      {filtered ? <button onClick={clear}>Remove the filter</button> : null}{" "}
      <button onClick={queue.undo}>
        Undo the last decision <kbd>Z</kbd>
      </button>
    </div>
  );
}

type Open = "picker" | "note" | "help" | "guidelines" | null;

function Review({ queue, blind }: { queue: QueueState; blind: boolean }) {
  const { run } = usePage();
  const [open, setOpen] = useState<Open>(null);
  const [note, setNote] = useState("");
  const row = (queue.detail ?? queue.row) as RowDetail;
  const onKeys = useMemo(
    () => numbered(run.classes, queue.detail ?? queue.row, blind),
    [queue.detail, blind],
  );
  const label = (name: string | null): void => {
    if (name === null) setOpen("picker");
    else queue.decide("label", name, note);
  };
  const keys: Keys = {
    u: () => queue.decide("unsure", null, note),
    s: queue.skip,
    z: queue.undo,
    n: () => setOpen("note"),
    g: () => setOpen("guidelines"),
    "/": () => setOpen("picker"),
    "?": () => setOpen("help"),
  };
  if (!blind) {
    keys["Enter"] = () => label(row.suggested_label ?? row.label);
    keys["k"] = () => label(row.label);
  }
  onKeys.forEach((name, index) => {
    keys[String(index + 1)] = () => label(name);
  });
  useKeys(keys);
  return (
    <article class="review" aria-label={`Row ${row.row_number}`}>
      <div class="reading">
        <p class="where">
          <span>Row {row.row_number}</span>
          {row.row_id === undefined ? null : (
            <span>
              id <bdi>{String(row.row_id)}</bdi>
            </span>
          )}
          {row.source_file ? (
            <span>
              <bdi>{row.source_file}</bdi>
            </span>
          ) : null}
          {row.annotator ? (
            <span>
              labelled by <bdi>{row.annotator}</bdi>
            </span>
          ) : null}
        </p>
        <Content row={row} />
        {note === "" ? null : <p class="note">Note: {note}</p>}
      </div>
      <div class="deciding">
        {blind ? <p class="hint">Blind: labels and evidence are hidden.</p> : <Labels row={row} />}
        <Actions
          queue={queue}
          row={row}
          blind={blind}
          onKeys={onKeys}
          label={label}
          open={setOpen}
          note={note}
        />
        {blind ? null : <Why row={row} />}
      </div>
      {blind ? null : <Nearby row={row} />}
      {open === "picker" ? (
        <ClassPicker
          classes={run.classes}
          notes={run.class_notes}
          close={() => setOpen(null)}
          choose={(name) => {
            setOpen(null);
            label(name);
          }}
        />
      ) : null}
      {open === "note" ? (
        <Note
          note={note}
          keep={(text) => {
            setNote(text);
            setOpen(null);
          }}
          close={() => setOpen(null)}
        />
      ) : null}
      {open === "help" ? <Help close={() => setOpen(null)} blind={blind} /> : null}
      {open === "guidelines" ? <Guidelines close={() => setOpen(null)} /> : null}
    </article>
  );
}

interface ActionProps {
  queue: QueueState;
  row: RowDetail;
  blind: boolean;
  onKeys: string[];
  note: string;
  label: (name: string | null) => void;
  open: (what: Open) => void;
}

function Actions({ queue, row, blind, onKeys, label, open, note }: ActionProps) {
  const { run } = usePage();
  const suggested = row.suggested_label ?? row.label;
  return (
    <div class="actions" role="group" aria-label="Decide">
      {blind ? null : (
        <>
          <button class="main" onClick={() => label(suggested)}>
            {suggested === row.label ? "Keep" : "Accept"} <bdi>{suggested ?? "…"}</bdi>{" "}
            <kbd>Enter</kbd>
          </button>
          {suggested === row.label || row.label === null ? null : (
            <button onClick={() => label(row.label)}>
              Keep <bdi>{row.label}</bdi> <kbd>K</kbd>
            </button>
          )}
        </>
      )}
      <div class="classes">
        {onKeys.map((name, index) => (
          <button class="class" onClick={() => label(name)} title={run.class_notes?.[name] ?? name}>
            <kbd>{index + 1}</kbd> <bdi>{name}</bdi>
          </button>
        ))}
        <button class="class" onClick={() => open("picker")}>
          <kbd>/</kbd>{" "}
          {run.classes.length > NUMBERED ? `all ${run.classes.length} classes` : "search"}
        </button>
      </div>
      <div class="lesser">
        <button onClick={() => queue.decide("unsure", null, note)}>
          Unsure <kbd>U</kbd>
        </button>
        <button onClick={queue.skip}>
          Skip <kbd>S</kbd>
        </button>
        <button onClick={queue.undo}>
          Undo <kbd>Z</kbd>
        </button>
        <button onClick={() => open("note")}>
          Note <kbd>N</kbd>
        </button>
        {run.guidelines ? (
          <button onClick={() => open("guidelines")}>
            Guidelines <kbd>G</kbd>
          </button>
        ) : null}
        <button onClick={() => open("help")} aria-label="Help">
          Help <kbd>?</kbd>
        </button>
      </div>
    </div>
  );
}

function Note({
  note,
  keep,
  close,
}: {
  note: string;
  keep: (text: string) => void;
  close: () => void;
}) {
  const [text, setText] = useState(note);
  return (
    <Dialog title="Note on this row" close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          keep(text.trim());
        }}
      >
        <textarea
          rows={4}
          maxLength={2000}
          autoFocus
          value={text}
          aria-label="Note"
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey) {
              event.preventDefault();
              keep(text.trim());
            }
          }}
        />
        <p class="hint">
          Kept with the decision that follows. Enter keeps it, Shift and Enter start a new line.
        </p>
        <button class="main" type="submit">
          Keep the note
        </button>
      </form>
    </Dialog>
  );
}

function Guidelines({ close }: { close: () => void }) {
  const { run } = usePage();
  const notes = Object.entries(run.class_notes ?? {});
  return (
    <Dialog title="Guidelines" close={close} wide>
      <div class="guidelines" tabIndex={0}>
        {run.guidelines ??
          "There are no guidelines. Start labelqa review with --guidelines FILE.md to show them here."}
      </div>
      {notes.length === 0 ? null : (
        <dl class="fields">
          {notes.map(([name, text]) => (
            <div>
              <dt>
                <bdi>{name}</bdi>
              </dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      )}
    </Dialog>
  );
}

function Help({ close, blind }: { close: () => void; blind: boolean }) {
  const lines: [string, string][] = [
    ...(blind
      ? []
      : ([
          ["Enter", "accept the suggested label"],
          ["K", "keep the given label"],
        ] as [string, string][])),
    ["1 … 9", "the class on that button"],
    ["/", "search all classes: type a few letters, then Enter"],
    ["U", "unsure: the row stays in review, for someone else"],
    ["S", "skip: the row comes again later"],
    ["Z", "take the last decision back"],
    ["N", "write a note that is kept with the decision"],
    ["G", "guidelines"],
    ["?", "this list"],
    ["Esc", "close a window"],
  ];
  return (
    <Dialog title="Keys" close={close}>
      <table class="keys">
        <tbody>
          {lines.map(([key, what]) => (
            <tr>
              <th scope="row">
                <kbd>{key}</kbd>
              </th>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Dialog>
  );
}
