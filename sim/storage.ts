/**
 * What a member keeps through its deaths: its folder, which is production's over the disk in memory
 * or its quick twin, and how well its disk works. Knows what was lost of it, for the faults and the
 * seeded bugs; whether it votes is the folder's to say.
 */
import type { SnapshotMark } from '../src/consensus/messages.js';
import type { Doubt, SnapshotMachine } from '../src/consensus/types.js';
import type { Bug } from './bugs.js';
import { LeanFolder } from './lean-folder.js';
import {
  type MemberFolder,
  noMark,
  type Opened,
  type Part,
  type Restorable,
  type Tail,
} from './member-folder.js';
import type { Life } from './process.js';
import { RealFolder } from './real-folder.js';
import type { GroupName, World } from './world.js';

export type DiskMood = 'well' | 'slow' | 'hung' | 'failing';

/** What was lost, until a leader has taken the member back. */
type Loss = 'folder' | 'journal' | 'log' | 'tail';

/** The seeded bugs with which a member votes all the same. */
const votesAnyway: Readonly<Record<Loss, Bug>> = {
  folder: 'lost-disk-votes',
  journal: 'lost-journal-votes',
  log: 'corrupt-replica-votes',
  tail: 'doubt-is-torn',
};

export interface StorageOptions {
  readonly name: string;
  readonly group: GroupName;
  /** Who may lead its group, and who votes with them. */
  readonly replicas: readonly string[];
  readonly witnesses: readonly string[];
  /** Its journal is a book: no segment is ever dropped. */
  readonly keepAll: boolean;
}

export class MemberStorage {
  readonly name: string;
  /** As its folder was opened last. */
  learner = false;
  /** Something of it is known to be damaged or lost, and no leader has taken it back yet. */
  impaired = false;
  /** The place of its newest snapshot; zeros where there is none. */
  mark = noMark;
  readonly #world: World;
  readonly #options: StorageOptions;
  readonly #folder: MemberFolder;
  #loss: Loss | undefined;
  /** Something was damaged since the folder was new, whether it was in use or not. */
  #wasDamaged = false;
  #onWrite: (() => void) | undefined;
  #mood: DiskMood = 'well';
  #moodUntilMs = 0;

  constructor(world: World, options: StorageOptions) {
    this.#world = world;
    this.name = options.name;
    this.#options = options;
    const isFailing = (): boolean => this.#moodNow() === 'failing';
    const latencyMs = (): number => this.#writes();
    this.#folder = world.profile.realJournal
      ? new RealFolder({
          ...{ world, ...options, latencyMs },
          fault: () => (isFailing() ? 'fail' : 'none'),
        })
      : new LeanFolder({ world, write: () => (isFailing() ? 'fail' : latencyMs()) });
  }

  get isWell(): boolean {
    return this.#moodNow() === 'well';
  }

  /** Calls back once in the middle of the next write. */
  onceWriting(callback: () => void): void {
    this.#onWrite = callback;
  }

  /** Rejects with a CorruptionError. @param repair as the operator's `--repair`. */
  async open(life: Life, repair: boolean): Promise<Opened> {
    const opened = await this.#folder.open(life, repair);
    this.learner = opened.learner && !this.#votesAnyway();
    return { ...opened, learner: this.learner };
  }

  async restore(machine: Restorable | undefined): Promise<SnapshotMark> {
    this.mark = await this.#folder.restore(machine);
    return this.mark;
  }

  /** What the damaged end of its log may have held; known when it is restored. */
  doubt(): Doubt | undefined {
    const doubt = this.#folder.doubt(this.mark);
    if (!doubt) return undefined;
    this.#loss ??= 'tail';
    this.impaired = true;
    if (!this.#votesAnyway()) return doubt;
    this.learner = false;
    return undefined;
  }

  async save(mark: SnapshotMark, machine: SnapshotMachine<unknown>): Promise<void> {
    await this.#folder.save(mark, machine);
    this.mark = mark;
  }

  get snapshotPort(): MemberFolder['snapshotPort'] {
    return (installed) => this.#folder.snapshotPort(installed);
  }

  async admitted(): Promise<void> {
    await this.#folder.admitted();
    this.learner = false;
    this.impaired = false;
    this.#loss = undefined;
  }

  /** It started as a voter: what was damaged was not in use. */
  wasWhole(): void {
    if (!this.#votesAnyway()) this.#loss = undefined;
    this.impaired = false;
  }

  /** Its folder cannot be opened as it is. @param why what it says. */
  refused(why: string): void {
    if (!this.#wasDamaged) this.#world.report(`R10: ${this.name} refuses a whole folder: ${why}`);
    this.impaired = true;
    this.#loss ??= 'log';
  }

  crash(power: boolean): void {
    this.#folder.crash(power);
    if (this.#mood === 'failing') this.#mood = 'well';
  }

  setMood(mood: DiskMood, forMs: number): void {
    this.#mood = mood;
    this.#moodUntilMs = this.#world.scheduler.nowMs + forMs;
  }

  /** A new, empty folder. */
  lose(): void {
    this.#folder.lose();
    this.mark = noMark;
    this.#loss = 'folder';
    this.#wasDamaged = false;
    this.impaired = true;
  }

  losePart(part: Part): void {
    if (!this.#folder.losePart(part)) return;
    this.#damaged();
    if (part === 'journal') this.#loss ??= 'journal';
    if (part === 'identity') this.#loss ??= 'folder';
  }

  rot(where: 'last' | 'older'): void {
    if (this.#folder.rot(where)) this.#damaged();
  }

  tail(): Promise<Tail | undefined> {
    return this.#folder.tail();
  }

  damageTail(tail: Tail): void {
    tail.damage();
    this.#damaged();
  }

  #damaged(): void {
    this.impaired = true;
    this.#wasDamaged = true;
  }

  #votesAnyway(): boolean {
    if (this.#loss === undefined) return false;
    const isSole = this.#options.replicas.length === 1 && this.#loss === 'folder';
    const isSoleBroken = isSole && this.#world.hasBug('sole-replica-votes');
    return isSoleBroken || this.#world.hasBug(votesAnyway[this.#loss]);
  }

  #moodNow(): DiskMood {
    return this.#world.scheduler.nowMs < this.#moodUntilMs ? this.#mood : 'well';
  }

  /** A write begins, and takes so long. */
  #writes(): number {
    const ms = this.#latencyMs();
    const inject = this.#onWrite;
    this.#onWrite = undefined;
    if (inject) this.#world.scheduler.in(ms * this.#world.random.disks.fraction(), inject);
    return ms;
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
