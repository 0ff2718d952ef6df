// Decisions on their way to the server. The page moves to the next row before the answer is there,
// so a decision waits here, in the browser's storage too, until the server has said 201: it is on
// disk then. One request at a time keeps the order of the keys. A failed request is tried again; a
// refused one (400 to 499) is handed back with the server's reason and never dropped silently.

import { ApiError, post } from "../api/client";
import type { NewDecision } from "../api/types";

export interface Refused {
  decision: NewDecision;
  reason: string;
}

type Listener = () => void;

export class Outbox {
  private waiting: NewDecision[] = [];
  private sending = false;
  private listeners = new Set<Listener>();
  private idle: (() => void)[] = [];
  refused: Refused[] = [];
  offline = false;
  acknowledged = 0;

  constructor(private readonly key: string) {
    try {
      this.waiting = JSON.parse(localStorage.getItem(key) ?? "[]") as NewDecision[];
    } catch {
      this.waiting = [];
    }
    if (this.waiting.length > 0) void this.send();
  }

  get pending(): number {
    return this.waiting.length;
  }

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  put(decision: NewDecision): void {
    this.waiting.push(decision);
    this.save();
    void this.send();
  }

  /** Resolves when nothing waits any more; used before an undo. */
  drained(): Promise<void> {
    if (this.waiting.length === 0 && !this.sending) return Promise.resolve();
    return new Promise((resolve) => this.idle.push(resolve));
  }

  private save(): void {
    try {
      localStorage.setItem(this.key, JSON.stringify(this.waiting));
    } catch {
      // Storage may be full or switched off; the decision still goes out from memory.
    }
    for (const listener of this.listeners) listener();
  }

  private async send(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    while (this.waiting.length > 0) {
      const decision = this.waiting[0] as NewDecision;
      if (!(await this.sendOne(decision))) break;
    }
    this.sending = false;
    if (this.waiting.length === 0) for (const done of this.idle.splice(0)) done();
  }

  private async sendOne(decision: NewDecision): Promise<boolean> {
    try {
      await post("/api/decisions", decision);
      this.acknowledged += 1;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status >= 500) {
        this.offline = true;
        this.save();
        window.setTimeout(() => void this.send(), 1000);
        return false;
      }
      this.refused.push({ decision, reason: error.message });
    }
    this.offline = false;
    this.waiting.shift();
    this.save();
    return true;
  }
}
