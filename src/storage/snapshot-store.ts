/**
 * The snapshots of a state machine in a folder, a file each (docs/PROTOCOL.md, R11). Knows their
 * place in the log, not what the state means. Invariant: an older one is removed only when a newer
 * one is durable, and two are kept, so that one bad file is not the end.
 */
import path from 'node:path';
import { Low } from 'lowdb';
import { CorruptionError } from './corruption.js';
import { decodeJson, encodeJson, jsonAdapter } from './json-file.js';
import type { Disk } from './types.js';

export interface Snapshot {
  readonly seq: number;
  readonly epoch: number;
  /** Log time of the entry. */
  readonly time: number;
  /** The state machine's own hash of the state (I4). */
  readonly hash: string;
  readonly state: unknown;
}

const keptMax = 2;
const namePattern = /^snapshot-(\d{16})\.json$/;

export class SnapshotStore {
  readonly #disk: Disk;
  readonly #folder: string;

  constructor(disk: Disk, folder: string) {
    this.#disk = disk;
    this.#folder = folder;
  }

  /** Durable when it resolves; only then may the journal before it be dropped. */
  async save({ seq, epoch, time, hash, state }: Snapshot): Promise<void> {
    await this.#disk.makeFolder(this.#folder);
    const snapshot: Snapshot = { seq, epoch, time, hash, state };
    await new Low(jsonAdapter<Snapshot>(this.#disk, this.#path(seq)), snapshot).write();
    await this.#removeOld();
  }

  /** The newest one whose checksum is right; `throughSeq` leaves out those of later entries. */
  async load(throughSeq = Number.POSITIVE_INFINITY): Promise<Snapshot | undefined> {
    return (await this.#newest(throughSeq))?.snapshot;
  }

  /** The newest one as bytes, to be sent to another member. */
  async loadBytes(): Promise<{ snapshot: Snapshot; bytes: Uint8Array } | undefined> {
    return this.#newest(Number.POSITIVE_INFINITY);
  }

  /** Keeps a snapshot that came as bytes; throws a CorruptionError where they are not one. */
  async saveBytes(bytes: Uint8Array): Promise<Snapshot> {
    const snapshot = decodeSnapshot('a snapshot from another member', bytes);
    await this.#disk.makeFolder(this.#folder);
    await this.#disk.replace(this.#path(snapshot.seq), bytes);
    await this.#removeOld();
    return snapshot;
  }

  async #newest(
    throughSeq: number,
  ): Promise<{ snapshot: Snapshot; bytes: Uint8Array } | undefined> {
    let damage: CorruptionError | undefined;
    for (const seq of await this.#list()) {
      if (seq > throughSeq) continue;
      const file = this.#path(seq);
      const bytes = await this.#disk.readFile(file);
      if (!bytes) continue;
      try {
        return { snapshot: decodeSnapshot(file, bytes), bytes };
      } catch (error) {
        if (!(error instanceof CorruptionError)) throw error;
        damage ??= error;
      }
    }
    // No snapshot at all is a new replica; only bad ones is a loss that must be named.
    if (damage) throw damage;
    return undefined;
  }

  /** The seqs of the snapshots, newest first. */
  async #list(): Promise<number[]> {
    const names = await this.#disk.list(this.#folder);
    const seqs = names.flatMap((name) => namePattern.exec(name)?.[1] ?? []).map(Number);
    return seqs.sort((a, b) => b - a);
  }

  async #removeOld(): Promise<void> {
    for (const name of await this.#disk.list(this.#folder)) {
      if (name.endsWith('.tmp')) await this.#disk.remove(path.join(this.#folder, name));
    }
    const old = (await this.#list()).slice(keptMax);
    for (const seq of old.reverse()) await this.#disk.remove(this.#path(seq));
  }

  #path(seq: number): string {
    return path.join(this.#folder, `snapshot-${String(seq).padStart(16, '0')}.json`);
  }
}

/** A snapshot's bytes, as `saveBytes` takes them. */
export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  return encodeJson(snapshot);
}

function decodeSnapshot(file: string, bytes: Uint8Array): Snapshot {
  const found = decodeJson(file, bytes) as Partial<Snapshot>;
  const { seq, epoch, time, hash, state } = found;
  const numbers = typeof seq === 'number' && typeof epoch === 'number' && typeof time === 'number';
  if (!numbers || typeof hash !== 'string') {
    throw new CorruptionError(file, 0, 'content', 'this is no snapshot');
  }
  return { seq, epoch, time, hash, state };
}
