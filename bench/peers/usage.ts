/**
 * CPU time and voluntary context switches of server processes, thread by thread, from Linux's /proc.
 * A thread that ends between two snapshots counts for nothing after the first.
 */
import { entriesOf, readIfThere } from '../load/processes.js';

interface ThreadState {
  readonly process: string;
  readonly thread: string;
  readonly cpuNs: number;
  readonly switches: number;
}

export interface NamedProcess {
  readonly pid: number;
  readonly name: string;
}

/** By thread id. */
export type Snapshot = ReadonlyMap<number, ThreadState>;

export interface Amount {
  readonly cpuUs: number;
  readonly switches: number;
}

export interface ProcessUsage extends Amount {
  readonly name: string;
  readonly threads: readonly (Amount & { readonly name: string; readonly count: number })[];
}

export interface Usage extends Amount {
  readonly processes: readonly ProcessUsage[];
}

const nsPerUs = 1_000;

/** Undefined if the system does not report it. */
export function takeSnapshot(processes: readonly NamedProcess[]): Snapshot | undefined {
  const states = new Map<number, ThreadState>();
  for (const { pid, name } of processes) {
    for (const tid of entriesOf(`/proc/${pid}/task`).map(Number)) {
      const folder = `/proc/${pid}/task/${tid}`;
      const status = readIfThere(`${folder}/status`);
      const switches = /^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1];
      const cpuNs = /^\d+/.exec(readIfThere(`${folder}/schedstat`))?.[0];
      if (switches === undefined || cpuNs === undefined) continue;
      const thread = tid === pid ? 'main' : (/^Name:\s+(.*)$/m.exec(status)?.[1] ?? '');
      states.set(tid, { process: name, thread, cpuNs: Number(cpuNs), switches: Number(switches) });
    }
  }
  return states.size > 0 ? states : undefined;
}

/** What was used between two snapshots, divided by `per`. */
export function usageBetween(before: Snapshot, after: Snapshot, per: number): Usage {
  const processes = new Map<
    string,
    Map<string, { cpuUs: number; switches: number; count: number }>
  >();
  for (const [tid, { process, thread, cpuNs, switches }] of after) {
    const old = before.get(tid);
    const threads = processes.get(process) ?? new Map();
    const sum = threads.get(thread) ?? { cpuUs: 0, switches: 0, count: 0 };
    sum.cpuUs += (cpuNs - (old?.cpuNs ?? 0)) / nsPerUs / per;
    sum.switches += (switches - (old?.switches ?? 0)) / per;
    sum.count += 1;
    threads.set(thread, sum);
    processes.set(process, threads);
  }
  const used = [...processes].map(([name, threads]): ProcessUsage => {
    const list = [...threads].map(([thread, sum]) => ({ name: thread, ...sum }));
    return { name, ...total(list), threads: list };
  });
  return { ...total(used), processes: used };
}

function total(amounts: readonly Amount[]): Amount {
  return {
    cpuUs: amounts.reduce((sum, { cpuUs }) => sum + cpuUs, 0),
    switches: amounts.reduce((sum, { switches }) => sum + switches, 0),
  };
}
