// Filters that pages share. Values are chosen from what the run has; an empty value is no filter.

import type { Filter } from "../api/types";
import { usePage } from "../state/run";

type Field =
  | "label"
  | "suggested"
  | "predicted"
  | "finding"
  | "annotator"
  | "split"
  | "group"
  | "source_file"
  | "action"
  | "decided"
  | "q";

interface Props {
  filter: Filter;
  change: (filter: Filter) => void;
  fields: Field[];
}

const TITLES: Record<Field, string> = {
  label: "Given",
  suggested: "Suggested",
  predicted: "Predicted",
  finding: "Finding",
  annotator: "Annotator",
  split: "Split",
  group: "Group",
  source_file: "File",
  action: "Action",
  decided: "Decided",
  q: "Search",
};

/** Fields that only some runs have a column for. */
const COLUMNS: Field[] = ["annotator", "split", "group"];
const ACTIONS = ["relabel", "needs_review", "keep (ambiguous)", "keep"];

export function FilterBar({ filter, change, fields }: Props) {
  const { run } = usePage();
  const narrow = matchMedia("(max-width: 52rem)").matches;
  const set = (field: Field, value: string): void => {
    const next: Filter = { ...filter };
    if (value === "") delete next[field];
    else next[field] = value;
    change(next);
  };
  const has = (field: Field): boolean =>
    field === "source_file"
      ? run.files.length > 1
      : !COLUMNS.includes(field) || run.columns.includes(field);
  const choices = (field: Field): string[] | null => {
    if (field === "label" || field === "suggested" || field === "predicted") return run.classes;
    if (field === "action") return ACTIONS;
    if (field === "decided") return ["yes", "no"];
    if (field === "source_file") return run.files;
    return null;
  };
  const shown = (
    <div class="filters" role="group" aria-label="Filters">
      {fields.filter(has).map((field) => {
        const values = choices(field);
        return (
          <label class={filter[field] ? "active" : ""}>
            {TITLES[field]}{" "}
            {values === null ? (
              <input
                type="search"
                size={12}
                value={filter[field] ?? ""}
                onChange={(event) => set(field, event.currentTarget.value.trim())}
              />
            ) : (
              <select
                value={filter[field] ?? ""}
                onChange={(event) => set(field, event.currentTarget.value)}
              >
                <option value="">any</option>
                {values.map((value) => (
                  <option value={value}>{value}</option>
                ))}
              </select>
            )}
          </label>
        );
      })}
      {Object.keys(filter).length === 0 ? null : (
        <button class="quiet" onClick={() => change({})}>
          Clear filters
        </button>
      )}
    </div>
  );
  if (!narrow) return shown;
  const inForce = Object.keys(filter).length;
  return (
    <details class="filter-fold">
      <summary>Filters{inForce > 0 ? ` (${inForce} set)` : ""}</summary>
      {shown}
    </details>
  );
}
