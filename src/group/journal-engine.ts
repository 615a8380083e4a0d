/**
 * The engine over journals: each member has its log in its own folder, and the core of replication runs
 * between them (docs/PROTOCOL.md).
 */
import type { Clock } from '../base/clock.js';
import type { SnapshotMark } from '../consensus/messages.js';
import type { Engine, EngineParts } from './engine.js';
import { doubtOf, type MemberFolder, refuseGap } from './folder.js';
import { GroupHost } from './host.js';
import { MeteredJournal } from './metered-journal.js';
import type { SnapshotPort } from './snapshot-port.js';

export interface JournalEngineOptions {
  readonly folder: MemberFolder;
  readonly clock: Clock;
  /** The snapshot from which the machine was restored. */
  readonly base: SnapshotMark;
  readonly snapshots?: SnapshotPort;
}

/** Throws a CorruptionError if entries after the snapshot are lost. */
export function journalEngine<Result>(options: JournalEngineOptions): Engine<Result> {
  const { folder, clock, base, snapshots } = options;
  refuseGap(folder, base);
  const { identity } = folder;
  const journal = new MeteredJournal(folder.journal, clock);
  return {
    incarnation: identity.incarnation,
    clusterId: identity.clusterId,
    writes: journal.syncs,
    newGroup({ config, membership, ...parts }: EngineParts<Result>) {
      return new GroupHost<Result>({
        id: config.name,
        voters: membership.replicas.map(({ name }) => name),
        recoveryServers: membership.recoveryServers.map(({ name }) => name),
        learner: identity.learner,
        doubt: doubtOf(folder, base),
        incarnation: identity.incarnation,
        minCopies: config.minCopies,
        admitted: () => identity.admit(),
        ...{ ...parts, journal, base, snapshots },
      });
    },
    request: () => false,
    close: () => folder.close(),
  };
}
