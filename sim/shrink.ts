/**
 * Shrinks a failing run: fewer faults, then a simpler profile, as long as it fails in the same way. The
 * result is short enough to read, and is kept as a fixture.
 */
import type { Fault } from './faults.js';
import type { Profile } from './profile.js';
import { type RunOptions, type RunResult, simulate } from './simulation.js';

export interface Shrunk {
  readonly faults: readonly Fault[];
  readonly profile: Profile;
  readonly problem: string;
  readonly runs: number;
}

/** The number of runs that one failure may take. */
const runsMax = 400;

/** The kind of a failure: the invariant, without names and positions. */
export function kindOf(problem: string): string {
  const [kind = problem] = problem.split(':');
  return kind.replace(/-?\d+/g, '');
}

export async function shrink(failure: RunResult, options: RunOptions): Promise<Shrunk> {
  const [first = ''] = failure.problems;
  const kind = kindOf(first);
  let best = { faults: failure.faults, profile: failure.profile, problem: first };
  let runs = 0;
  const attempt = async (faults: readonly Fault[], profile: Profile): Promise<boolean> => {
    if (runs >= runsMax) return false;
    runs += 1;
    const { trace: _, ...rest } = options;
    const result = await simulate({ ...rest, faults, profile });
    const problem = result.problems.find((one) => kindOf(one) === kind);
    if (problem !== undefined) best = { faults, profile, problem };
    return problem !== undefined;
  };
  await fewerFaults(() => best, attempt);
  for (const change of quieter) await attempt(best.faults, { ...best.profile, ...change });
  await fewerFaults(() => best, attempt);
  return { ...best, runs };
}

const quieter: readonly Partial<Profile>[] = [
  { limits: {} },
  { realJournal: false },
  { compactEvery: 0 },
  { clockSpread: 0 },
  { changes: 0 },
  { restockEverySeconds: 0 },
  { clients: 1 },
  { clients: 2 },
  { items: 1 },
  { network: { latencyMs: 0.5, jitterMs: 0.5, slowShare: 0, slowMs: 0, pieceMs: 0 } },
  { disk: { meanMs: 0.5 } },
];

/** Halves first, then single faults. */
async function fewerFaults(
  best: () => { readonly faults: readonly Fault[]; readonly profile: Profile },
  attempt: (faults: readonly Fault[], profile: Profile) => Promise<boolean>,
): Promise<void> {
  for (let size = Math.ceil(best().faults.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < best().faults.length; ) {
      const { faults, profile } = best();
      const fewer = [...faults.slice(0, at), ...faults.slice(at + size)];
      if (!(await attempt(fewer, profile))) at += size;
    }
  }
}
