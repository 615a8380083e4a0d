/**
 * The core's requests to its host: one ordered batch after each input. The host persists the records,
 * sends each message once its journal position is durable, applies entries, and then answers reads.
 */
import type { Chunk, Chunked, Message } from './messages.js';
import type { LogRecord, MemberId } from './types.js';

export interface Outgoing {
  readonly to: MemberId;
  readonly message: Message;
  /** The message may leave when this many records are durable; 0: at once. */
  readonly after: number;
}

/** Requests entries that memory has dropped, for a member that lags. The host answers with `loaded`. */
export interface Load {
  readonly to: MemberId;
  readonly epoch: number;
  /** The entry before the requested ones; the answer also contains its epoch. */
  readonly prevSeq: number;
}

/** A member needs the newest snapshot. The host answers with messages of kind chunk. */
export interface SnapshotWanted {
  readonly to: MemberId;
  readonly epoch: number;
  /** The snapshot must go further than this seq. */
  readonly after: number;
}

export interface ReadDone {
  readonly id: number;
  /** Serve the read once this seq is applied. Undefined: no leader could confirm a position. */
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
  /** Pieces of a snapshot from a member that has the right to send them. */
  readonly chunks: readonly { readonly from: MemberId; readonly chunk: Chunk }[];
  readonly chunkAnswers: readonly { readonly from: MemberId; readonly answer: Chunked }[];
  /** The leadership was lost: commands that are proposed and not applied have an unknown outcome. */
  readonly leadLost: boolean;
  readonly roleChanged: boolean;
  /** This learner has caught up: the host records that durably, then calls `admitted` (R10). */
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

/** Returns a shared empty list for an empty one, which stays in use here. */
function handOver<T>(list: T[]): readonly T[] {
  return list.length > 0 ? list : none;
}
