/**
 * The data that a member keeps across crashes: its folder, which is production's over the in-memory disk
 * or its fast model, and the state of its disk. Records losses for the faults and the seeded bugs; the
 * folder decides whether it votes.
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

/** The loss, until a leader has admitted the member again. */
type Loss = 'folder' | 'journal' | 'log' | 'tail';

/** The seeded bugs with which a member still votes. */
const votesAnyway: Readonly<Record<Loss, Bug>> = {
  folder: 'lost-disk-votes',
  journal: 'lost-journal-votes',
  log: 'corrupt-replica-votes',
  tail: 'doubt-is-torn',
};

export interface StorageOptions {
  readonly name: string;
  readonly group: GroupName;
  /** The members that may lead the group, and the other voters. */
  readonly replicas: readonly string[];
  readonly recoveryServers: readonly string[];
  /** Its journal is an order book: no segment is ever dropped. */
  readonly keepAll: boolean;
}

export class MemberStorage {
  readonly name: string;
  /** As at the last open of its folder. */
  learner = false;
  /** A part of it is damaged or lost, and no leader has admitted it again yet. */
  impaired = false;
  /** The position of its newest snapshot; zeros if there is none. */
  mark = noMark;
  readonly #world: World;
  readonly #options: StorageOptions;
  readonly #folder: MemberFolder;
  #loss: Loss | undefined;
  /** Something was damaged since the folder was new, whether in use or not. */
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

  /** Calls back once during the next write. */
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

  /** What the damaged end of its log may have held; known after restore. */
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

  /** It started as a voter, so the damaged part was not in use. */
  wasWhole(): void {
    if (!this.#votesAnyway()) this.#loss = undefined;
    this.impaired = false;
  }

  /** Its folder cannot be opened. @param why the error. */
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

  /** Begins a write and returns its duration. */
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
