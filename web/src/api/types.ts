// The server's interface, as /api/openapi.json describes it. A field that may be absent is
// optional: a run has only the columns that its source and its audits gave it.

export type Action = "relabel" | "keep (ambiguous)" | "needs_review" | "keep";

export interface Estimate {
  estimate: number;
  low: number;
  high: number;
  n?: number;
  method?: string;
  frame?: string;
  by_class?: { label: string; estimate: number; low: number; high: number; n: number }[];
}

export interface Progress {
  to_review: number;
  decided: number;
  by_reviewer: Record<string, number>;
}

export interface Trust {
  calibrated: boolean;
  basis?: string;
  n_verified: number;
  ece?: Estimate | null;
  reliability?: {
    from: number;
    to: number;
    n: number;
    predicted: number;
    observed: number;
    low: number;
    high: number;
  }[];
  suspected_confusions?: {
    label: string;
    true_label: string;
    rate: number;
    low: number;
    high: number;
    rows: number;
    verified: number;
  }[];
  judges?: {
    model: string;
    accuracy: number;
    low: number;
    high: number;
    n: number;
    constant: boolean;
  }[];
}

export interface RunInfo {
  name: string;
  rows: number;
  classes: string[];
  columns: string[];
  /** The source's files, as in source_file. */
  files: string[];
  actions: Record<string, number>;
  progress: Progress;
  error_rate: Estimate | null;
  trust: Trust | null;
  judge: Record<string, unknown> | null;
  blind?: boolean;
  reviewer?: string | null;
  guidelines?: string | null;
  /** The name of the older run that this one is compared with. */
  against?: string | null;
  class_notes?: Record<string, string> | null;
  features?: string[];
}

export interface Row {
  row_number: number;
  row_id?: string | number;
  text?: string | null;
  text_truncated?: boolean;
  features?: Record<string, unknown>;
  label: string | null;
  predicted_label?: string | null;
  suggested_label?: string | null;
  self_confidence?: number | null;
  is_label_issue?: boolean;
  loss?: number | null;
  loss_percentile?: number | null;
  is_high_loss?: boolean;
  provenance?: string[];
  verdict?: string | null;
  corrected_label?: string | null;
  decided_label?: string | null;
  decided_by?: string | null;
  p_correct?: number | null;
  trust_score?: number | null;
  review_action?: Action;
  content_hash?: string | null;
  reasons?: string[];
  annotator?: string | null;
  source_file?: string;
  source_row?: number;
}

export interface Evidence {
  source: string;
  label?: string | null;
  value?: number | null;
  text?: string;
}

export interface Similar {
  row_number: number;
  label: string | null;
  text?: string | null;
  similarity?: number;
}

export interface Verdict {
  model?: string;
  verdict: string;
  corrected_label?: string | null;
  reply?: string;
  protocol?: string;
}

export interface Decision {
  id?: number;
  decision: string;
  label?: string | null;
  reviewer: string;
  at?: string;
  undone?: boolean;
  adjudicates?: boolean;
}

export interface RowDetail extends Row {
  evidence?: Evidence[];
  equal?: Similar[];
  nearest?: Similar[];
  verdicts?: Verdict[];
  decisions?: Decision[];
}

export interface RowsPage {
  total: number;
  rows: Row[];
}

export interface QueueBatch {
  rows: Row[];
  lease_until: number | string;
}

export interface Filter {
  action?: string;
  label?: string;
  suggested?: string;
  predicted?: string;
  finding?: string;
  annotator?: string;
  split?: string;
  group?: string;
  source_file?: string;
  decided?: string;
  q?: string;
}

export type Order = "trust" | "value" | "random";

export interface NewDecision {
  row_number: number;
  decision: "label" | "unsure";
  label?: string;
  reviewer: string;
  seconds: number;
  blind: boolean;
  adjudicates?: boolean;
  note?: string;
}
