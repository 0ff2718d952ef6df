// What stands around every page: name, pages, progress, reviewer, theme, messages.

import type { ComponentChildren } from "preact";
import { useEffect, useReducer } from "preact/hooks";
import { usePage } from "../state/run";
import { useSetting } from "../state/settings";

interface Entry {
  id: string;
  title: string;
}

interface Props {
  pages: readonly Entry[];
  current: string;
  message: { text: string; kind: string } | null;
  dismiss: () => void;
  children: ComponentChildren;
}

export function Frame({ pages, current, message, dismiss, children }: Props) {
  const { run } = usePage();
  useEffect(() => {
    const title = pages.find((page) => page.id === current)?.title ?? "";
    document.title = `${title}: ${run.name}, labelqa`;
  }, [current, pages, run.name]);
  return (
    <>
      <a class="skip" href="#main" onClick={skipToMain}>
        Skip to the page
      </a>
      <header class="top">
        <p class="name" title={run.name}>
          <bdi>{run.name}</bdi>
        </p>
        <nav aria-label="Pages">
          {pages.map((page) => (
            <a href={`#/${page.id}`} aria-current={page.id === current ? "page" : undefined}>
              {page.title}
            </a>
          ))}
        </nav>
        <Done />
        <Who />
        <Theme />
      </header>
      <Waiting />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <div class="messages" role="status" aria-live="polite">
        {message === null ? null : (
          <p class={`message ${message.kind}`}>
            {message.text}{" "}
            <button class="quiet" onClick={dismiss} aria-label="Close the message">
              ×
            </button>
          </p>
        )}
      </div>
    </>
  );
}

function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function Done() {
  const { run } = usePage();
  const { to_review: left, decided } = run.progress;
  const total = left + decided;
  return (
    <p class="done" title="decided rows, of those to review">
      <progress max={Math.max(total, 1)} value={decided} aria-label="Rows decided" />{" "}
      <span>
        {decided.toLocaleString("en")} of {total.toLocaleString("en")}
      </span>
    </p>
  );
}

function Who() {
  const { reviewer, setReviewer } = usePage();
  return (
    <label class="who">
      <span>Reviewer</span>
      <input
        value={reviewer}
        size={10}
        maxLength={100}
        spellcheck={false}
        onChange={(event) => setReviewer(event.currentTarget.value.trim())}
      />
    </label>
  );
}

const THEMES = ["auto", "light", "dark"] as const;

function Theme() {
  const [theme, setTheme] = useSetting<(typeof THEMES)[number]>("theme", "auto");
  useEffect(() => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "auto";
  return (
    <button
      class="quiet theme"
      onClick={() => setTheme(next)}
      title={`Colours: ${theme}; press for ${next}`}
    >
      <span aria-hidden="true">{theme === "auto" ? "◐" : theme === "light" ? "☀" : "☾"}</span>
      <span class="hidden">Colours: {theme}</span>
    </button>
  );
}

/** Says when decisions wait for the server or were refused by it. */
function Waiting() {
  const { outbox, say } = usePage();
  const [, changed] = useReducer((count: number) => count + 1, 0);
  useEffect(
    () =>
      outbox.listen(() => {
        for (const { decision, reason } of outbox.refused.splice(0)) {
          say(`Row ${decision.row_number} was not recorded: ${reason}`, "error");
        }
        changed(undefined);
      }),
    [outbox, say],
  );
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent): void => {
      if (outbox.pending > 0) event.preventDefault();
    };
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [outbox]);
  if (!outbox.offline) return null;
  return (
    <p class="banner" role="alert">
      The server does not answer. {outbox.pending} decision{outbox.pending === 1 ? " is" : "s are"}{" "}
      kept in this browser and sent when it is back: start <code>labelqa review</code> again and
      open its address.
    </p>
  );
}
