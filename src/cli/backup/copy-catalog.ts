/**
 * Copies the catalog's half of a store: the newest snapshot of the replica with the newest log, and
 * the log after that snapshot. It then computes the state from the copy, which proves that the copy
 * is readable.
 */
import { join } from 'node:path';
import { BazarError } from '../../base/errors.js';
import type { CatalogMachine } from '../../catalog/machine/catalog-machine.js';
import { replayCatalog } from '../../catalog/service/recompute-job.js';
import type { SnapshotMark } from '../../consensus/messages.js';
import type { Entry, Position } from '../../consensus/types.js';
import { type JournalReader, openJournalReader } from '../../storage/read-journal.js';
import { SnapshotStore } from '../../storage/snapshot-store.js';
import type { StoredSnapshot } from '../../storage/stored-snapshot.js';
import type { Disk } from '../../storage/types.js';
import { copyLog } from './copy-log.js';

export interface CatalogCopy {
  /** The replica that the log comes from. */
  readonly from: string;
  readonly end: Position;
  readonly machine: CatalogMachine;
}

/** `names` are the catalog replicas whose folders are in `dataDir`. */
export async function copyCatalog(
  disk: Disk,
  dataDir: string,
  names: readonly string[],
  folder: string,
): Promise<CatalogCopy> {
  const { name: from } = await newestLog(disk, dataDir, names);
  const place = (where: string) => ({
    journalFolder: join(where, 'journal'),
    snapshotFolder: join(where, 'snapshots'),
  });
  const [source, target] = [place(join(dataDir, from)), place(folder)];
  const base = await copySnapshot(disk, source.snapshotFolder, target.snapshotFolder);
  const fromSeq = base.seq + 1;
  const reader = await openJournalReader(disk, source.journalFolder, { fromSeq });
  try {
    if (reader.lastSeq >= fromSeq && reader.firstSeq > fromSeq) {
      // The replica has replaced this part of its log by a newer snapshot.
      throw new BazarError('unavailable', `the log of ${from} no longer has entry ${fromSeq}`);
    }
    const copy = { disk, folder: target.journalFolder, reader, fromSeq, epochMin: 0 };
    const end = (await copyLog({ ...copy, wants: () => true })) ?? base;
    const machine = await replayCatalog({ ...target, throughSeq: end.seq });
    return { from, end: { seq: end.seq, epoch: end.epoch }, machine };
  } finally {
    await reader.close();
  }
}

async function copySnapshot(disk: Disk, source: string, target: string): Promise<Position> {
  const snapshot = await new SnapshotStore(disk, source).newest();
  if (!snapshot) return { seq: 0, epoch: 0 };
  try {
    await transfer(snapshot, new SnapshotStore(disk, target));
    return snapshot.mark;
  } finally {
    await snapshot.close();
  }
}

/** Copies the snapshot through the same path as a transfer between members. */
async function transfer(snapshot: StoredSnapshot, into: SnapshotStore): Promise<void> {
  const incoming = into.receive();
  try {
    for (let at = 0; at < snapshot.bytes; ) {
      const part = await snapshot.read(at);
      await incoming.write(part);
      at += part.length;
    }
    await incoming.finish();
  } catch (error) {
    await incoming.discard();
    throw error;
  }
}

export interface NewestLog {
  readonly name: string;
  readonly end: SnapshotMark;
  /** The highest epoch that a replica has promised. */
  readonly promised: number;
}

/**
 * The log with the higher (epoch, seq) at its end contains every committed entry of the other
 * (docs/PROTOCOL.md, R4).
 */
export async function newestLog(
  disk: Disk,
  dataDir: string,
  names: readonly string[],
): Promise<NewestLog> {
  let newest: { readonly name: string; readonly end: SnapshotMark } | undefined;
  let promised = 0;
  for (const name of names) {
    const log = await logEnd(disk, join(dataDir, name));
    promised = Math.max(promised, log.promised);
    if (!newest || isAfter(log.end, newest.end)) newest = { name, end: log.end };
  }
  if (newest && newest.end.seq > 0) return { ...newest, promised };
  throw new BazarError('not_found', `no catalog replica in ${dataDir} has data`);
}

async function logEnd(
  disk: Disk,
  folder: string,
): Promise<{ readonly end: SnapshotMark; readonly promised: number }> {
  const reader = await openJournalReader(disk, join(folder, 'journal'));
  try {
    const promised = reader.promised.epoch;
    const last = await lastEntry(reader);
    if (last) return { end: { seq: last.seq, epoch: last.epoch, time: last.time }, promised };
    const snapshot = await new SnapshotStore(disk, join(folder, 'snapshots')).newest();
    await snapshot?.close();
    return { end: snapshot?.mark ?? { seq: 0, epoch: 0, time: 0 }, promised };
  } finally {
    await reader.close();
  }
}

async function lastEntry(reader: JournalReader): Promise<Entry | undefined> {
  if (reader.lastSeq < reader.firstSeq) return undefined;
  return (await reader.readEntries(reader.lastSeq, 0))[0];
}

function isAfter(a: Position, b: Position): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.seq > b.seq);
}
