/**
 * A member's folder as production opens it (src/group/folder.ts): identity, journal and snapshots over
 * the in-memory disk, which loses, tears and damages data as a real disk may.
 */
import { join } from 'node:path';
import type { SnapshotMark } from '../src/consensus/messages.js';
import type { Doubt, SnapshotMachine } from '../src/consensus/types.js';
import { doubtOf, type LogFolder, openLog, refuseGap } from '../src/group/folder.js';
import { newestMark, snapshotPort } from '../src/group/snapshot-files.js';
import type { SnapshotPort } from '../src/group/snapshot-port.js';
import { CorruptionError } from '../src/storage/corruption.js';
import { type Identity, openIdentity } from '../src/storage/identity.js';
import { type DiskStep, type Fault, MemoryDisk } from '../test/support/memory-disk.js';
import { JournalTail } from './journal-tail.js';
import type { MemberFolder, Opened, Part, Restorable, Tail } from './member-folder.js';
import type { Life } from './process.js';
import type { Profile } from './profile.js';
import type { GroupName, World } from './world.js';

const dataDir = '/store';
/** Small, so that a run takes several segments. */
const usualSizes = { segmentBytes: 48 * 1024, batchBytesMax: 32 * 1024 } as const;
const readAllBytes = 2 ** 30;
/** A torn write loses random sectors, or random blocks. */
const sectorBytes = 512;
const blockBytes = 4_096;

export interface RealOptions {
  readonly world: World;
  readonly name: string;
  readonly group: GroupName;
  /** The members that may lead the group, and the other voters. */
  readonly replicas: readonly string[];
  readonly recoveryServers: readonly string[];
  /** No segment is ever dropped. */
  readonly keepAll: boolean;
  readonly latencyMs: () => number;
  readonly fault: () => Fault;
}

export class RealFolder implements MemberFolder {
  readonly #options: RealOptions;
  readonly #path: string;
  readonly #disk: MemoryDisk;
  #isFounded = false;
  #life: Life | undefined;
  #identity: Identity | undefined;
  #folder: LogFolder | undefined;

  constructor(options: RealOptions) {
    const { name, latencyMs, fault } = options;
    this.#options = options;
    this.#path = join(dataDir, name);
    const isSlow = ({ kind }: DiskStep): boolean => kind === 'write' || kind === 'sync';
    this.#disk = new MemoryDisk({
      clock: {
        nowMs: () => this.#life?.nowMs() ?? 0,
        wallMs: () => this.#life?.wallMs() ?? 0,
        after: (ms, callback) => this.#life?.after(ms, callback) ?? { cancel: () => {} },
        afterTurn: (callback) => this.#life?.afterTurn(callback),
      },
      latencyMs: (step) => (isSlow(step) ? latencyMs() : 0),
    });
    this.#disk.fault = ({ kind }) => (kind === 'read' ? 'none' : fault());
  }

  async open(life: Life, repair: boolean): Promise<Opened> {
    this.#life = life;
    const { world, name: id, group, keepAll, replicas, recoveryServers } = this.#options;
    if (world.hasBug('torn-tails-are-corrupt') && !repair) this.#refuseTorn();
    const { profile } = world;
    const random = world.random.disks;
    const init = !this.#isFounded;
    const members = membersOf(profile);
    const identity = await openIdentity(this.#disk, this.#path, { id, members, init, random });
    this.#isFounded = true;
    const folder = await openLog(this.#path, {
      ...{ disk: this.#disk, log: identity.log(group), keepAll, repair },
      ...{ sizes: { ...usualSizes, ...profile.limits.storage }, logger: world.logger(id) },
      alone: replicas.length + recoveryServers.length === 1,
    });
    this.#identity = identity;
    this.#folder = folder;
    const { journal } = folder;
    const { last, firstSeq } = journal.recovered;
    const entries = last.seq >= firstSeq ? await journal.readEntries(firstSeq, readAllBytes) : [];
    const { learner, incarnation } = identity;
    return { journal, entries, learner, incarnation };
  }

  doubt(base: SnapshotMark): Doubt | undefined {
    return doubtOf(this.#opened(), base);
  }

  async restore(machine: Restorable | undefined): Promise<SnapshotMark> {
    const folder = this.#opened();
    const { snapshots } = folder;
    const base = await (machine?.restoreFrom(snapshots) ?? newestMark(snapshots));
    refuseGap(folder, base);
    return base;
  }

  async save(mark: SnapshotMark, machine: SnapshotMachine<unknown>): Promise<void> {
    const pieces = [...machine.snapshot()];
    await this.#opened().snapshots.save({ ...mark, hash: machine.hash() }, pieces);
  }

  snapshotPort(installed: (mark: SnapshotMark) => Promise<void>): SnapshotPort {
    return snapshotPort(this.#opened().snapshots, installed);
  }

  async admitted(): Promise<void> {
    await this.#identity?.admit();
  }

  crash(power: boolean): void {
    const random = this.#options.world.random.disks;
    if (power) this.#disk.crash(random, random.integer(2) === 0 ? sectorBytes : blockBytes);
    else this.#disk.kill();
    this.#life = undefined;
  }

  lose(): void {
    this.#disk.erase(this.#path);
  }

  losePart(part: Part): boolean {
    switch (part) {
      case 'journal':
      case 'snapshots':
        return this.#loseAll(this.#files(part));
      case 'identity':
        return this.#loseAll([join(this.#path, 'identity.json')]);
      case 'segment':
        return this.#loseAll(this.#one(this.#segments()));
      case 'snapshot':
        return this.#loseAll(this.#one(this.#files('snapshots')));
      case 'segment-end':
        return this.#cut(this.#one(this.#segments()));
      case 'snapshot-end':
        return this.#cut(this.#one(this.#files('snapshots')));
    }
  }

  rot(where: 'last' | 'older'): boolean {
    const random = this.#options.world.random.disks;
    const segments = this.#segments();
    const path = where === 'last' ? segments.at(-1) : segments[random.integer(segments.length)];
    if (path === undefined) return false;
    const used = this.#disk.peek(path).findLastIndex((byte) => byte !== 0) + 1;
    // A spare segment holds only its head.
    const [file, through] = used > 4_096 ? [path, used] : [segments.at(-2) ?? path, 12_000];
    this.#disk.flipBit(file, random.integer(through), random.integer(8));
    return true;
  }

  async tail(): Promise<Tail | undefined> {
    return JournalTail.read(this.#disk, this.#segments(), this.#options.world.random.disks);
  }

  /** The seeded bug: a whole trailer after partial records counts as corruption. */
  #refuseTorn(): void {
    const torn = JournalTail.tornBatch(this.#disk, this.#segments());
    if (torn) throw new CorruptionError(torn.file, torn.offset, 'records', 'a torn batch');
  }

  #opened(): LogFolder {
    if (!this.#folder) throw new Error('the folder is open');
    return this.#folder;
  }

  #segments(): string[] {
    return this.#files('journal').filter((file) => file.endsWith('.seg'));
  }

  #files(folder: string): string[] {
    const inside = `${join(this.#path, folder)}/`;
    return this.#disk.paths().filter((file) => file.startsWith(inside));
  }

  #one(files: readonly string[]): string[] {
    const file = files[this.#options.world.random.disks.integer(Math.max(1, files.length))];
    return file === undefined ? [] : [file];
  }

  #loseAll(files: readonly string[]): boolean {
    for (const file of files) this.#disk.erase(file);
    return files.length > 0;
  }

  #cut([file]: readonly string[]): boolean {
    if (file === undefined) return false;
    const { length } = this.#disk.peek(file);
    this.#disk.cut(file, this.#options.world.random.disks.integer(Math.max(1, length)));
    return true;
  }
}

/** All members of the store. */
function membersOf({ catalogs, orders, recovery }: Profile): string[] {
  const counts = { catalog: catalogs, order: orders, recovery };
  return Object.entries(counts).flatMap(([kind, count]) =>
    Array.from({ length: count }, (_, at) => `${kind}-${at + 1}`),
  );
}
