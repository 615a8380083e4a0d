/**
 * A replica or recovery server of one group through its lives: the production host over a journal,
 * the simulated peers and the service's own handlers. Starts, crashes, and is repaired as by an
 * operator.
 */
import { every } from '../src/base/clock.js';
import { BazarError } from '../src/base/errors.js';
import type { SnapshotMark } from '../src/consensus/messages.js';
import type { Doubt, Entry, MemberId, StateMachine } from '../src/consensus/types.js';
import { GroupHost } from '../src/group/host.js';
import { MemberHandler } from '../src/group/member-handler.js';
import type { SnapshotPort } from '../src/group/snapshot-port.js';
import { CorruptionError } from '../src/storage/corruption.js';
import { DiskError } from '../src/storage/disk-error.js';
import type { CatalogCommand } from '../src/wire/internal.js';
import type { Ambush } from './faults.js';
import { peerHandler, serviceHandler } from './listeners.js';
import type { Opened } from './member-folder.js';
import type { MemberOptions, Service } from './member-options.js';
import { SimPeers } from './peers.js';
import type { Life } from './process.js';
import { Process } from './processes.js';
import { listen } from './rpc.js';
import { MemberStorage } from './storage.js';
import { watchedJournal } from './watched-journal.js';
import type { GroupName, World } from './world.js';

/** The time until the operator starts a corrupt replica with --repair. */
const repairMs = 200;
const maybeMs = 150;
const ambushDownMs = 30;
const shortenMs = 300;
/** The crash comes within this time, so that a write to disk may be under way. */
const ambushWithinMs = 3;

/** The initial state of a life. */
interface Start<Result> {
  readonly opened: Opened;
  readonly running: Service<Result> | undefined;
  readonly base: SnapshotMark;
  readonly doubt: Doubt | undefined;
}

export class Member<Result> {
  readonly process: Process;
  readonly storage: MemberStorage;
  readonly options: MemberOptions<Result>;
  readonly #world: World;
  #host: GroupHost<Result> | undefined;
  #service: Service<Result> | undefined;
  #peers: SimPeers | undefined;
  #journal: ReturnType<typeof watchedJournal> | undefined;
  #ambush: Ambush | undefined;
  #repairing = false;
  #compacting = false;

  constructor(world: World, options: MemberOptions<Result>) {
    this.#world = world;
    this.options = options;
    const { name, index, group, voters: replicas, recoveryServers } = options;
    const keepAll = !options.keepsSnapshots;
    this.storage = new MemberStorage(world, { name, group, replicas, recoveryServers, keepAll });
    this.process = options.beside ?? new Process(world, { name, index });
    this.process.runs((life) => void this.#boot(life));
  }

  get name(): MemberId {
    return this.options.name;
  }

  /** The host of the present life, once its log is recovered. */
  get host(): GroupHost<Result> | undefined {
    return this.process.up ? this.#host : undefined;
  }

  get machine(): StateMachine<Result> | undefined {
    return this.host && this.#service?.machine;
  }

  get leads(): boolean {
    return this.host?.core.state.stage.kind === 'leader';
  }

  /** Whether it is connected to another member. */
  reaches(to: MemberId): boolean {
    return this.process.up && (this.#peers?.reaches(to) ?? false);
  }

  kill(downMs: number, power: boolean): void {
    if (this.process.up) this.process.kill(downMs, power);
  }

  /** Sends a request to another member's service, as in src/group. */
  ask(to: MemberId, method: string, params: unknown, timeoutMs: number): Promise<unknown> {
    if (this.#peers) return this.#peers.ask(to, method, params, timeoutMs);
    return Promise.reject(new BazarError('unavailable', 'not there yet'));
  }

  /** Proposes as its service would, with gates; no caller waits for the outcome. */
  propose(command: CatalogCommand): void {
    this.#service?.propose?.(command);
  }

  /** Crashes the next time that it does this. */
  layAmbush(at: Ambush): void {
    this.#ambush = at;
  }

  /** Triggers a crash that was set for this activity. */
  #ambushed(life: Life, doing: Ambush): void {
    if (this.#ambush !== doing) return;
    this.#ambush = undefined;
    this.#world.count(`ambushes at ${doing}`);
    const { disks } = this.#world.random;
    const inMs = disks.integer(2) * ambushWithinMs * disks.fraction();
    life.after(inMs, () => this.kill(ambushDownMs, disks.integer(2) === 0));
  }

  /** Sends the other members an epoch that never existed (A30). */
  forge(): void {
    if (this.process.up) this.#peers?.forge({ kind: 'prepare', epoch: Number.MAX_SAFE_INTEGER });
  }

  /** One entry of its own journal. */
  async readEntry(seq: number): Promise<Entry | undefined> {
    return this.#journal?.readEntry(seq);
  }

  /** The checkers examine the latest event. */
  observe(): void {
    const { life } = this.process;
    if (!life?.touched) return;
    life.touched = false;
    if (this.host) this.#world.logs[this.options.group].observe(this.host.core);
  }

  /** Replaces the log by a snapshot. */
  async compact(): Promise<void> {
    const { life } = this.process;
    const { host } = this;
    const state = this.#service?.saved;
    const journal = this.#journal;
    if (!life || !host || !state || !journal || this.#compacting) return;
    const { applied, log } = host.core.state;
    const entry = log.entry(applied);
    // The log reaches back to the previous snapshot, in case the newest is damaged.
    const before = this.storage.mark.seq;
    if (!entry || applied <= before) return;
    const { seq, epoch, time } = entry;
    this.#compacting = true;
    this.#ambushed(life, 'snapshot');
    try {
      const saved = this.storage.save({ seq, epoch, time }, state);
      if (this.#world.hasBug('log-dropped-first')) await journal.dropBefore(seq + 1);
      await saved;
      this.#kept({ seq, epoch, time });
      await journal.dropBefore(before + 1);
    } catch (error) {
      this.#failed(life, error);
    }
    this.#compacting = false;
  }

  async #boot(life: Life): Promise<void> {
    const { name, group } = this.options;
    const checker = this.#world.logs[group];
    this.#host = undefined;
    life.onEnd((power) => {
      this.#host = undefined;
      this.storage.crash(power);
    });
    this.#compacting = false;
    try {
      const opened = await this.storage.open(life, this.#repairing);
      const running = this.options.service?.(life, this);
      const saved = running?.saved;
      const base = await this.storage.restore(
        saved && { saved, restoreFrom: (snapshots) => running.restoreFrom(snapshots) },
      );
      const doubt = this.storage.doubt();
      if (life.dead) return;
      this.#repairing = false;
      // A voter is bound by all its earlier messages, whatever happened to its disk.
      if (this.storage.learner) checker.lostDisk(name);
      else this.storage.wasWhole();
      const { journal, entries } = opened;
      checker.started(name, journal.recovered, entries, base.seq);
      if (base.seq > 0) checker.snapshot(name, base.seq, base.epoch);
      this.#journal = watchedJournal(journal, name, checker);
      await this.#run(life, { opened, running, base, doubt });
    } catch (error) {
      this.#refused(life, error);
    }
  }

  async #run(life: Life, { opened, running, base, doubt }: Start<Result>): Promise<void> {
    const { name, group, voters, recoveryServers } = this.options;
    const gated = this.options.gated && !this.#world.hasBug('gates-stand-open');
    const { network, random, logs, rules } = this.#world;
    this.#service = running;
    const peers = new SimPeers({
      network,
      life,
      random: random.peers,
      members: [...voters, ...recoveryServers],
      port: (to) => peerPort(group, recoveryServers.includes(to)),
      lossiness: () => this.#world.lossiness,
      sending: (to, message) => logs[group].sending(name, to, message),
    });
    this.#peers = peers;
    const journal = this.#journal;
    if (!journal) return;
    const { incarnation } = opened;
    const { learner } = this.storage;
    const host = new GroupHost<Result>({
      id: name,
      ...{ voters, recoveryServers, learner, journal, gated, peers, rules },
      ...{ incarnation, base, ...(doubt && { doubt }) },
      machine: running?.machine,
      clock: life,
      logger: this.#world.logger(name),
      applied: (entry, result) => {
        logs[group].applied(name, entry);
        running?.applied(entry, result);
        this.#maybeCompact(life);
      },
      admitted: () => this.#admitted(life),
      snapshots: this.options.keepsSnapshots ? this.#snapshotPort(life, running) : undefined,
    });
    void host.failed.then((error) => this.#failed(life, error));
    await host.start();
    if (life.dead) return;
    this.#host = host;
    this.#listen(life, host, peers, running);
    if (!running && this.options.keepsSnapshots) every(life, shortenMs, () => this.#shorten());
  }

  #listen(
    life: Life,
    host: GroupHost<Result>,
    peers: SimPeers,
    running: Service<Result> | undefined,
  ): void {
    const { network } = this.#world;
    const memberHandler = new MemberHandler({
      status: () => {
        const status = host.status();
        return { ...status, serving: status.serving && (running?.canServe?.() ?? true) };
      },
      nominate: (leader) => host.nominate(leader),
      attended: () => host.attended(),
      pid: life.number,
      clock: life,
      logTime: running?.logTime,
    });
    const listeners = running?.open(host, memberHandler);
    const port = peerPort(this.options.group, running === undefined);
    listen(network, life, port, () => peerHandler(memberHandler, peers, listeners));
    if (listeners) listen(network, life, 'service', () => serviceHandler(life, listeners));
  }

  #snapshotPort(life: Life, running: Service<Result> | undefined): SnapshotPort {
    const port = this.storage.snapshotPort(async (mark) => {
      const before = this.storage.mark.seq;
      const saved = running?.saved;
      await this.storage.restore(
        saved && { saved, restoreFrom: (snapshots) => running.restoreFrom(snapshots) },
      );
      this.#kept(mark);
      this.#world.count('snapshots installed');
      if (!saved) await this.#journal?.dropBefore(before + 1);
    });
    return {
      latest: () => port.latest(),
      receive: (mark) => {
        const incoming = port.receive(mark);
        return {
          write: (bytes) => incoming.write(bytes),
          install: () => {
            this.#ambushed(life, 'install');
            return incoming.install();
          },
          discard: () => incoming.discard(),
        };
      },
    };
  }

  #kept({ seq, epoch }: SnapshotMark): void {
    this.#world.logs[this.options.group].snapshot(this.name, seq, epoch);
    this.#world.trace(() => `${this.name}: snapshot at ${seq}`);
  }

  #maybeCompact(life: Life): void {
    const { compactEvery } = this.#world.profile;
    const { host } = this;
    if (!this.options.keepsSnapshots || compactEvery === 0 || !host) return;
    const since = host.core.state.applied - this.storage.mark.seq;
    if (since >= compactEvery) life.after(maybeMs, () => void this.compact());
  }

  /** A recovery server replaces a long log by the leader's newest snapshot. */
  #shorten(): void {
    const { compactEvery } = this.#world.profile;
    const { host } = this;
    if (compactEvery === 0 || !host) return;
    const since = host.core.state.commit - this.storage.mark.seq;
    if (since >= 2 * compactEvery) host.fetchSnapshot();
  }

  async #admitted(life: Life): Promise<void> {
    this.#ambushed(life, 'admission');
    await this.storage.admitted();
    this.#world.count('learners admitted');
    this.#world.trace(() => `${this.name}: votes again`);
  }

  /** The journal cannot be read: the replica refuses, and the operator starts it as a learner (R10). */
  #refused(life: Life, error: unknown): void {
    if (life.dead) return;
    if (error instanceof CorruptionError) {
      this.#world.trace(() => `${this.name}: ${error.message}`);
      this.#world.count('corrupt journals refused');
      this.storage.refused(error.message);
      // If --repair is not enough, the operator empties the folder.
      if (this.#repairing) this.storage.lose();
      this.#repairing = !this.#repairing;
      this.kill(repairMs, false);
      return;
    }
    this.#failed(life, error);
  }

  #failed(life: Life, error: unknown): void {
    if (life.dead) return;
    const text = error instanceof Error ? `${error.message}` : String(error);
    if (error instanceof DiskError || text.startsWith('EIO'))
      this.kill(this.#world.profile.restartMs, false);
    else this.#world.report(`${this.name} failed, stopping: ${text}`);
  }
}

/** A recovery server may have two logs; in production the handshake on one port distinguishes them. */
function peerPort(group: GroupName, isRecoveryServer: boolean): string {
  return isRecoveryServer ? `peer of ${group}` : 'peer';
}
