/**
 * What a jobs thread runs: one function of a module. An expected failure keeps its code on the way
 * to the owner, which a cloned error would lose.
 */
import { constants, setPriority } from 'node:os';
import { BazarError, type WireError } from '../base/errors.js';

export interface JobTask {
  /** The address of the job's module. */
  readonly module: string;
  readonly exportName: string;
  readonly args: unknown;
}

export type JobOutcome = { readonly result: unknown } | { readonly error: WireError };

export async function runJob(task: JobTask): Promise<JobOutcome> {
  stepBack();
  const module: Record<string, unknown> = await import(task.module);
  const job = module[task.exportName];
  if (typeof job !== 'function') {
    throw new Error(`${task.module} exports no function ${task.exportName}`);
  }
  try {
    return { result: await job(task.args) };
  } catch (error) {
    if (error instanceof BazarError) return { error: error.toWire() };
    const { file } = error as { readonly file?: unknown };
    if (error instanceof Error && typeof file === 'string') {
      // A disk that refuses, or damage: the owner must know, and a clone would have lost it.
      return { error: new BazarError('internal', error.message, { details: { file } }).toWire() };
    }
    throw error;
  }
}

/** Customers wait for the other threads; this one is to be done some time, on a busy machine too. */
function stepBack(): void {
  // Elsewhere a priority is the whole process's.
  if (process.platform !== 'linux') return;
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // A sandbox may forbid it: then jobs have the priority of the others.
  }
}
