/**
 * What a jobs thread runs: one function of a module. An expected failure keeps its code on the way
 * to the owner, which a cloned error would lose.
 */
import { BazarError, type WireError } from '../base/errors.js';

export interface JobTask {
  /** The address of the job's module. */
  readonly module: string;
  readonly exportName: string;
  readonly args: unknown;
}

export type JobOutcome = { readonly result: unknown } | { readonly error: WireError };

export async function runJob(task: JobTask): Promise<JobOutcome> {
  const module: Record<string, unknown> = await import(task.module);
  const job = module[task.exportName];
  if (typeof job !== 'function') {
    throw new Error(`${task.module} exports no function ${task.exportName}`);
  }
  try {
    return { result: await job(task.args) };
  } catch (error) {
    if (error instanceof BazarError) return { error: error.toWire() };
    throw error;
  }
}
