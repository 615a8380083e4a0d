/**
 * The entry of a jobs thread: calls one function of a module. Converts an expected failure to plain
 * data with its code, which structured cloning of an error would lose.
 */
import { constants, setPriority } from 'node:os';
import { BazarError, type WireError } from '../base/errors.js';

export interface JobTask {
  /** The URL of the job's module. */
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
      // A disk failure or a corrupt file: the owner needs the details, which a clone would lose.
      return { error: new BazarError('internal', error.message, { details: { file } }).toWire() };
    }
    throw error;
  }
}

/**
 * Lowers the thread's priority: a job may take its time, while customers wait for the other
 * threads.
 */
function stepBack(): void {
  // On other systems a priority applies to the whole process.
  if (process.platform !== 'linux') return;
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // A sandbox may forbid it; jobs then have normal priority.
  }
}
