/**
 * Transfers snapshots in parts between two hosts (docs/PROTOCOL.md, R11). One part to a member is
 * in flight at a time, with a checksum, read from the sender's file and written to the receiver's,
 * so that neither holds more than a part. The core decides which member sends one.
 */
import { crc32 } from 'node:zlib';
import type { Logger } from '../base/logging.js';
import type { Chunk, Chunked, Message, SnapshotMark } from '../consensus/messages.js';
import type { SnapshotWanted } from '../consensus/outputs.js';
import type { MemberId } from '../consensus/types.js';
import { CorruptionError } from '../storage/corruption.js';
import type { Incoming, SnapshotImage, SnapshotPort } from './snapshot-port.js';

/** Larger snapshots are refused as invalid. */
const snapshotBytesMax = 2 ** 33;

export interface TransferOptions {
  readonly snapshots: SnapshotPort | undefined;
  readonly logger: Logger;
  send(to: MemberId, message: Message): void;
  /** There is no snapshot for this member. */
  missing(to: MemberId): void;
  /** True if the log has not overtaken the complete snapshot. */
  isWanted(mark: SnapshotMark): boolean;
  /** From this call until `installed` the state machine must not be used. */
  installing(): void;
  installed(mark: SnapshotMark): void;
  failed(error: unknown): void;
}

interface Sending {
  readonly epoch: number;
  readonly after: number;
  readonly image: SnapshotImage;
}

interface Receiving {
  readonly from: MemberId;
  readonly epoch: number;
  readonly mark: SnapshotMark;
  readonly incoming: Incoming;
  /** All bytes before it are written. */
  offset: number;
  busy: boolean;
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

  begin({ to, epoch, after }: SnapshotWanted): void {
    const { snapshots, logger, failed } = this.#options;
    if (snapshots === undefined) {
      this.#options.missing(to);
      return;
    }
    snapshots.latest().then(
      (image) => {
        if (image === undefined || image.mark.seq <= after) {
          image?.close().catch(failed);
          this.#options.missing(to);
          return;
        }
        logger.info(
          { to, seq: image.mark.seq, bytes: image.bytes },
          `sends ${to} a snapshot: the log no longer reaches back to what it has`,
        );
        this.#endSending(to);
        this.#sending.set(to, { epoch, after, image });
        this.#send(to, 0);
      },
      (error: unknown) => {
        if (!(error instanceof CorruptionError)) failed(error);
        else logger.error({ to, error: error.message }, 'there is no whole snapshot to send');
        this.#options.missing(to);
      },
    );
  }

  answered(from: MemberId, answer: Chunked): void {
    const sending = this.#sending.get(from);
    if (sending === undefined || sending.epoch !== answer.epoch) return;
    if (sending.image.mark.seq !== answer.seq) return;
    if (answer.offset >= sending.image.bytes) this.#endSending(from);
    else this.#send(from, answer.offset);
  }

  received(from: MemberId, chunk: Chunk): void {
    if (this.#installing || chunk.total > snapshotBytesMax) return;
    if (crc32(chunk.bytes) !== chunk.checksum) return;
    if (chunk.offset === 0) this.#beginReceiving(from, chunk);
    const receiving = this.#receiving;
    if (receiving === undefined || receiving.from !== from || receiving.busy) return;
    if (receiving.epoch !== chunk.epoch || receiving.mark.seq !== chunk.mark.seq) return;
    if (receiving.offset !== chunk.offset) return;
    receiving.busy = true;
    // A copy: the frame's memory belongs to its reader.
    receiving.incoming.write(Uint8Array.from(chunk.bytes)).then(
      () => this.#wrote(receiving, chunk),
      (error: unknown) => this.#spoiled(receiving, error),
    );
  }

  closed(member: MemberId): void {
    this.#endSending(member);
    if (this.#receiving?.from === member) this.#endReceiving();
  }

  /** Ends all transfers; an incomplete snapshot is discarded. */
  stop(): void {
    for (const member of [...this.#sending.keys()]) this.#endSending(member);
    this.#endReceiving();
  }

  #send(to: MemberId, offset: number): void {
    const sending = this.#sending.get(to);
    if (sending === undefined) return;
    const { epoch, after, image } = sending;
    image.read(offset).then(
      (bytes) => {
        if (this.#sending.get(to) !== sending) return;
        const { mark, bytes: total } = image;
        const checksum = crc32(bytes);
        this.#options.send(to, { kind: 'chunk', epoch, mark, offset, total, checksum, bytes });
      },
      (error: unknown) => {
        if (this.#sending.get(to) !== sending) return;
        this.#endSending(to);
        if (error instanceof CorruptionError) {
          this.#options.logger.error({ to, error: error.message }, 'a snapshot cannot be sent');
          this.begin({ to, epoch, after });
        } else this.#options.failed(error);
      },
    );
  }

  #endSending(to: MemberId): void {
    const image = this.#sending.get(to)?.image;
    this.#sending.delete(to);
    image?.close().catch(this.#options.failed);
  }

  #beginReceiving(from: MemberId, { epoch, mark }: Chunk): void {
    const incoming = this.#options.snapshots?.receive(mark);
    this.#endReceiving();
    if (!incoming) return;
    this.#receiving = { from, epoch, mark, incoming, offset: 0, busy: false };
  }

  #endReceiving(): void {
    const incoming = this.#receiving?.incoming;
    this.#receiving = undefined;
    incoming?.discard().catch(this.#options.failed);
  }

  #wrote(receiving: Receiving, chunk: Chunk): void {
    if (this.#receiving !== receiving) return;
    receiving.busy = false;
    receiving.offset += chunk.bytes.length;
    const { from, epoch, mark, offset } = receiving;
    this.#options.send(from, { kind: 'chunked', epoch, seq: mark.seq, offset });
    if (offset < chunk.total) return;
    if (this.#options.isWanted(mark)) this.#install(receiving);
    else this.#endReceiving();
  }

  /**
   * The snapshot differs from its manifest. The sender gets no more answers and asks for this
   * member's position again.
   */
  #spoiled(receiving: Receiving, error: unknown): void {
    if (this.#receiving !== receiving) return;
    this.#endReceiving();
    const { from, mark } = receiving;
    const { logger, failed } = this.#options;
    if (!(error instanceof CorruptionError)) failed(error);
    else logger.warn({ from, seq: mark.seq, error: error.message }, 'refuses a snapshot');
  }

  #install({ mark, incoming }: Receiving): void {
    const { installing, installed, failed, logger } = this.#options;
    this.#receiving = undefined;
    this.#installing = true;
    installing();
    logger.info({ seq: mark.seq }, 'takes over a snapshot in place of its own state');
    incoming.install().then(() => {
      this.#installing = false;
      installed(mark);
    }, failed);
  }
}
