// Two versions compared, where the run was audited against an earlier one.

import { useEffect, useState } from "preact/hooks";
import { get, ApiError } from "../api/client";
import type { Estimate } from "../api/types";
import { count, percent } from "../parts/figures";
import { usePage } from "../state/run";

interface Difference {
  rows: {
    a: number;
    b: number;
    unchanged: number;
    relabelled: number;
    content_changed: number;
    added: number;
    removed: number;
  };
  pairs?: { from: string; to: string; count: number }[];
  error_rate?: {
    a: Estimate | null;
    b: Estimate | null;
    difference?: number;
    low?: number;
    high?: number;
  } | null;
  against?: string;
}

const LINES: [keyof Difference["rows"], string][] = [
  ["a", "rows before"],
  ["b", "rows now"],
  ["unchanged", "unchanged"],
  ["relabelled", "relabelled"],
  ["content_changed", "content changed"],
  ["added", "added"],
  ["removed", "removed"],
];

export function Versions() {
  const { say } = usePage();
  const [difference, setDifference] = useState<Difference | null>(null);
  const [none, setNone] = useState(false);
  useEffect(() => {
    get<Difference>("/api/versions").then(setDifference, (reason: Error) => {
      if (reason instanceof ApiError && reason.status === 404) setNone(true);
      else say(reason.message, "error");
    });
  }, []);
  return (
    <div class="versions">
      <h1>Versions</h1>
      {none ? (
        <p class="empty">
          This run was not audited against an earlier one.{" "}
          <code>labelqa review RUN --against OLD_RUN</code> compares the two.
        </p>
      ) : null}
      {difference === null ? null : (
        <>
          {difference.against ? (
            <p>
              Compared with <bdi>{difference.against}</bdi>.
            </p>
          ) : null}
          <table class="plain">
            <caption class="hidden">Rows</caption>
            <tbody>
              {LINES.map(([key, title]) => (
                <tr>
                  <th scope="row">{title}</th>
                  <td class="number">{count(difference.rows[key])}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {(difference.pairs ?? []).length === 0 ? null : (
            <table class="plain">
              <caption>Labels that changed</caption>
              <thead>
                <tr>
                  <th scope="col">From</th>
                  <th scope="col">To</th>
                  <th scope="col" class="number">
                    Rows
                  </th>
                </tr>
              </thead>
              <tbody>
                {difference.pairs?.map((pair) => (
                  <tr>
                    <td>
                      <bdi class="tag given">{pair.from}</bdi>
                    </td>
                    <td>
                      <bdi class="tag suggested">{pair.to}</bdi>
                    </td>
                    <td class="number">{count(pair.count)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          {difference.error_rate?.a && difference.error_rate.b ? (
            <p>
              Wrong labels: {percent(difference.error_rate.a.estimate, 1)} before,{" "}
              {percent(difference.error_rate.b.estimate, 1)} now.
            </p>
          ) : null}
        </>
      )}
    </div>
  );
}
