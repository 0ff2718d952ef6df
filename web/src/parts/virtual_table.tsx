// A table over any number of rows: only the rows in view are fetched and drawn. A browser limits
// the height of an element, so above that height the scroll bar's travel is scaled to the rows.

import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

const ROW_HEIGHT = 34;
const MAX_HEIGHT = 8_000_000;
const PAGE = 100;
const KEPT_PAGES = 60;

export interface Column<T> {
  id: string;
  title: string;
  width: number;
  sortable?: boolean;
  show: (row: T) => ComponentChildren;
}

interface Props<T> {
  columns: Column<T>[];
  fetchPage: (
    offset: number,
    limit: number,
    signal: AbortSignal,
  ) => Promise<{ total: number; rows: T[] }>;
  /** Another value means other rows: the table starts again at the top. */
  version: string;
  sort: string;
  descending: boolean;
  sortBy: (column: string) => void;
  pick: (row: T) => void;
  label: string;
}

export function VirtualTable<T>(props: Props<T>) {
  const { columns, fetchPage, version } = props;
  const box = useRef<HTMLDivElement>(null);
  const pages = useRef(new Map<number, T[]>());
  const running = useRef(new Map<number, AbortController>());
  const [total, setTotal] = useState<number | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [, redraw] = useState(0);

  useEffect(() => {
    pages.current = new Map();
    for (const request of running.current.values()) request.abort();
    running.current = new Map();
    setTotal(null);
    setError(null);
    if (box.current) box.current.scrollTop = 0;
    setView((old) => ({ ...old, top: 0 }));
    load(0);
  }, [version]);

  const load = useCallback(
    (page: number) => {
      if (pages.current.has(page) || running.current.has(page)) return;
      const request = new AbortController();
      running.current.set(page, request);
      fetchPage(page * PAGE, PAGE, request.signal).then(
        (answer) => {
          running.current.delete(page);
          if (request.signal.aborted) return;
          pages.current.set(page, answer.rows);
          for (const old of pages.current.keys()) {
            if (pages.current.size <= KEPT_PAGES) break;
            if (old !== page) pages.current.delete(old);
          }
          setTotal(answer.total);
          redraw((n) => n + 1);
        },
        (reason: Error) => {
          running.current.delete(page);
          if (!request.signal.aborted) setError(reason.message);
        },
      );
    },
    [fetchPage],
  );

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = (): void => setView({ top: element.scrollTop, height: element.clientHeight });
    measure();
    const watcher = new ResizeObserver(measure);
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);

  const rows = total ?? 0;
  const full = rows * ROW_HEIGHT;
  const height = Math.min(full, MAX_HEIGHT);
  const visible = Math.ceil(view.height / ROW_HEIGHT) + 1;
  const travel = Math.max(height - view.height, 1);
  const first =
    full <= MAX_HEIGHT
      ? Math.floor(view.top / ROW_HEIGHT)
      : Math.round((view.top / travel) * Math.max(rows - visible + 1, 0));
  const last = Math.min(first + visible, rows);
  useEffect(() => {
    for (
      let page = Math.floor(first / PAGE);
      page <= Math.floor(Math.max(last - 1, first) / PAGE);
      page++
    )
      load(page);
  }, [first, last, load, version]);

  const offset =
    full <= MAX_HEIGHT
      ? first * ROW_HEIGHT
      : Math.min(view.top, Math.max(height - visible * ROW_HEIGHT, 0));
  const template = columns.map((column) => `${column.width}px`).join(" ");
  const width = columns.reduce((sum, column) => sum + column.width, 0);
  const drawn: number[] = [];
  for (let at = first; at < last; at++) drawn.push(at);
  return (
    <div
      class="grid"
      ref={box}
      role="table"
      aria-label={props.label}
      aria-rowcount={rows + 1}
      tabIndex={0}
      onScroll={(event) =>
        setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })
      }
    >
      <div
        class="grid-head"
        role="row"
        aria-rowindex={1}
        style={{ gridTemplateColumns: template, minWidth: `${width}px` }}
      >
        {columns.map((column) => (
          <Head column={column} {...props} />
        ))}
      </div>
      {error === null ? null : (
        <p class="empty" role="alert">
          {error}
        </p>
      )}
      {total === 0 ? <p class="empty">No row matches.</p> : null}
      <div
        class="grid-body"
        role="rowgroup"
        style={{ height: `${height}px`, minWidth: `${width}px` }}
      >
        <div class="grid-view" role="presentation" style={{ transform: `translateY(${offset}px)` }}>
          {drawn.map((at) => {
            const row = pages.current.get(Math.floor(at / PAGE))?.[at % PAGE];
            return (
              <div
                class="grid-row"
                role="row"
                aria-rowindex={at + 2}
                style={{ gridTemplateColumns: template }}
                onClick={() => {
                  if (row !== undefined) props.pick(row);
                }}
              >
                {columns.map((column) => (
                  <div role="cell">{row === undefined ? "…" : column.show(row)}</div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function Head<T>({ column, sort, descending, sortBy }: Props<T> & { column: Column<T> }) {
  const sorted = sort === column.id ? (descending ? "descending" : "ascending") : undefined;
  if (!column.sortable) return <div role="columnheader">{column.title}</div>;
  return (
    <div role="columnheader" aria-sort={sorted}>
      <button class="quiet" onClick={() => sortBy(column.id)}>
        {column.title}
        {sorted === undefined ? "" : descending ? " ▾" : " ▴"}
      </button>
    </div>
  );
}
