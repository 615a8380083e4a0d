/**
 * Measures several targets alternately, round by round, so that other load of the machine affects all of
 * them equally; then takes medians. (On two cores the kernel sometimes keeps client and server on one
 * core for a whole run: hence many short runs, and no quotients of single runs.)
 */
import type { Bench, LoadRow } from './bench.js';
import type { Workload } from './connection.js';
import { LoadSession, type RunResult, type Shape, type Target } from './session.js';

export interface Subject {
  readonly what: string;
  readonly target: Target;
  readonly workload: Workload;
}

export interface Measured {
  readonly rows: readonly LoadRow[];
  readonly problems: readonly string[];
  /** Answers without an error, warm-up included, of each subject in turn. */
  readonly accepted: readonly number[];
}

/** With `echo`, the first subject is the limit with which the others are compared. */
export async function measureInTurn(
  bench: Bench,
  shape: Shape,
  subjects: readonly Subject[],
  echo: 'echo' | undefined,
): Promise<Measured> {
  const sessions = await Promise.all(
    subjects.map(({ target, workload }) => LoadSession.open(target, shape, workload)),
  );
  const { rounds, quick, timing } = bench.settings;
  const runs: RunResult[][] = subjects.map(() => []);
  // The first round compiles the hot code of each target for this shape; it does not count.
  for (let round = quick ? 1 : 0; round <= rounds; round++) {
    for (const [index, session] of sessions.entries()) {
      const run = await session.run(timing);
      if (round > 0) runs[index]?.push(run);
      const rate = Math.round(run.ratePerSecond).toLocaleString('en');
      bench.progress(`${subjects[index]?.what}, ${shapeName(shape)}, run ${round}: ${rate}/s`);
    }
  }
  for (const session of sessions) session.close();
  const limit = echo ? runs[0] : undefined;
  const rows = subjects.map(({ what }, index) => toRow(what, shape, runs[index] ?? [], limit));
  return {
    rows,
    problems: rows.flatMap(problemsOf),
    accepted: sessions.map((session) => session.accepted),
  };
}

export function shapeName({ connections, depth }: Shape): string {
  return `${connections} × ${depth}`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

function toRow(
  what: string,
  shape: Shape,
  runs: readonly RunResult[],
  limit: readonly RunResult[] | undefined,
): LoadRow {
  const rates = runs.map((run) => run.ratePerSecond);
  const serverCpu = runs.map((run) => run.serverCpuUs).filter((us) => us !== undefined);
  return {
    what,
    shape,
    median: {
      ratePerSecond: median(rates),
      p50Ms: median(runs.map((run) => run.p50Ms)),
      p99Ms: median(runs.map((run) => run.p99Ms)),
      maxMs: median(runs.map((run) => run.maxMs)),
      serverCpuUs: serverCpu.length > 0 ? median(serverCpu) : undefined,
      clientCpuUs: median(runs.map((run) => run.clientCpuUs)),
    },
    spreadPercent: (50 * (Math.max(...rates) - Math.min(...rates))) / median(rates),
    percentOfEcho: limit && (100 * median(rates)) / median(limit.map((run) => run.ratePerSecond)),
    runs,
  };
}

function problemsOf({ what, shape, runs }: LoadRow): string[] {
  return runs.flatMap((run, index) => {
    const where = `${what}, ${shapeName(shape)}, run ${index + 1}`;
    const errors = Object.entries(run.errors).map(([code, n]) => `${where}: ${n} × ${code}`);
    return run.answers === 0 ? [...errors, `${where}: no answer`] : errors;
  });
}
