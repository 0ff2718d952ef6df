// Keys of a page: one listener, ignored while a person types in a field or a dialog is open that
// has keys of its own.

import { useLayoutEffect, useRef } from "preact/hooks";

export type Keys = Record<string, () => void>;

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.tagName === "SELECT" || target.tagName === "TEXTAREA")
    return true;
  return (
    target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(target.type)
  );
}

function pressesControl(target: EventTarget | null, key: string): boolean {
  if (key !== "Enter" && key !== " ") return false;
  return (
    target instanceof HTMLElement && target.closest("button, a, summary, input, label") !== null
  );
}

export function useKeys(keys: Keys, active = true): void {
  const latest = useRef(keys);
  // With the drawing, not after it: a key pressed the moment a row appears is meant for that row.
  useLayoutEffect(() => {
    latest.current = keys;
  });
  useLayoutEffect(() => {
    if (!active) return;
    const pressed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      if (isTyping(event.target) || pressesControl(event.target, event.key)) return;
      if (document.querySelector("dialog[open]") !== null) return;
      const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const act = latest.current[name];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [active]);
}
