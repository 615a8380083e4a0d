/**
 * What a member keeps through its deaths: who it is, its journal's disk, its newest snapshot. The
 * journal is the real one over the disk in memory, or its lean twin.
 */
import type { Entry } from '../../src/consensus/types.js';
import { CorruptionError } from '../../src/storage/corruption.js';
import { type Fault, MemoryDisk } from '../../src/storage/memory-disk.js';
import { openJournal } from '../../src/storage/open-journal.js';
import type { Journal } from '../../src/storage/types.js';
import type { MemorySnapshot } from '../group/memory-snapshots.js';
import { LeanDisk, LeanJournal } from './lean-journal.js';
import type { Life } from './process.js';
import type { World } from './world.js';

const folder = '/journal';
/** Small, so that a run takes several segments. */
const usualSizes = { segmentBytes: 48 * 1024, batchBytesMax: 32 * 1024 } as const;
const readAllBytes = 2 ** 30;

export type DiskMood = 'well' | 'slow' | 'hung' | 'failing';

export interface OpenedJournal {
  readonly journal: Journal;
  readonly entries: readonly Entry[];
}

export class MemberStorage {
  readonly name: string;
  learner = false;
  incarnation = 1;
  snapshot: MemorySnapshot | undefined;
  /** The journal is known to be cut off or lost, and no leader has taken it back yet. */
  impaired = false;
  /** What it held before is gone, and nobody asks for it. */
  isNew = false;
  readonly #world: World;
  readonly #keepAll: boolean;
  readonly #lean = new LeanDisk();
  readonly #disk: MemoryDisk;
  #life: Life | undefined;
  #mood: DiskMood = 'well';
  #moodUntilMs = 0;

  constructor(world: World, name: string, keepAll: boolean) {
    this.#world = world;
    this.name = name;
    this.#keepAll = keepAll;
    this.#disk = new MemoryDisk({
      clock: {
        nowMs: () => this.#life?.nowMs() ?? 0,
        wallMs: () => this.#life?.wallMs() ?? 0,
        after: (ms, callback) => this.#life?.after(ms, callback) ?? { cancel: () => {} },
        afterTurn: (callback) => this.#life?.afterTurn(callback),
      },
      latencyMs: ({ kind }) => (kind === 'write' || kind === 'sync' ? this.#latencyMs() : 0),
    });
    this.#disk.fault = ({ kind }) => (kind === 'read' ? 'none' : this.#fault());
  }

  get isWell(): boolean {
    return this.#moodNow() === 'well';
  }

  /** Throws a CorruptionError; whoever repairs has made this member a learner before. */
  async open(life: Life, repair: boolean): Promise<OpenedJournal> {
    this.#life = life;
    const { realJournal, limits } = this.#world.profile;
    const { segmentBytes, batchBytesMax } = { ...usualSizes, ...limits.storage };
    const journal = realJournal
      ? await openJournal(this.#disk, folder, {
          ...{ repair, segmentBytes, batchBytesMax, keepAll: this.#keepAll },
        })
      : this.#openLean(life, repair);
    const { last, firstSeq } = journal.recovered;
    const entries = last.seq >= firstSeq ? await journal.readEntries(firstSeq, readAllBytes) : [];
    return { journal, entries };
  }

  /** The process is gone; with `power` the machine, and what its caches held. */
  crash(power: boolean): void {
    const random = this.#world.random.disks;
    if (power) this.#disk.crash(random);
    else this.#disk.kill();
    this.#lean.crash(random);
    this.#life = undefined;
    if (this.#mood === 'failing') this.#mood = 'well';
  }

  setMood(mood: DiskMood, forMs: number): void {
    this.#mood = mood;
    this.#moodUntilMs = this.#world.scheduler.nowMs + forMs;
  }

  /** A new, empty disk. */
  lose(): void {
    this.#disk.erase(folder);
    this.#lean.erase();
    this.snapshot = undefined;
    this.learner = !this.#world.hasBug('lost-disk-votes');
    this.impaired = true;
    this.isNew = true;
    this.incarnation += 1;
  }

  /** Bit rot, in the newest part of the log or anywhere before. False where there is nothing to rot. */
  rot(where: 'last' | 'older'): boolean {
    const random = this.#world.random.disks;
    if (this.#world.profile.realJournal) {
      const paths = this.#disk.paths().filter((path) => path.includes('segment'));
      const path = paths[random.integer(paths.length)] ?? paths[0];
      if (path === undefined) return false;
      this.#disk.flipBit(
        path,
        random.integer(where === 'last' ? 60_000 : 12_000),
        random.integer(8),
      );
      return true;
    }
    const { records } = this.#lean;
    if (records.length === 0) return false;
    const at = where === 'last' ? records.length - 1 : random.integer(records.length);
    this.#lean.rottenFrom = Math.min(this.#lean.rottenFrom ?? at, at);
    return true;
  }

  /** How long making something small durable takes. */
  durably(life: Life): Promise<void> {
    return new Promise((resolve) => {
      life.after(this.#latencyMs(), resolve);
    });
  }

  #openLean(life: Life, repair: boolean): Journal {
    if (repair) this.#lean.repair();
    if (this.#lean.rottenFrom !== undefined) {
      throw new CorruptionError(folder, this.#lean.rottenFrom, 'record', 'a flipped bit');
    }
    return new LeanJournal({
      disk: this.#lean,
      life,
      lies: this.#world.hasBug('durable-before-the-disk'),
      write: () => (this.#moodNow() === 'failing' ? 'fail' : this.#latencyMs()),
    });
  }

  #fault(): Fault {
    return this.#moodNow() === 'failing' ? 'fail' : 'none';
  }

  #moodNow(): DiskMood {
    return this.#world.scheduler.nowMs < this.#moodUntilMs ? this.#mood : 'well';
  }

  #latencyMs(): number {
    const { meanMs } = this.#world.profile.disk;
    const usual = -Math.log(1 - this.#world.random.disks.fraction()) * meanMs;
    switch (this.#moodNow()) {
      case 'slow':
        return 20 * usual + 20;
      case 'hung':
        return this.#moodUntilMs - this.#world.scheduler.nowMs + usual;
      default:
        return usual;
    }
  }
}
