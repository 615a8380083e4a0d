/** Reports of frontends, as they travel. Helper of tests. */
import type { FrontendReport } from '../../src/wire/frontend-report.js';

/** Of process `process-N` of frontend-N unless it is said otherwise. */
export function reportOf(
  n: number,
  { name = `frontend-${n}`, process = `process-${n}`, answered = 7 } = {},
): FrontendReport {
  const [raw, http] = [`10.0.0.${n}:8181`, `10.0.0.${n}:8081`];
  return [
    ...([name, process, 100 + n, raw, http, 1_700_000_000_000] as const),
    [true, 1, 3],
    [80, 20],
    [answered, 1, 4, 2],
    ...([2, 5, 90_000_000, [1, 0], [0, 1]] as const),
  ];
}
