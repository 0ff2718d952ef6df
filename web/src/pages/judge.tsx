// The judge: plan, price and first prompt; nothing is sent before the button, and a most amount to
// spend must stand there. Progress and verdicts arrive as events.

import { useEffect, useState } from "preact/hooks";
import { get, post, query } from "../api/client";
import { Dialog } from "../parts/dialog";
import { count, percent } from "../parts/figures";
import { on } from "../state/events";
import { usePage } from "../state/run";
import { useSetting } from "../state/settings";

interface Options {
  model: string;
  protocol: string;
  rows: "budget" | "top";
  budget: number;
  top: number;
  sample_unflagged: number;
  max_cost: string;
  price: string;
}

const USUAL: Options = {
  model: "gpt-4o-mini",
  protocol: "verify",
  rows: "budget",
  budget: 200,
  top: 60,
  sample_unflagged: 20,
  max_cost: "1.00",
  price: "",
};

export interface Plan {
  planned: number;
  requests: number;
  cached: number;
  to_ask: number;
  cost_usd: number | null;
  missing: string | null;
  first_prompt: string;
  cut_texts: number;
  phases?: { phase: number; rows: number; done: boolean; cost_usd?: number | null }[];
  endpoints: { base_url: string; model: string; key_set: boolean }[];
}

interface State {
  running?: boolean;
  judged?: number;
  planned?: number;
  yes?: number;
  no?: number;
  unknown?: number;
  cost_usd?: number | null;
  message?: string;
  state?: string;
}

interface Arrived {
  row_number: number;
  verdict: string;
  corrected_label?: string | null;
  label?: string | null;
  text?: string | null;
}

function asked(options: Options): Record<string, string | number> {
  const rows: Record<string, number> =
    options.rows === "budget"
      ? { budget: options.budget }
      : { top: options.top, sample_unflagged: options.sample_unflagged };
  return {
    model: options.model,
    protocol: options.protocol,
    ...rows,
    ...(options.price ? { price: options.price } : {}),
  };
}

export function Judge() {
  const { run, say, reload } = usePage();
  const [options, setOptions] = useSetting<Options>(`judge:${run.name}`, USUAL);
  const [plan, setPlan] = useState<Plan | null>(null);
  const [asking, setAsking] = useState(false);
  const [state, setState] = useState<State | null>(null);
  const [arrived, setArrived] = useState<Arrived[]>([]);
  useEffect(() => {
    const ends = [
      on("progress", (data) => setState(data as State)),
      on("verdict", (data) => setArrived((known) => [data as Arrived, ...known].slice(0, 200))),
      on("report", () => reload()),
    ];
    return () => {
      for (const end of ends) end();
    };
  }, [reload]);
  const set = (change: Partial<Options>): void => {
    setOptions({ ...options, ...change });
    setPlan(null);
  };
  const makePlan = (): void => {
    setPlan(null);
    get<{ plan: Plan }>(`/api/judge/plan${query(asked(options))}`).then(
      (answer) => setPlan(answer.plan),
      (reason: Error) => say(reason.message, "error"),
    );
  };
  const start = (): void => {
    setAsking(false);
    setArrived([]);
    post("/api/judge", {
      ...asked(options),
      max_cost: Number(options.max_cost),
      confirm: true,
    }).then(
      () => setState({ running: true, judged: 0 }),
      (reason: Error) => say(reason.message, "error"),
    );
  };
  const stop = (): void => {
    post("/api/judge/stop", {}).then(
      () => say("The judge stops after the answers that are on their way."),
      (reason: Error) => say(reason.message, "error"),
    );
  };
  const running = state?.running === true;
  return (
    <div class="judge">
      <h1>Judge</h1>
      <p>
        A language model checks rows: the doubtful ones, and some of the rest, so that the error
        rate of the whole can be estimated. Nothing is sent until you press Run. The key comes from
        the environment of <code>labelqa review</code>.
      </p>
      <Form options={options} set={set} disabled={running} makePlan={makePlan} />
      {plan === null ? null : <PlanBox plan={plan} />}
      <div class="toolbar">
        <button class="main" disabled={plan === null || running} onClick={() => setAsking(true)}>
          Run …
        </button>
        <button disabled={!running} onClick={stop}>
          Stop
        </button>
      </div>
      {state === null ? null : <Progress state={state} />}
      {arrived.length === 0 ? null : <Verdicts arrived={arrived} />}
      <Before />
      {asking ? (
        <Dialog title="Send rows to the judge?" close={() => setAsking(false)}>
          <p>
            Up to <b>{count(options.rows === "budget" ? options.budget : plan?.to_ask)}</b> requests
            go to{" "}
            <b>
              <bdi>{plan?.endpoints[0]?.base_url ?? "the endpoint"}</bdi>
            </b>
            , model{" "}
            <b>
              <bdi>{options.model}</bdi>
            </b>
            . They carry the rows' texts. No request starts that could pass{" "}
            <b>{options.max_cost} US dollars</b>.
          </p>
          <div class="lesser">
            <button class="main" onClick={start}>
              Run and spend up to ${options.max_cost}
            </button>{" "}
            <button onClick={() => setAsking(false)}>Cancel</button>
          </div>
        </Dialog>
      ) : null}
    </div>
  );
}

interface FormProps {
  options: Options;
  set: (change: Partial<Options>) => void;
  disabled: boolean;
  makePlan: () => void;
}

function Form({ options, set, disabled, makePlan }: FormProps) {
  const number = (name: "budget" | "top" | "sample_unflagged", title: string) => (
    <label>
      {title}{" "}
      <input
        type="number"
        min={0}
        value={options[name]}
        onChange={(event) =>
          set({ [name]: Math.max(0, Math.round(event.currentTarget.valueAsNumber || 0)) })
        }
      />
    </label>
  );
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        makePlan();
      }}
    >
      <fieldset disabled={disabled}>
        <legend class="hidden">What is asked</legend>
        <label>
          Model{" "}
          <input
            value={options.model}
            size={22}
            onChange={(event) => set({ model: event.currentTarget.value.trim() })}
          />
        </label>
        <label>
          Protocol{" "}
          <select
            value={options.protocol}
            onChange={(event) => set({ protocol: event.currentTarget.value })}
          >
            <option value="verify">verify the given label</option>
            <option value="blind">blind: choose a class</option>
          </select>
        </label>
        <label>
          Rows{" "}
          <select
            value={options.rows}
            onChange={(event) => set({ rows: event.currentTarget.value as Options["rows"] })}
          >
            <option value="budget">a budget, spread in phases</option>
            <option value="top">the most suspicious</option>
          </select>
        </label>
        {options.rows === "budget" ? (
          number("budget", "Rows in all")
        ) : (
          <>
            {number("top", "Suspicious")}
            {number("sample_unflagged", "Of the rest")}
          </>
        )}
        <label>
          Price{" "}
          <input
            value={options.price}
            size={10}
            placeholder="0.15,0.60"
            title="US dollars for a million tokens in, out"
            onChange={(event) => set({ price: event.currentTarget.value.trim() })}
          />
        </label>
        <label>
          Spend at most{" "}
          <input
            type="number"
            min={0.01}
            step={0.01}
            required
            value={options.max_cost}
            onChange={(event) => set({ max_cost: event.currentTarget.value })}
          />{" "}
          US dollars
        </label>
        <button type="submit">Plan</button>
      </fieldset>
    </form>
  );
}

function PlanBox({ plan }: { plan: Plan }) {
  const phases = plan.phases ?? [];
  const price = (cost: number | null | undefined): string =>
    cost === null || cost === undefined ? "unknown for this model" : `about $${cost.toFixed(4)}`;
  const whole = phases.length > 0 ? phases.reduce((sum, one) => sum + (one.cost_usd ?? 0), 0) : 0;
  return (
    <section class="plan" aria-label="Plan">
      <dl class="fields inline">
        <div>
          <dt>Endpoint</dt>
          <dd>
            <bdi>{plan.endpoints[0]?.base_url ?? ""}</bdi>
          </dd>
        </div>
        <div>
          <dt>Rows{phases.length > 0 ? " now" : ""}</dt>
          <dd>{count(plan.planned)}</dd>
        </div>
        <div>
          <dt>Already answered</dt>
          <dd>{count(plan.cached)}</dd>
        </div>
        <div>
          <dt>To ask</dt>
          <dd>{count(plan.to_ask)}</dd>
        </div>
        <div>
          <dt>Price</dt>
          <dd>{price(phases.length > 0 && plan.cost_usd !== null ? whole : plan.cost_usd)}</dd>
        </div>
      </dl>
      {phases.length === 0 ? null : (
        <p>
          In {phases.length} phases of {phases.map((one) => count(one.rows)).join(", ")} rows, each
          where the answers so far leave most doubt.
        </p>
      )}
      {plan.missing ? <p class="warning">Before it can run: {plan.missing}</p> : null}
      {plan.cut_texts > 0 ? <p class="warning">{count(plan.cut_texts)} texts are cut.</p> : null}
      {plan.first_prompt ? (
        <details>
          <summary>The first row's prompt</summary>
          <pre tabIndex={0}>{plan.first_prompt}</pre>
        </details>
      ) : null}
    </section>
  );
}

function Progress({ state }: { state: State }) {
  const judged = state.judged ?? 0;
  const planned = Math.max(state.planned ?? judged, 1);
  return (
    <section aria-label="Progress">
      <p role="status">
        <progress max={planned} value={judged} aria-label="Rows judged" /> {count(judged)} of{" "}
        {count(state.planned)} rows
        {state.running ? "" : ", finished"}: {count(state.yes ?? 0)} yes, {count(state.no ?? 0)} no,{" "}
        {count(state.unknown ?? 0)} unknown
        {state.cost_usd === null || state.cost_usd === undefined
          ? ""
          : `, $${state.cost_usd.toFixed(4)}`}
      </p>
      {state.message ? <p>{state.message}</p> : null}
    </section>
  );
}

function Verdicts({ arrived }: { arrived: Arrived[] }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Verdicts">
      <table class="plain">
        <caption>Newest verdicts</caption>
        <thead>
          <tr>
            <th scope="col">Row</th>
            <th scope="col">Given</th>
            <th scope="col">Verdict</th>
            <th scope="col">Correction</th>
            <th scope="col">Content</th>
          </tr>
        </thead>
        <tbody>
          {arrived.map((one) => (
            <tr key={one.row_number}>
              <td class="number">{one.row_number}</td>
              <td>
                <bdi>{one.label ?? ""}</bdi>
              </td>
              <td>{one.verdict}</td>
              <td>
                <bdi>{one.corrected_label ?? ""}</bdi>
              </td>
              <td dir="auto">{(one.text ?? "").slice(0, 120)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Before() {
  const { run } = usePage();
  const judge = run.judge as {
    model?: string;
    judged?: number;
    yes?: number;
    no?: number;
    unknown?: number;
    all_cost_usd?: number | null;
    agreement?: number | null;
  } | null;
  if (judge === null) return <p class="hint">This run has not been judged yet.</p>;
  return (
    <section>
      <h2>So far</h2>
      <p>
        <bdi>{judge.model}</bdi> has judged {count(judge.judged)} rows: {count(judge.yes)} yes,{" "}
        {count(judge.no)} no, {count(judge.unknown)} unknown.
        {judge.all_cost_usd === null || judge.all_cost_usd === undefined
          ? ""
          : ` It cost $${judge.all_cost_usd.toFixed(4)} in all.`}
      </p>
      {(run.trust?.judges ?? []).map((one) => (
        <p>
          <bdi>{one.model}</bdi>: right on {percent(one.accuracy)} ({percent(one.low)} to{" "}
          {percent(one.high)}) of {count(one.n)} rows
          {one.constant
            ? "; it gives the same answer to every row, so nothing follows from it"
            : ""}
          .
        </p>
      ))}
    </section>
  );
}
