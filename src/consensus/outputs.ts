/**
 * What the core asks of its host: ONE ordered batch after each input. The host persists the
 * records, sends each message once its journal position is durable, applies, then answers reads.
 */
import type { Chunk, Chunked, Message } from './messages.js';
import type { LogRecord, MemberId } from './types.js';

export interface Outgoing {
  readonly to: MemberId;
  readonly message: Message;
  /** It may leave when this many records are durable; 0: at once. */
  readonly after: number;
}

/** Entries that memory has lost, for a member that lags; answered with `loaded`. */
export interface Load {
  readonly to: MemberId;
  readonly epoch: number;
  /** The entry before those that are wanted; its epoch is wanted as well. */
  readonly prevSeq: number;
}

/** A member needs the newest snapshot; answered with messages of kind chunk. */
export interface SnapshotWanted {
  readonly to: MemberId;
  readonly epoch: number;
  /** Only one that goes further than this. */
  readonly after: number;
}

export interface ReadDone {
  readonly id: number;
  /** Serve when applied so far; undefined: no leader could vouch for it. */
  readonly position: number | undefined;
}

export interface Batch {
  readonly records: readonly LogRecord[];
  /** The journal position after these records. */
  readonly position: number;
  readonly messages: readonly Outgoing[];
  /** Entries up to this seq may be applied. Never goes back. */
  readonly applyThrough: number;
  readonly reads: readonly ReadDone[];
  readonly loads: readonly Load[];
  readonly snapshotsWanted: readonly SnapshotWanted[];
  /** Pieces of a snapshot that a member with the right to do so sent. */
  readonly chunks: readonly { readonly from: MemberId; readonly chunk: Chunk }[];
  readonly chunkAnswers: readonly { readonly from: MemberId; readonly answer: Chunked }[];
  /** The lead was lost: what was proposed and is not applied has an unknown outcome. */
  readonly leadLost: boolean;
  readonly roleChanged: boolean;
  /** This learner has caught up: make it durable, then call `admitted` (R10). */
  readonly admitted: boolean;
}

/** The batch under construction. */
export class Outputs {
  /** Records handed out so far, this batch included. */
  position = 0;
  /** Counts the batches. */
  batch = 1;
  records: LogRecord[] = [];
  messages: Outgoing[] = [];
  reads: ReadDone[] = [];
  loads: Load[] = [];
  snapshotsWanted: SnapshotWanted[] = [];
  chunks: { from: MemberId; chunk: Chunk }[] = [];
  chunkAnswers: { from: MemberId; answer: Chunked }[] = [];
  leadLost = false;
  roleChanged = false;
  admitted = false;

  persist(record: LogRecord): void {
    this.records.push(record);
    this.position += 1;
  }

  send(to: MemberId, message: Message, after = 0): void {
    this.messages.push({ to, message, after });
  }

  /** Hands the batch over and starts the next. */
  take(applyThrough: number): Batch {
    const batch: Batch = {
      records: handOver(this.records),
      position: this.position,
      messages: handOver(this.messages),
      applyThrough,
      reads: handOver(this.reads),
      loads: handOver(this.loads),
      snapshotsWanted: handOver(this.snapshotsWanted),
      chunks: handOver(this.chunks),
      chunkAnswers: handOver(this.chunkAnswers),
      leadLost: this.leadLost,
      roleChanged: this.roleChanged,
      admitted: this.admitted,
    };
    this.batch += 1;
    if (this.records.length > 0) this.records = [];
    if (this.messages.length > 0) this.messages = [];
    if (this.reads.length > 0) this.reads = [];
    if (this.loads.length > 0) this.loads = [];
    if (this.snapshotsWanted.length > 0) this.snapshotsWanted = [];
    if (this.chunks.length > 0) this.chunks = [];
    if (this.chunkAnswers.length > 0) this.chunkAnswers = [];
    this.leadLost = false;
    this.roleChanged = false;
    this.admitted = false;
    return batch;
  }
}

const none: readonly never[] = Object.freeze([]);

/** An empty list is not handed out: it goes on being filled. */
function handOver<T>(list: T[]): readonly T[] {
  return list.length > 0 ? list : none;
}
