/**
 * A fast model of a member's folder, for most seeds: a journal of plain records, one snapshot, and
 * whether the member votes. It judges damage as production does: the last batch is doubtful, earlier
 * damage is corruption, and a lost journal beside an existing identity is refused.
 */
import type { SnapshotMark } from '../src/consensus/messages.js';
import type { Doubt, Entry, LogRecord, SnapshotMachine } from '../src/consensus/types.js';
import type { SnapshotPort } from '../src/group/snapshot-port.js';
import { CorruptionError } from '../src/storage/corruption.js';
import type { Journal } from '../src/storage/types.js';
import {
  type MemorySnapshot,
  memorySnapshots,
  packPieces,
  unpackPieces,
} from '../test/group/memory-snapshots.js';
import { LeanDisk, LeanJournal } from './lean-journal.js';
import {
  type MemberFolder,
  noMark,
  type Opened,
  type Part,
  type Restorable,
  type Tail,
} from './member-folder.js';
import type { Life } from './process.js';
import type { World } from './world.js';

const folder = '/journal';
const readAllBytes = 2 ** 30;

export interface LeanOptions {
  readonly world: World;
  /** Duration of a write; `fail` if the disk refuses it. */
  readonly write: () => number | 'fail';
}

export class LeanFolder implements MemberFolder {
  readonly #options: LeanOptions;
  readonly #disk = new LeanDisk();
  #learner = false;
  #doubt: Doubt | undefined;
  #incarnation = 1;
  #journalIsLost = false;
  #snapshot: MemorySnapshot | undefined;
  #life: Life | undefined;

  constructor(options: LeanOptions) {
    this.#options = options;
  }

  async open(life: Life, repair: boolean): Promise<Opened> {
    this.#life = life;
    const journal = this.#openJournal(life, repair);
    const { last, firstSeq } = journal.recovered;
    const entries: Entry[] =
      last.seq >= firstSeq ? await journal.readEntries(firstSeq, readAllBytes) : [];
    const incarnation = `${this.#incarnation}`;
    return { journal, entries, learner: this.#learner, incarnation };
  }

  doubt(): Doubt | undefined {
    return this.#doubt;
  }

  async restore(machine: Restorable | undefined): Promise<SnapshotMark> {
    if (this.#snapshot) machine?.saved.restore(unpackPieces(this.#snapshot.bytes));
    return this.#snapshot?.mark ?? noMark;
  }

  async save(mark: SnapshotMark, machine: SnapshotMachine<unknown>): Promise<void> {
    const bytes = packPieces(machine.snapshot());
    await this.#durably();
    this.#snapshot = { mark, bytes };
  }

  snapshotPort(installed: (mark: SnapshotMark) => Promise<void>): SnapshotPort {
    return memorySnapshots({
      partBytes: this.#options.world.profile.partBytes,
      newest: () => this.#snapshot,
      install: async (snapshot) => {
        await this.#durably();
        this.#snapshot = snapshot;
        await installed(snapshot.mark);
      },
    });
  }

  async admitted(): Promise<void> {
    await this.#durably();
    this.#learner = false;
    this.#doubt = undefined;
  }

  crash(): void {
    this.#disk.crash(this.#options.world.random.disks);
    this.#life = undefined;
  }

  lose(): void {
    this.#disk.erase();
    this.#snapshot = undefined;
    this.#journalIsLost = false;
    this.#loseIdentity();
  }

  losePart(part: Part): boolean {
    const { records } = this.#disk;
    switch (part) {
      case 'journal':
        this.#journalIsLost = records.length > 0;
        this.#disk.erase();
        return this.#journalIsLost;
      case 'identity':
        this.#loseIdentity();
        return true;
      case 'segment':
      case 'segment-end':
        return this.rot('older');
      default:
        // The model has one snapshot, production keeps two.
        return false;
    }
  }

  rot(where: 'last' | 'older'): boolean {
    const { records } = this.#disk;
    if (records.length === 0) return false;
    const { random } = this.#options.world;
    this.#disk.rotAt(where === 'last' ? records.length - 1 : random.disks.integer(records.length));
    return true;
  }

  async tail(): Promise<Tail | undefined> {
    const { records } = this.#disk;
    const start = this.#disk.tailStart();
    if (start === records.length || this.#disk.rottenFrom !== undefined) return undefined;
    const afterSeq = lastBefore(records, start);
    const epochs = new Map<number, number>();
    for (const record of records) {
      if (record.kind === 'entry') epochs.set(record.entry.seq, record.entry.epoch);
    }
    return {
      afterSeq,
      lastSeq: lastSeqOf(records),
      promisedBefore: promisedIn(records.slice(0, start)),
      epochOf: (seq) => epochs.get(seq),
      damage: () => this.#disk.rotAt(start),
    };
  }

  #openJournal(life: Life, repair: boolean): Journal {
    const disk = this.#disk;
    const { world, write } = this.#options;
    if (this.#journalIsLost && !repair) {
      throw new CorruptionError(folder, 0, 'segment_missing', 'the journal is missing');
    }
    if (disk.isTorn && world.hasBug('torn-tails-are-corrupt') && !repair) {
      throw new CorruptionError(folder, disk.records.length, 'records', 'a torn batch');
    }
    disk.isTorn = false;
    if (repair) {
      this.#journalIsLost = false;
      this.#learner = true;
      disk.repair();
    } else {
      this.#judgeTail();
    }
    if (disk.rottenFrom !== undefined) {
      throw new CorruptionError(folder, disk.rottenFrom, 'record', 'a flipped bit');
    }
    return new LeanJournal({ disk, life, lies: world.hasBug('durable-before-the-disk'), write });
  }

  /** Damage only of the last batch: its content is doubtful and is cut off. */
  #judgeTail(): void {
    const disk = this.#disk;
    const start = disk.tailStart();
    if (disk.rottenFrom === undefined || disk.rottenFrom < start) return;
    const lost = disk.records.slice(start);
    const afterSeq = lastBefore(disk.records, start);
    disk.rottenFrom = start;
    disk.repair();
    const before = this.#doubt;
    if (this.#learner && !before) return;
    this.#learner = true;
    if (before) {
      this.#doubt = { ...before, afterSeq: Math.min(before.afterSeq, afterSeq) };
      return;
    }
    const throughSeq = Math.max(afterSeq, lastSeqOf(lost));
    this.#doubt = { afterSeq, throughSeq, promised: promisedIn(disk.records) };
  }

  #loseIdentity(): void {
    this.#learner = true;
    this.#doubt = undefined;
    this.#incarnation += 1;
  }

  /** The duration of a small durable write. */
  #durably(): Promise<void> {
    const ms = this.#options.write();
    if (ms === 'fail') return Promise.reject(new Error('EIO: the disk refuses'));
    return new Promise((resolve) => this.#life?.after(ms, resolve));
  }
}

function promisedIn(records: readonly LogRecord[]): number {
  return records.findLast((record) => record.kind === 'promise')?.epoch ?? 0;
}

/** Everything up to this entry lies before the batch that begins at `start`, and is not replaced by it. */
function lastBefore(records: LeanDisk['records'], start: number): number {
  const firstSeqs = records.slice(start).flatMap((record) => {
    if (record.kind === 'promise') return [];
    return [record.kind === 'entry' ? record.entry.seq : record.from];
  });
  return Math.min(lastSeqOf(records.slice(0, start)), ...firstSeqs.map((seq) => seq - 1));
}

function lastSeqOf(records: LeanDisk['records']): number {
  let last = 0;
  for (const record of records) {
    if (record.kind === 'entry') last = record.entry.seq;
    else if (record.kind === 'truncate') last = Math.min(last, record.from - 1);
  }
  return last;
}
