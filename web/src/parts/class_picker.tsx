// Choose a class by typing a few of its letters. Matches at the start of a word come first, then
// anywhere, then letters in order ("rfd" finds "refund").

import { useMemo, useState } from "preact/hooks";
import { Dialog } from "./dialog";

export function rankClasses(classes: readonly string[], typed: string): string[] {
  const wanted = typed.trim().toLocaleLowerCase();
  if (wanted === "") return [...classes];
  const scored: { name: string; score: number; at: number }[] = [];
  classes.forEach((name, at) => {
    const score = match(name.toLocaleLowerCase(), wanted);
    if (score !== null) scored.push({ name, score, at });
  });
  scored.sort((a, b) => a.score - b.score || a.name.length - b.name.length || a.at - b.at);
  return scored.map((entry) => entry.name);
}

function match(name: string, wanted: string): number | null {
  if (name === wanted) return 0;
  if (name.startsWith(wanted)) return 1;
  if (name.split(/[^\p{L}\p{N}]+/u).some((word) => word.startsWith(wanted))) return 2;
  if (name.includes(wanted)) return 3;
  let from = 0;
  for (const letter of wanted) {
    const found = name.indexOf(letter, from);
    if (found < 0) return null;
    from = found + letter.length;
  }
  return 4;
}

interface Props {
  classes: readonly string[];
  notes?: Record<string, string> | null | undefined;
  choose: (name: string) => void;
  close: () => void;
}

const SHOWN = 60;

export function ClassPicker({ classes, notes, choose, close }: Props) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const found = useMemo(() => rankClasses(classes, typed), [classes, typed]);
  const current = Math.min(at, Math.max(found.length - 1, 0));
  const pressed = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown") setAt(Math.min(current + 1, Math.min(found.length, SHOWN) - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(current - 1, 0));
    else if (event.key === "Enter") {
      const name = found[current];
      if (name !== undefined) choose(name);
    } else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Choose the class" close={close}>
      <input
        class="search"
        type="text"
        placeholder="type a few letters, then Enter"
        autoFocus
        value={typed}
        role="combobox"
        aria-expanded="true"
        aria-controls="class-list"
        aria-label="Class"
        aria-activedescendant={found.length > 0 ? `class-${current}` : undefined}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={pressed}
      />
      <ul class="class-list" id="class-list" role="listbox" aria-label="Classes">
        {found.slice(0, SHOWN).map((name, index) => (
          <li
            id={`class-${index}`}
            role="option"
            aria-selected={index === current}
            onClick={() => choose(name)}
          >
            <bdi>{name}</bdi>
            {notes?.[name] ? <span class="note">{notes[name]}</span> : null}
          </li>
        ))}
      </ul>
      {found.length > SHOWN ? <p class="hint">{found.length - SHOWN} more: type a letter</p> : null}
      {found.length === 0 ? <p class="hint">No class has these letters.</p> : null}
    </Dialog>
  );
}
