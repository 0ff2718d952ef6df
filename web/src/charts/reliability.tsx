// Predicted against observed share of wrong labels, with the interval of each bin.

import { count, percent } from "../parts/figures";

interface Bin {
  from: number;
  to: number;
  n: number;
  predicted: number;
  observed: number;
  low: number;
  high: number;
}

const SIZE = 240;
const EDGE = 34;

const across = (value: number): number => EDGE + value * (SIZE - EDGE - 8);
const down = (value: number): number => SIZE - EDGE - value * (SIZE - EDGE - 8);

export function Reliability({ bins }: { bins: Bin[] }) {
  const shown = bins.filter((bin) => bin.n > 0);
  const name = shown
    .map(
      (bin) => `predicted ${percent(bin.predicted)}, observed ${percent(bin.observed)} of ${bin.n}`,
    )
    .join("; ");
  return (
    <svg
      class="reliability"
      viewBox={`0 0 ${SIZE} ${SIZE}`}
      role="img"
      aria-label={`Reliability: ${name}`}
    >
      <line x1={across(0)} y1={down(0)} x2={across(1)} y2={down(0)} class="axis" />
      <line x1={across(0)} y1={down(0)} x2={across(0)} y2={down(1)} class="axis" />
      <line x1={across(0)} y1={down(0)} x2={across(1)} y2={down(1)} class="diagonal" />
      {[0, 0.5, 1].map((tick) => (
        <>
          <text x={across(tick)} y={SIZE - EDGE + 14} text-anchor="middle">
            {percent(tick)}
          </text>
          <text x={EDGE - 5} y={down(tick) + 4} text-anchor="end">
            {percent(tick)}
          </text>
        </>
      ))}
      <text x={across(0.5)} y={SIZE - 4} text-anchor="middle">
        predicted wrong
      </text>
      {shown.map((bin) => (
        <g>
          <title>{`predicted ${percent(bin.predicted)}, observed ${percent(bin.observed)}, ${count(bin.n)} rows`}</title>
          <line
            x1={across(bin.predicted)}
            x2={across(bin.predicted)}
            y1={down(bin.low)}
            y2={down(bin.high)}
            class="interval"
          />
          <circle cx={across(bin.predicted)} cy={down(bin.observed)} r="4" class="point" />
        </g>
      ))}
    </svg>
  );
}
