/**
 * The part of a member's `identity.json` about one of its logs (docs/PROTOCOL.md, R10): the journal's
 * segments, the snapshot it relies on, and the entries that a damaged end may have held. A recovery
 * server has two logs in one folder. Invariant: a lost or damaged log makes the member a learner.
 */
import type { Doubt } from '../consensus/types.js';
import type { JsonFile } from './json-file.js';
import type { JournalMark, JournalMarks } from './types.js';

/** Undefined fields: an older version wrote the file, or there is no value yet. */
export interface LogFields {
  journal?: JournalMark;
  /** The last entry of a snapshot received from another member. */
  snapshotSeq?: number;
  /** `intact`: the member is a learner because of another log. */
  doubt?: Doubt | 'intact';
}

export interface LearnerFile {
  learner: boolean;
  /** By group; undefined in a file of an older version. */
  logs?: Record<string, LogFields>;
  /** An older version formatted the folder, so a log without a mark may have had a journal. */
  isOlder?: boolean;
}

export interface LogIdentity extends JournalMarks {
  readonly learner: boolean;
  /**
   * The log has never had a journal: this version formatted the folder, and no start has opened the log.
   */
  readonly isNew: boolean;
  /** The last entry of a snapshot received from another member; 0: none. */
  readonly snapshotSeq: number;
  /** What a learner may have lost. Undefined: not known, or the member is not a learner. */
  readonly doubt: Doubt | 'intact' | undefined;
  /** Durable when it resolves, like the calls below. */
  setSnapshot(seq: number): Promise<void>;
  /** Records that the end of the log is damaged, and what it may have held. */
  addDoubt(doubt: Doubt): Promise<void>;
  /** The operator accepts the loss of entries that no member of the group has. */
  acceptLoss(): Promise<void>;
  /** Records a loss whose extent is unknown. */
  lose(): Promise<void>;
  /** Records that this log's group has admitted the member; another log's group may not have yet. */
  admitted(): Promise<void>;
  /** The log starts empty: there is no journal and no snapshot. */
  forget(): Promise<void>;
}

export function logIdentity<T extends LearnerFile>(
  file: JsonFile<T>,
  name: string,
  newId: number,
): LogIdentity {
  const fields = (): LogFields => file.data.logs?.[name] ?? {};
  const change = (apply: (own: LogFields, data: T) => void): Promise<void> =>
    file.update((data) => {
      if (!data.logs) data.isOlder = true;
      data.logs ??= {};
      data.logs[name] ??= {};
      apply(data.logs[name], data);
    });
  return {
    newId,
    get learner() {
      return file.data.learner;
    },
    get isNew() {
      const { logs, isOlder = false } = file.data;
      return logs !== undefined && !isOlder && fields().journal === undefined;
    },
    get mark() {
      return fields().journal;
    },
    get snapshotSeq() {
      return fields().snapshotSeq ?? 0;
    },
    get doubt() {
      return file.data.learner ? fields().doubt : undefined;
    },
    set: (mark) =>
      change((own) => {
        own.journal = mark;
      }),
    setSnapshot: (seq) =>
      change((own) => {
        own.snapshotSeq = Math.max(own.snapshotSeq ?? 0, seq);
      }),
    addDoubt: (doubt) =>
      change((own, data) => {
        // A learner without a doubt has lost more than this.
        if (data.learner && own.doubt === undefined) return;
        becomeLearner(data);
        own.doubt = union(own.doubt, doubt);
      }),
    acceptLoss: () =>
      change((own) => {
        if (typeof own.doubt === 'object') own.doubt = { ...own.doubt, accepted: true };
      }),
    lose: () =>
      change((own, data) => {
        becomeLearner(data);
        delete own.doubt;
      }),
    admitted: () =>
      change((own) => {
        own.doubt = 'intact';
      }),
    forget: () =>
      change((own) => {
        delete own.journal;
        delete own.snapshotSeq;
      }),
  };
}

/** The member's other logs have lost nothing. */
function becomeLearner(data: LearnerFile): void {
  if (data.learner) return;
  data.learner = true;
  for (const fields of Object.values(data.logs ?? {})) fields.doubt = 'intact';
}

/**
 * The promise from before the first damage counts. A learner's acknowledgements do not count, but
 * `throughSeq` may over-approximate.
 */
function union(one: LogFields['doubt'], other: Doubt): Doubt {
  if (one === undefined || one === 'intact') return other;
  // The operator has not seen the new damage.
  const { accepted: _, ...before } = one;
  const isOpen = one.throughSeq === undefined || other.throughSeq === undefined;
  return {
    ...before,
    afterSeq: Math.min(one.afterSeq, other.afterSeq),
    throughSeq: isOpen ? undefined : Math.max(one.throughSeq ?? 0, other.throughSeq ?? 0),
  };
}
