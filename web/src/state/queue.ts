// The rows that wait for this reviewer: leased from the server a batch at a time, the whole of the
// next few rows fetched ahead, so that the next one is there before the key is up.

import { useCallback, useEffect, useReducer, useRef, useState } from "preact/hooks";
import { get, post } from "../api/client";
import type { Filter, NewDecision, Order, QueueBatch, Row, RowDetail } from "../api/types";
import { usePage } from "./run";

const BATCH = 20;
const AHEAD = 3;
const LOW = 6;

export interface QueueState {
  row: Row | null;
  detail: RowDetail | null;
  empty: boolean;
  loading: boolean;
  decidedHere: number;
  pace: Pace;
  decide: (decision: "label" | "unsure", label: string | null, note?: string) => void;
  skip: () => void;
  undo: () => void;
}

export interface Pace {
  perMinute: number | null;
}

/** Rows per minute of the last decisions; a pause of over five minutes is no work. */
export function paceOf(times: readonly number[]): Pace {
  let seconds = 0;
  let rows = 0;
  for (let i = Math.max(1, times.length - 30); i < times.length; i++) {
    const gap = ((times[i] as number) - (times[i - 1] as number)) / 1000;
    if (gap < 300) {
      seconds += gap;
      rows += 1;
    }
  }
  return { perMinute: rows >= 3 && seconds > 0 ? (rows * 60) / seconds : null };
}

export function useQueue(filter: Filter, order: Order): QueueState {
  const page = usePage();
  const { reviewer, outbox, say, blind } = page;
  // The list itself lies outside the state: a key may come before the next drawing, and must find
  // what the key before it left.
  const list = useRef<Row[]>([]);
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const setRows = useCallback((next: Row[]) => {
    list.current = next;
    redraw(undefined);
  }, []);
  const rows = list.current;
  const [ended, setEnded] = useState(false);
  const [loading, setLoading] = useState(true);
  const [details, setDetails] = useState<ReadonlyMap<number, RowDetail>>(new Map());
  const [times, setTimes] = useState<number[]>([]);
  const seen = useRef(new Set<number>());
  const asked = useRef(new Set<number>());
  const asking = useRef(false);
  const shownAt = useRef(performance.now());
  const key = JSON.stringify([reviewer, order, filter]);
  const latestKey = useRef(key);

  const refill = useCallback(
    async (renew: boolean) => {
      if (asking.current) return;
      asking.current = true;
      setLoading(true);
      try {
        const batch = await post<QueueBatch>("/api/queue", {
          reviewer,
          count: BATCH,
          order,
          filter,
          renew,
        });
        if (latestKey.current !== key) return;
        const fresh = batch.rows.filter((row) => !seen.current.has(row.row_number));
        for (const row of fresh) seen.current.add(row.row_number);
        setRows([...list.current, ...fresh]);
        setEnded(fresh.length === 0);
      } catch (error) {
        say((error as Error).message, "error");
        setEnded(true);
      } finally {
        if (latestKey.current === key) {
          asking.current = false;
          setLoading(false);
        }
      }
    },
    [key],
  );

  useEffect(() => {
    latestKey.current = key;
    seen.current = new Set();
    asking.current = false;
    setRows([]);
    setEnded(false);
    void refill(true); // rows that an earlier visit left leased come first
  }, [key, refill]);

  useEffect(() => {
    if (rows.length < LOW && !ended && !loading) void refill(false);
    for (const row of rows.slice(0, AHEAD)) {
      if (asked.current.has(row.row_number)) continue;
      asked.current.add(row.row_number);
      get<RowDetail>(`/api/rows/${row.row_number}`).then(
        (detail) => setDetails((known) => new Map(known).set(row.row_number, detail)),
        () => asked.current.delete(row.row_number),
      );
    }
  }, [rows, ended, loading, refill]);

  const row = rows[0] ?? null;
  useEffect(() => {
    shownAt.current = performance.now();
  }, [row?.row_number]);

  const decide = useCallback(
    (decision: "label" | "unsure", label: string | null, note?: string) => {
      if (row === null || list.current[0] !== row) return; // not the row that is on the screen
      const sent: NewDecision = {
        row_number: row.row_number,
        decision,
        reviewer,
        blind,
        seconds: Math.round((performance.now() - shownAt.current) / 10) / 100,
        ...(label === null ? {} : { label }),
        ...(note ? { note } : {}),
      };
      outbox.put(sent);
      setTimes((known) => [...known, Date.now()]);
      setRows(list.current.slice(1));
    },
    [row, reviewer, blind, outbox],
  );

  const skip = useCallback(() => {
    const [first, ...others] = list.current;
    if (first !== undefined && others.length > 0) setRows([...others, first]);
  }, []);

  const undo = useCallback(() => {
    void (async () => {
      await outbox.drained();
      try {
        const { row_number: number } = await post<{ row_number: number }>("/api/undo", {
          reviewer,
        });
        const detail = await get<RowDetail>(`/api/rows/${number}`);
        asked.current.add(number);
        seen.current.add(number);
        setDetails((known) => new Map(known).set(number, detail));
        setTimes((known) => known.slice(0, -1));
        setRows([detail, ...list.current.filter((other) => other.row_number !== number)]);
        say(`Row ${number}: the decision is taken back.`);
      } catch (error) {
        say((error as Error).message, "error");
      }
    })();
  }, [outbox, reviewer, say]);

  return {
    row,
    loading,
    decide,
    skip,
    undo,
    detail: row === null ? null : (details.get(row.row_number) ?? null),
    empty: rows.length === 0 && ended && !loading,
    decidedHere: times.length,
    pace: paceOf(times),
  };
}
