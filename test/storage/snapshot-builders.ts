/** Snapshots with a state of a given size, and stores that load them, for the tests of storage. */
import { crc32 } from 'node:zlib';
import type { SnapshotLabel } from '../../src/storage/snapshot-manifest.js';
import type { SnapshotStore } from '../../src/storage/snapshot-store.js';
import type { StoredSnapshot } from '../../src/storage/stored-snapshot.js';

export const folder = '/snapshots';

export function labelOf(seq: number): SnapshotLabel {
  return { seq, epoch: 2, time: seq * 10, hash: `hash ${seq}` };
}

/** Pieces of several lengths that tell whose they are; together several chunks. */
export function piecesOf(
  seq: number,
  lengths = [10, 0, 300_000, 1, 70_000, 900_000],
): Uint8Array[] {
  return lengths.map((length, at) => new Uint8Array(length).fill((seq + at) % 251));
}

export function save(store: SnapshotStore, seq: number, lengths?: number[]): Promise<number> {
  return store.save(labelOf(seq), piecesOf(seq, lengths));
}

/** Bytes in a few letters, to be compared and printed. */
export function brief(pieces: readonly Uint8Array[]): string[] {
  return pieces.map((piece) => `${piece.length} bytes ${crc32(piece)}`);
}

export interface Loaded {
  readonly seq: number;
  /** In brief. */
  readonly pieces: string[];
  readonly passedOver: string | undefined;
}

export async function load(store: SnapshotStore, throughSeq?: number): Promise<Loaded | undefined> {
  let pieces: string[] = [];
  const found = await store.load(() => {
    pieces = [];
    return (piece) => pieces.push(...brief([piece]));
  }, throughSeq);
  return found && { seq: found.seq, pieces, passedOver: found.passedOver?.file };
}

/** As another member would get it, and in the order in which. */
export async function parts(snapshot: StoredSnapshot): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for (let at = 0; at < snapshot.bytes; at += found.at(-1)?.length ?? 0) {
    found.push((await snapshot.read(at)).slice());
  }
  return found;
}
