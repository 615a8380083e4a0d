/** Snapshots in memory behind the group's port: whole ones, handed out and taken in part by part. */
import type { SnapshotMark } from '../../src/consensus/messages.js';
import type { SnapshotPort } from '../../src/group/snapshot-port.js';
import { PieceCutter } from '../../src/storage/snapshot-bulk.js';

export interface MemorySnapshot {
  readonly mark: SnapshotMark;
  readonly bytes: Uint8Array;
}

export interface MemorySnapshots {
  readonly partBytes: number;
  newest(): MemorySnapshot | undefined;
  /** Before each part is read. */
  wait?(): Promise<void>;
  install(snapshot: MemorySnapshot): Promise<void>;
}

export function memorySnapshots(options: MemorySnapshots): SnapshotPort {
  const { partBytes, newest, install, wait } = options;
  return {
    async latest() {
      const found = newest();
      if (!found) return undefined;
      const { mark, bytes } = found;
      return {
        ...{ mark, bytes: bytes.length },
        async read(offset) {
          await wait?.();
          return bytes.subarray(offset, offset + partBytes);
        },
        close: async () => {},
      };
    },
    receive(mark) {
      const parts: Uint8Array[] = [];
      return {
        write: async (bytes) => void parts.push(bytes),
        install: () => install({ mark, bytes: Buffer.concat(parts) }),
        discard: async () => {},
      };
    },
  };
}

/** A machine's pieces as one run of bytes, and found again in it as in a file. */
export function packPieces(pieces: Iterable<Uint8Array>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const piece of pieces) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(piece.length);
    parts.push(length, piece);
  }
  return Buffer.concat(parts);
}

export function unpackPieces(bytes: Uint8Array): Uint8Array[] {
  const cutter = new PieceCutter('memory');
  const pieces = [...cutter.cut(bytes)];
  cutter.end();
  return pieces;
}
