// Start: the run is loaded, then the page named after "#/" is shown. The page keeps no history of
// its own; the address carries the page, the browser's storage the settings.

import { render } from "preact";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { Frame } from "./parts/frame";
import { Overview } from "./pages/overview";
import { Queue } from "./pages/queue";
import { Batch } from "./pages/batch";
import { Rows } from "./pages/rows";
import { Judge } from "./pages/judge";
import { SpotCheck } from "./pages/spot_check";
import { Differences } from "./pages/differences";
import { Versions } from "./pages/versions";
import { Outbox } from "./state/outbox";
import { PageContext, useRun, type Page } from "./state/run";
import { useSetting } from "./state/settings";
import "./style.css";

export const PAGES = [
  { id: "overview", title: "Overview", show: Overview },
  { id: "queue", title: "Queue", show: Queue },
  { id: "batch", title: "Batch", show: Batch },
  { id: "rows", title: "Rows", show: Rows },
  { id: "judge", title: "Judge", show: Judge },
  { id: "spot-check", title: "Spot check", show: SpotCheck },
  { id: "differences", title: "Differences", show: Differences },
  { id: "versions", title: "Versions", show: Versions },
] as const;

function pageFromAddress(): string {
  const name = location.hash.replace(/^#\/?/, "").split("?")[0] ?? "";
  return PAGES.some((page) => page.id === name) ? name : "overview";
}

function useAddress(): string {
  const [page, setPage] = useState(pageFromAddress);
  useEffect(() => {
    const changed = (): void => setPage(pageFromAddress());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return page;
}

function App() {
  const { run, error, reload } = useRun();
  const name = useAddress();
  const key = run?.name ?? "";
  const [reviewer, setReviewer] = useSetting("reviewer", "");
  const [blind, setBlind] = useSetting("blind", false);
  const [message, setMessage] = useState<{ text: string; kind: "info" | "error" } | null>(null);
  const outbox = useMemo(() => new Outbox(`labelqa:outbox:${key}`), [key]);
  const say = useCallback(
    (text: string, kind: "info" | "error" = "info") => setMessage({ text, kind }),
    [],
  );
  useEffect(() => {
    if (message === null || message.kind === "error") return;
    const timer = window.setTimeout(() => setMessage(null), 4000);
    return () => clearTimeout(timer);
  }, [message]);
  if (run === null) return <Starting error={error} retry={reload} />;
  const page: Page = {
    run,
    reload,
    outbox,
    say,
    setReviewer,
    setBlind,
    reviewer: reviewer || run.reviewer || "reviewer",
    blind: blind || run.blind === true,
  };
  const pages = PAGES.filter((entry) => entry.id !== "versions" || run.against);
  const shown = pages.find((entry) => entry.id === name) ?? PAGES[0];
  return (
    <PageContext.Provider value={page}>
      <Frame pages={pages} current={shown.id} message={message} dismiss={() => setMessage(null)}>
        <shown.show />
      </Frame>
    </PageContext.Provider>
  );
}

function Starting({ error, retry }: { error: string | null; retry: () => void }) {
  if (error === null)
    return (
      <p class="starting" role="status">
        Loading the run …
      </p>
    );
  return (
    <main class="starting">
      <h1>The run cannot be shown</h1>
      <p>{error}</p>
      <p>
        Open the address that <code>labelqa review</code> printed; it carries the token.
      </p>
      <button onClick={retry}>Try again</button>
    </main>
  );
}

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
