/**
 * A member's own data folder: who it is, its journal, its snapshots, and the lock that keeps a
 * second process out. Opened once at start; everything in it is recovered by then.
 */
import { join } from 'node:path';
import type { ServiceConfig } from '../base/config.js';
import type { Random } from '../base/random.js';
import { lockFolder } from '../storage/folder-lock.js';
import { openIdentity } from '../storage/identity.js';
import type { SegmentedJournal } from '../storage/journal.js';
import { openJournal } from '../storage/open-journal.js';
import type { SnapshotStore } from '../storage/snapshot-store.js';
import type { Disk } from '../storage/types.js';

export interface MemberFolder {
  readonly clusterId: string;
  readonly incarnation: string;
  readonly learner: boolean;
  readonly journal: SegmentedJournal;
  readonly snapshots: SnapshotStore;
  readonly journalFolder: string;
  readonly snapshotFolder: string;
  close(): Promise<void>;
}
