// The run's state for all pages: loaded once, again after events and on request.

import { createContext } from "preact";
import { useCallback, useContext, useEffect, useRef, useState } from "preact/hooks";
import { get } from "../api/client";
import type { RunInfo } from "../api/types";
import { on } from "./events";
import type { Outbox } from "./outbox";

export interface Page {
  run: RunInfo;
  reload: () => void;
  reviewer: string;
  setReviewer: (name: string) => void;
  outbox: Outbox;
  blind: boolean;
  setBlind: (blind: boolean) => void;
  say: (message: string, kind?: "info" | "error") => void;
}

export const PageContext = createContext<Page | null>(null);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === null) throw new Error("a page outside its context");
  return page;
}

export function useRun(): { run: RunInfo | null; error: string | null; reload: () => void } {
  const [run, setRun] = useState<RunInfo | null>(null);
  const [error, setError] = useState<string | null>(null);
  const timer = useRef<number | null>(null);
  const load = useCallback(() => {
    get<RunInfo>("/api/run").then(
      (next) => {
        setRun(next);
        setError(null);
      },
      (reason: Error) => setError(reason.message),
    );
  }, []);
  const reload = useCallback(() => {
    if (timer.current !== null) return;
    timer.current = window.setTimeout(() => {
      timer.current = null;
      load();
    }, 500);
  }, [load]);
  useEffect(() => {
    load();
    const ends = [on("decision", reload), on("report", reload)];
    return () => {
      for (const end of ends) end();
    };
  }, [load, reload]);
  return { run, error, reload };
}
