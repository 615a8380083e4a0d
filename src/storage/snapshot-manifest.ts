/**
 * The manifest of a snapshot: JSON with its position in the log, the name of its bulk, and a checksum of
 * each chunk. It is written last, and the snapshot exists once it does. Invariant: the bulk's name
 * depends on its content, so two snapshots of the same entry never share a file.
 */
import path from 'node:path';
import { Low } from 'lowdb';
import { CorruptionError } from './corruption.js';
import { decodeJson, encodeJson, jsonAdapter } from './json-file.js';
import { type BulkSeal, checksumOf, chunkCount } from './snapshot-bulk.js';
import type { Disk } from './types.js';

/** The state that a snapshot holds. */
export interface SnapshotLabel {
  readonly seq: number;
  readonly epoch: number;
  /** Log time of the entry. */
  readonly time: number;
  /** The state machine's own hash of the state (I4). */
  readonly hash: string;
}

export interface Manifest extends SnapshotLabel, BulkSeal {
  readonly version: typeof version;
  /** The bulk's name, in the same folder. */
  readonly bulk: string;
}

const version = 2;
const namePattern = /^snapshot-(\d{16})\.json$/;
const bulkPattern = /^snapshot-(\d{16})\.[0-9a-f]{8}\.bulk$/;

export function manifestOf({ seq, epoch, time, hash }: SnapshotLabel, seal: BulkSeal): Manifest {
  const { bytes, checksums } = seal;
  const content = checksumOf(Buffer.from(`${hash} ${checksums.join(' ')}`));
  const bulk = `${stem(seq)}.${content}.bulk`;
  return { version, seq, epoch, time, hash, bulk, bytes, checksums };
}

export function manifestPath(folder: string, seq: number): string {
  return path.join(folder, `${stem(seq)}.json`);
}

/** The seq of the manifest or bulk of this name; undefined where it is neither. */
export function manifestSeq(name: string): number | undefined {
  return seqIn(namePattern, name);
}

export function bulkSeq(name: string): number | undefined {
  return seqIn(bulkPattern, name);
}

/** When it resolves, the manifest is durable, and so is the snapshot. */
export async function writeManifest(disk: Disk, folder: string, manifest: Manifest): Promise<void> {
  const file = manifestPath(folder, manifest.seq);
  await new Low(jsonAdapter<Manifest>(disk, file), manifest).write();
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  return encodeJson(manifest);
}

/** Throws a CorruptionError that names `file` if the bytes are not a manifest. */
export function decodeManifest(file: string, bytes: Uint8Array): Manifest {
  const found = decodeJson(file, bytes) as Partial<Manifest>;
  const { seq, epoch, time, hash, bulk, bytes: length, checksums } = found;
  const isManifest =
    found.version === version &&
    typeof hash === 'string' &&
    [seq, epoch, time, length].every((value) => Number.isSafeInteger(value)) &&
    typeof bulk === 'string' &&
    bulkSeq(bulk) === seq &&
    Array.isArray(checksums) &&
    checksums.length === chunkCount(length ?? 0);
  if (!isManifest) throw new CorruptionError(file, 0, 'content', 'this is no snapshot of ours');
  return found as Manifest;
}

function stem(seq: number): string {
  return `snapshot-${String(seq).padStart(16, '0')}`;
}

function seqIn(pattern: RegExp, name: string): number | undefined {
  const digits = pattern.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
