// One bar, cut into its parts, with a legend that carries the figures: colour alone says nothing.

import { count } from "../parts/figures";

interface Part {
  id: string;
  title: string;
  value: number;
}

export function Stack({ parts }: { parts: Part[] }) {
  const total = parts.reduce((sum, part) => sum + part.value, 0) || 1;
  let from = 0;
  const name = parts.map((part) => `${part.title} ${part.value}`).join(", ");
  return (
    <div class="stack">
      <svg viewBox="0 0 1000 24" preserveAspectRatio="none" role="img" aria-label={name}>
        {parts.map((part, index) => {
          const width = (part.value / total) * 1000;
          const at = from;
          from += width;
          return <rect x={at} width={width} height="24" class={`part-${index}`} />;
        })}
      </svg>
      <ul class="legend">
        {parts.map((part, index) => (
          <li>
            <svg width="12" height="12" aria-hidden="true">
              <rect width="12" height="12" rx="2" class={`part-${index}`} />
            </svg>{" "}
            {part.title} <b>{count(part.value)}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}
