/**
 * Examines the data folder: write permission, free space, and the time of a durable write, which
 * limits the rate of purchases.
 */
import {
  accessSync,
  closeSync,
  constants,
  fdatasyncSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.js';
import { makePrivateFolder } from '../../base/folders.js';
import { doubt, type Finding, ok, problem } from './finding.js';

const blockBytes = 4 * 1024;
const gib = 1024 ** 3;
/** Two preallocated segments for each member, and room to grow. */
const freeBytesMin = 1 * gib;
const syncForMs = 400;
const syncsMax = 2_000;
const slowMs = 10;
/** No disk is this fast: a cache acknowledges the write before it is durable. */
const unlikelyMs = 0.02;

export function checkDisk(folder: string, clock: Clock): Finding[] {
  try {
    makePrivateFolder(folder);
    return [checkRoom(folder), checkSync(folder, clock)];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [problem('disk', `cannot write to ${folder}: ${reason}`)];
  }
}

/** For a store whose logs are in a database: the folder has only logs and tokens. */
export function checkFolder(folder: string): Finding[] {
  try {
    makePrivateFolder(folder);
    accessSync(folder, constants.W_OK);
    return [ok('disk', `${folder} holds only tokens and process ids`)];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [problem('disk', `cannot write to ${folder}: ${reason}`)];
  }
}

function checkRoom(folder: string): Finding {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const told = `${(free / gib).toFixed(1)} GiB free in ${folder}`;
  if (free >= freeBytesMin) return ok('disk', told);
  return doubt('disk', `${told}; a member needs 32 MiB at first, and the order book grows`);
}

function checkSync(folder: string, clock: Clock): Finding {
  const times = syncTimes(folder, clock).sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)] ?? 0;
  const slowest = times.at(-1) ?? 0;
  const rate = Math.round(1_000 / Math.max(median, 0.001));
  const told = `${rate} a second, median ${median.toFixed(2)} ms, longest ${slowest.toFixed(1)} ms`;
  if (median > slowMs) return doubt('fsync', `${told}: slow, and each purchase waits for two`);
  if (median < unlikelyMs)
    return doubt('fsync', `${told}: too fast for a disk; writes may not be durable`);
  return ok('fsync', told);
}

function syncTimes(folder: string, clock: Clock): number[] {
  const path = join(folder, `.doctor-${process.pid}`);
  const file = openSync(path, 'wx');
  try {
    const block = Buffer.alloc(blockBytes);
    const times: number[] = [];
    const endMs = clock.nowMs() + syncForMs;
    while (clock.nowMs() < endMs && times.length < syncsMax) {
      const startMs = clock.nowMs();
      writeSync(file, block, 0, blockBytes, 0);
      fdatasyncSync(file);
      times.push(clock.nowMs() - startMs);
    }
    return times;
  } finally {
    closeSync(file);
    rmSync(path, { force: true });
  }
}
