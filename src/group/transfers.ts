/**
 * Snapshots in pieces between two hosts (docs/PROTOCOL.md, R11): one piece under way to a member
 * at a time, each with a checksum. Who may send one is the core's matter; what is in it, nobody's
 * here.
 */
import { crc32 } from 'node:zlib';
import type { Logger } from '../base/logging.js';
import type { Chunk, Chunked, Message, SnapshotMark } from '../consensus/messages.js';
import type { SnapshotWanted } from '../consensus/outputs.js';
import type { MemberId } from '../consensus/types.js';
import type { SnapshotImage, SnapshotPort } from './snapshot-port.js';

const chunkBytes = 1024 * 1024;
/** A larger snapshot is refused by the member that would have to hold it in memory. */
const snapshotBytesMax = 2 ** 31;

export interface TransferOptions {
  readonly snapshots: SnapshotPort | undefined;
  readonly logger: Logger;
  send(to: MemberId, message: Message): void;
  /** There is no snapshot for this member. */
  missing(to: MemberId): void;
  /** From here until `installed` the state machine must be left alone. */
  installing(): void;
  installed(mark: SnapshotMark): void;
  failed(error: unknown): void;
}

interface Sending {
  readonly epoch: number;
  readonly image: SnapshotImage;
}

interface Receiving {
  readonly from: MemberId;
  readonly epoch: number;
  readonly mark: SnapshotMark;
  readonly parts: Uint8Array[];
  offset: number;
}

export class SnapshotTransfers {
  readonly #options: TransferOptions;
  readonly #sending = new Map<MemberId, Sending>();
  #receiving: Receiving | undefined;
  #installing = false;

  constructor(options: TransferOptions) {
    this.#options = options;
  }

  get isInstalling(): boolean {
    return this.#installing;
  }

  begin({ to, epoch }: SnapshotWanted): void {
    const { snapshots, missing, logger, failed } = this.#options;
    if (snapshots === undefined) {
      missing(to);
      return;
    }
    snapshots.latest().then((image) => {
      if (image === undefined) {
        missing(to);
        return;
      }
      logger.info({ to, seq: image.mark.seq, bytes: image.bytes.length }, 'sends a snapshot');
      this.#sending.set(to, { epoch, image });
      this.#sendChunk(to, 0);
    }, failed);
  }

  answered(from: MemberId, answer: Chunked): void {
    const sending = this.#sending.get(from);
    if (sending === undefined || sending.epoch !== answer.epoch) return;
    if (sending.image.mark.seq !== answer.seq) return;
    if (answer.offset >= sending.image.bytes.length) this.#sending.delete(from);
    else this.#sendChunk(from, answer.offset);
  }

  received(from: MemberId, chunk: Chunk): void {
    if (this.#installing || chunk.total > snapshotBytesMax) return;
    if (crc32(chunk.bytes) !== chunk.checksum) return;
    if (chunk.offset === 0) {
      const { epoch, mark } = chunk;
      this.#receiving = { from, epoch, mark, parts: [], offset: 0 };
    }
    const receiving = this.#receiving;
    if (receiving === undefined || receiving.from !== from) return;
    if (receiving.epoch !== chunk.epoch || receiving.mark.seq !== chunk.mark.seq) return;
    if (receiving.offset !== chunk.offset) return;
    // The frame that it came in is another's memory.
    receiving.parts.push(Uint8Array.from(chunk.bytes));
    receiving.offset += chunk.bytes.length;
    const { epoch, mark, offset } = receiving;
    this.#options.send(from, { kind: 'chunked', epoch, seq: mark.seq, offset });
    if (offset >= chunk.total) this.#install(receiving);
  }

  closed(member: MemberId): void {
    this.#sending.delete(member);
    if (this.#receiving?.from === member) this.#receiving = undefined;
  }

  #sendChunk(to: MemberId, offset: number): void {
    const sending = this.#sending.get(to);
    if (sending === undefined) return;
    const { mark, bytes } = sending.image;
    const piece = bytes.subarray(offset, offset + chunkBytes);
    this.#options.send(to, {
      kind: 'chunk',
      epoch: sending.epoch,
      mark,
      offset,
      total: bytes.length,
      checksum: crc32(piece),
      bytes: piece,
    });
  }

  #install({ mark, parts }: Receiving): void {
    const { snapshots, installing, installed, failed, logger } = this.#options;
    this.#receiving = undefined;
    if (snapshots === undefined) return;
    this.#installing = true;
    installing();
    logger.info({ seq: mark.seq }, 'installs a snapshot');
    snapshots.install({ mark, bytes: Buffer.concat(parts) }).then(() => {
      this.#installing = false;
      installed(mark);
    }, failed);
  }
}
