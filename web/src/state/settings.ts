// What one person set on this page, kept in the browser under the run's name.

import { useState } from "preact/hooks";

export function load<T>(key: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(`labelqa:${key}`);
    return text === null ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise;
  }
}

export function save(key: string, value: unknown): void {
  try {
    localStorage.setItem(`labelqa:${key}`, JSON.stringify(value));
  } catch {
    // Without storage the setting lasts as long as the page.
  }
}

/** Like useState, kept over reloads. */
export function useSetting<T>(key: string, otherwise: T): [T, (value: T) => void] {
  const [value, set] = useState<T>(() => load(key, otherwise));
  return [
    value,
    (next: T) => {
      save(key, next);
      set(next);
    },
  ];
}
