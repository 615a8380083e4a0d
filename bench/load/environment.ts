/** The machine of a measurement; results of different machines are not comparable. */
import { closeSync, fdatasyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { median } from './measure.js';

export interface Environment {
  readonly date: string;
  readonly node: string;
  readonly system: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** Append of 4 KiB and fdatasync on the disk of the store's data: the cost of one durable write. */
  readonly syncMs: number;
  /** Data in memory is not durable, so purchases measured there are not representative. */
  readonly dataInMemory: boolean;
}

const tmpfsType = 0x0102_1994;
const syncs = 100;
const blockBytes = 4_096;

export function describeEnvironment(dataParent: string): Environment {
  const [first] = cpus();
  return {
    date: new Date().toISOString(),
    node: process.version,
    system: `${type()} ${release()}`,
    cpu: first?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    syncMs: medianSyncMs(dataParent),
    dataInMemory: statfsSync(dataParent).type === tmpfsType,
  };
}

function medianSyncMs(folder: string): number {
  const file = join(folder, `bazar-bench-sync-${process.pid}`);
  const descriptor = openSync(file, 'wx');
  const block = Buffer.alloc(blockBytes, 1);
  const tookMs: number[] = [];
  for (let i = 0; i < syncs; i++) {
    const beganMs = performance.now();
    writeSync(descriptor, block);
    fdatasyncSync(descriptor);
    tookMs.push(performance.now() - beganMs);
  }
  closeSync(descriptor);
  rmSync(file);
  return median(tookMs);
}
