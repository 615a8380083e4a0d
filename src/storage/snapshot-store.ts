/**
 * The snapshots of a state machine in a folder (docs/PROTOCOL.md, R11): for each a small manifest and a
 * bulk file. Invariant: an older snapshot is removed only when a newer one is durable. Two are kept, so
 * that one bad file does not lose the state.
 */
import path from 'node:path';
import { type Rest, restless } from '../base/pace.js';
import { CorruptionError, orUnreadable } from './corruption.js';
import { IncomingSnapshot } from './incoming-snapshot.js';
import { BulkWriter } from './snapshot-bulk.js';
import {
  bulkSeq,
  decodeManifest,
  type Manifest,
  manifestOf,
  manifestPath,
  manifestSeq,
  type SnapshotLabel,
  writeManifest,
} from './snapshot-manifest.js';
import { StoredSnapshot } from './stored-snapshot.js';
import type { Disk } from './types.js';

const keptMax = 2;

/** The origin of a restored state. */
export interface LoadedSnapshot extends SnapshotLabel {
  readonly path: string;
  /** A newer snapshot that is damaged. */
  readonly passedOver: CorruptionError | undefined;
}

export class SnapshotStore {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #received: (seq: number) => Promise<void>;
  /** The bulks that were found damaged. */
  readonly #spoiled = new Set<string>();

  /** @param received records that a snapshot came from another member, before it is relied on. */
  constructor(
    disk: Disk,
    folder: string,
    received: (seq: number) => Promise<void> = async () => {},
  ) {
    this.#disk = disk;
    this.#folder = folder;
    this.#received = received;
  }

  /** Runs at start, before other writers: removes half-written files left by a crash. */
  async tidy(): Promise<void> {
    const names = await this.#disk.list(this.#folder);
    const seqs = new Set(names.map(manifestSeq));
    for (const name of names) {
      const seq = bulkSeq(name);
      const isOrphan = seq !== undefined && !(seqs.has(seq) && (await this.#isNamed(seq, name)));
      if (isOrphan || name.endsWith('.tmp')) await this.#disk.remove(this.#path(name));
    }
  }

  /** Durable when it resolves; only then may the journal before it be dropped. Returns its bytes. */
  async save(
    label: SnapshotLabel,
    pieces: Iterable<Uint8Array>,
    rest: Rest = restless,
  ): Promise<number> {
    await this.#disk.makeFolder(this.#folder);
    const draft = await this.#disk.draft(this.#path('saving'));
    let manifest: Manifest;
    try {
      const writer = new BulkWriter(draft);
      for (const piece of pieces) {
        await writer.put(piece);
        await rest();
      }
      manifest = manifestOf(label, await writer.end());
    } catch (error) {
      await draft.discard();
      throw error;
    }
    await draft.finish(this.#path(manifest.bulk));
    await this.#keep(manifest);
    return manifest.bytes;
  }

  /** The newest one, by its manifest alone: the state is not read. */
  async newest(): Promise<StoredSnapshot | undefined> {
    const damages: CorruptionError[] = [];
    for await (const snapshot of this.#candidates(Number.POSITIVE_INFINITY, damages)) {
      return snapshot;
    }
    if (damages[0]) throw damages[0];
    return undefined;
  }

  /**
   * Passes the pieces of the newest whole snapshot to the function that `begin` returns. If a snapshot
   * is damaged, it starts again with the one before. `throughSeq` excludes snapshots of later entries.
   */
  async load(
    begin: () => (piece: Uint8Array) => void,
    throughSeq = Number.POSITIVE_INFINITY,
    rest: Rest = restless,
  ): Promise<LoadedSnapshot | undefined> {
    const damages: CorruptionError[] = [];
    for await (const snapshot of this.#candidates(throughSeq, damages)) {
      try {
        const take = begin();
        for await (const piece of snapshot.pieces()) {
          take(piece);
          await rest();
        }
        return { ...snapshot.mark, path: snapshot.path, passedOver: damages[0] };
      } catch (error) {
        if (!(error instanceof CorruptionError)) throw error;
        damages.push(error);
      } finally {
        await snapshot.close();
      }
    }
    // No snapshot at all means a new replica; only damaged ones are a loss to report.
    if (damages[0]) throw damages[0];
    return undefined;
  }

  /** Receives a snapshot from another member. */
  receive(): IncomingSnapshot {
    return new IncomingSnapshot(this.#disk, this.#folder, async (manifest) => {
      await this.#keep(manifest);
      await this.#received(manifest.seq);
    });
  }

  /** Newest first; the consumer closes each. Those that cannot be opened go to `damages`. */
  async *#candidates(
    throughSeq: number,
    damages: CorruptionError[],
  ): AsyncGenerator<StoredSnapshot> {
    for (const seq of await this.#list()) {
      if (seq > throughSeq) continue;
      try {
        const snapshot = await this.#open(seq);
        if (!snapshot) continue;
        yield snapshot;
      } catch (error) {
        if (!(error instanceof CorruptionError)) throw error;
        damages.push(error);
      }
    }
  }

  async #open(seq: number): Promise<StoredSnapshot | undefined> {
    const manifest = await this.#manifest(seq);
    if (!manifest || this.#spoiled.has(manifest.bulk)) return undefined;
    return StoredSnapshot.open(this.#disk, this.#folder, manifest, () => {
      this.#spoiled.add(manifest.bulk);
    });
  }

  async #manifest(seq: number): Promise<Manifest | undefined> {
    const file = manifestPath(this.#folder, seq);
    const bytes = await orUnreadable(file, 0, this.#disk.readFile(file));
    return bytes && decodeManifest(file, bytes);
  }

  /** An unreadable manifest stays: it may be the only one left. */
  async #isNamed(seq: number, bulk: string): Promise<boolean> {
    try {
      return (await this.#manifest(seq))?.bulk === bulk;
    } catch (error) {
      if (error instanceof CorruptionError) return true;
      throw error;
    }
  }

  /** The seqs of the snapshots, newest first. */
  async #list(): Promise<number[]> {
    const names = await this.#disk.list(this.#folder);
    return names.flatMap((name) => manifestSeq(name) ?? []).sort((a, b) => b - a);
  }

  async #keep(manifest: Manifest): Promise<void> {
    await writeManifest(this.#disk, this.#folder, manifest);
    await this.#removeOld();
  }

  /** Removes a manifest before its bulk. A newer bulk without a manifest may be about to get one. */
  async #removeOld(): Promise<void> {
    const seqs = await this.#list();
    const oldestKept = seqs[keptMax - 1];
    if (oldestKept === undefined) return;
    for (const seq of seqs.slice(keptMax).reverse()) {
      await this.#disk.remove(manifestPath(this.#folder, seq));
    }
    for (const name of await this.#disk.list(this.#folder)) {
      const seq = bulkSeq(name);
      if (seq !== undefined && seq < oldestKept) await this.#disk.remove(this.#path(name));
    }
  }

  #path(name: string): string {
    return path.join(this.#folder, name);
  }
}
