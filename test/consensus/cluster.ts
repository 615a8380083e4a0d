/**
 * Cores, disks and a network in one thread, stepped by hand: what scenarios, rule tests and the
 * random test drive. It keeps the host's promises (persist, send, apply) in the plainest way.
 */
import { Core } from '../../src/consensus/core.js';
import { describe, invariants } from '../../src/consensus/describe.js';
import type { Message } from '../../src/consensus/messages.js';
import type { Load, Outgoing } from '../../src/consensus/outputs.js';
import type { Rules } from '../../src/consensus/rules.js';
import type { Doubt, Entry, LogRecord, MemberId } from '../../src/consensus/types.js';

export interface ClusterOptions {
  readonly voters: readonly MemberId[];
  readonly recoveryServers?: readonly MemberId[];
  readonly gated?: boolean;
  readonly minCopies?: number;
  readonly rules?: Rules;
}

export interface Flight {
  readonly from: MemberId;
  readonly to: MemberId;
  readonly message: Message;
  /** Of the sender: what one process says comes on connections of its own. */
  readonly life: number;
}

export interface Snapshot {
  readonly mark: { readonly seq: number; readonly epoch: number; readonly time: number };
  readonly values: readonly string[];
}

export class Member {
  core: Core;
  readonly id: MemberId;
  /** What survives a crash. */
  disk: LogRecord[] = [];
  snapshot: Snapshot = { mark: { seq: 0, epoch: 0, time: 0 }, values: [] };
  learner = false;
  doubt: Doubt | undefined;
  /** Where the last batch begins on the disk. */
  lastBatch = 0;
  life = 1;
  /** The newest life of each other member that was heard here. */
  heard = new Map<MemberId, number>();
  /** What does not. */
  up = true;
  hung = false;
  pending: LogRecord[] = [];
  durable = 0;
  held: Outgoing[] = [];
  applied: Entry[] = [];
  values: string[] = [];
  reads = new Map<number, number | undefined>();
  readsDone: number[] = [];

  constructor(id: MemberId, core: Core) {
    this.id = id;
    this.core = core;
  }

  get leads(): boolean {
    return this.up && this.core.state.stage.kind === 'leader';
  }

  get serving(): boolean {
    const { stage } = this.core.state;
    return this.up && stage.kind === 'leader' && stage.serving;
  }
}

export function entriesOf(disk: readonly LogRecord[]): Entry[] {
  const entries: Entry[] = [];
  for (const record of disk) {
    if (record.kind === 'entry') {
      // One further on: a snapshot took the place of what was there.
      if (record.entry.seq > (entries.at(-1)?.seq ?? 0) + 1) entries.length = 0;
      entries.push(record.entry);
    }
    if (record.kind === 'truncate') {
      while ((entries.at(-1)?.seq ?? 0) >= record.from) entries.pop();
    }
  }
  return entries;
}

export class Cluster {
  readonly members = new Map<MemberId, Member>();
  network: Flight[] = [];
  nowMs = 1_000;
  #options: ClusterOptions;
  /** Members in different parts do not hear each other; nobody is told. */
  #part = new Map<MemberId, number>();
  #isLost: (from: MemberId, to: MemberId, message: Message) => boolean = () => false;
  readonly #heldLines = new Set<string>();

  constructor(options: ClusterOptions) {
    this.#options = options;
    for (const id of options.voters) {
      const member = new Member(id, this.#newCore(id, [], undefined));
      this.members.set(id, member);
    }
  }

  member(id: MemberId): Member {
    const member = this.members.get(id);
    if (!member) throw new Error(`no member ${id}`);
    return member;
  }

  get leader(): Member | undefined {
    const leaders = [...this.members.values()].filter((member) => member.serving);
    return leaders.sort((a, b) => b.core.state.promised.epoch - a.core.state.promised.epoch)[0];
  }

  #newCore(id: MemberId, disk: readonly LogRecord[], old: Member | undefined): Core {
    const promise = disk.filter((record) => record.kind === 'promise').at(-1);
    const base = old?.snapshot.mark ?? { seq: 0, epoch: 0, time: 0 };
    const { voters, recoveryServers, gated, minCopies, rules } = this.#options;
    const core = new Core({
      id,
      voters,
      recoveryServers: recoveryServers ?? [],
      learner: old?.learner ?? false,
      doubt: old?.doubt,
      gated: gated ?? false,
      minCopies,
      rules,
      promised: promise ?? { epoch: 0, leader: '' },
      base,
    });
    const entries = entriesOf(disk);
    const atBase = entries.find((entry) => entry.seq === base.seq);
    if (atBase && atBase.epoch !== base.epoch) core.forgetJournal();
    else core.recover(entries.filter((entry) => entry.seq > base.seq));
    return core;
  }

  /** One input to a member, and everything it asks for. */
  input(id: MemberId, act: (core: Core, nowMs: number) => void): void {
    const member = this.member(id);
    if (!member.up) return;
    act(member.core, this.nowMs);
    this.#carryOut(member);
  }

  #carryOut(member: Member): void {
    for (;;) {
      const batch = member.core.take();
      member.pending.push(...batch.records);
      this.#send(member, batch.messages);
      for (const { id, position } of batch.reads) {
        member.reads.set(id, position);
        if (position !== undefined) member.readsDone.push(id);
      }
      const told = this.#apply(member, batch.applyThrough);
      for (const load of batch.loads) this.#load(member, load);
      for (const { to, epoch } of batch.snapshotsWanted) this.#sendSnapshot(member, to, epoch);
      for (const { from, chunk } of batch.chunks) this.#install(member, from, chunk.mark);
      if (batch.admitted) {
        member.learner = false;
        member.doubt = undefined;
        member.core.admitted();
      }
      invariants(member.core.state);
      const asked = batch.loads.length + batch.chunks.length > 0 || batch.admitted;
      if (!told && !asked) return;
    }
  }

  #send(member: Member, messages: readonly Outgoing[]): void {
    for (const outgoing of messages) {
      if (outgoing.after > member.durable) member.held.push(outgoing);
      else this.#push(member, outgoing);
    }
  }

  #push(member: Member, { to, message }: Pick<Outgoing, 'to' | 'message'>): void {
    this.network.push({ from: member.id, to, message, life: member.life });
  }

  #apply(member: Member, through: number): boolean {
    if (through <= member.core.state.applied) return false;
    const logged = [...entriesOf(member.disk), ...entriesOf(member.pending)];
    for (let seq = member.core.state.applied + 1; seq <= through; seq++) {
      const entry =
        member.core.state.log.entry(seq) ?? logged.filter((other) => other.seq === seq).at(-1);
      if (!entry) throw new Error(`${member.id} has lost entry ${seq}`);
      member.applied.push(entry);
      if (this.#options.recoveryServers?.includes(member.id)) continue;
      const value = Buffer.from(entry.command).toString();
      if (value !== '') member.values.push(value);
    }
    member.core.applied(through);
    return true;
  }

  #load(member: Member, load: Load): void {
    const entries = entriesOf(member.disk);
    const before = member.core.state.log.epochOf(load.prevSeq);
    const prev = entries.find((entry) => entry.seq === load.prevSeq)?.epoch ?? before;
    const prevEpoch = load.prevSeq === 0 ? 0 : prev;
    const found = entries.filter((entry) => entry.seq > load.prevSeq).slice(0, 8);
    member.core.loaded(load, prevEpoch, found);
  }

  /** A snapshot travels as one piece that names its place; the values are fetched at arrival. */
  #sendSnapshot(member: Member, to: MemberId, epoch: number): void {
    const { mark } = member.snapshot;
    if (mark.seq === 0) {
      member.core.snapshotMissing(to);
      return;
    }
    const message: Message = {
      kind: 'chunk',
      ...{ epoch, mark, offset: 0, total: 0, checksum: 0, bytes: new Uint8Array(0) },
    };
    this.#push(member, { to, message });
  }

  #install(member: Member, from: MemberId, mark: Snapshot['mark']): void {
    const { values } = this.member(from).snapshot;
    member.snapshot = { mark, values };
    member.values = [...values];
    member.core.installed(mark, this.nowMs);
  }

  /** The state so far becomes the snapshot; the log before it is dropped. */
  compact(id: MemberId): void {
    const member = this.member(id);
    if (this.#options.recoveryServers?.includes(id)) return;
    const { applied, log } = member.core.state;
    const entry = log.entry(applied) ?? entriesOf(member.disk).find(({ seq }) => seq === applied);
    if (!entry) return;
    const { seq, epoch, time } = entry;
    member.snapshot = { mark: { seq, epoch, time }, values: [...member.values] };
    member.disk = member.disk.filter((record) => record.kind !== 'entry' || record.entry.seq > seq);
  }

  /** The member's disk has everything that was handed to it. */
  sync(id: MemberId): boolean {
    const member = this.member(id);
    if (!member.up || member.hung || member.pending.length === 0) return false;
    // As in the journal, a batch ends with a truncation.
    const truncation = member.pending.findIndex(({ kind }) => kind === 'truncate');
    const batch = member.pending.splice(0, truncation < 0 ? member.pending.length : truncation + 1);
    member.lastBatch = member.disk.length;
    member.disk.push(...batch);
    member.durable += batch.length;
    const ready = member.held.filter((outgoing) => outgoing.after <= member.durable);
    member.held = member.held.filter((outgoing) => outgoing.after > member.durable);
    for (const outgoing of ready) this.#push(member, outgoing);
    this.input(id, (core, nowMs) => core.durable(member.durable, nowMs));
    return true;
  }

  /**
   * Delivers the oldest message, or the one at `index`, unless its line is held back; a message
   * across a partition is lost.
   */
  deliver(index = this.network.findIndex((flight) => !this.#isHeld(flight))): boolean {
    const flight = this.network[index];
    if (!flight || this.#isHeld(flight)) return false;
    this.network.splice(index, 1);
    const { from, to, message, life } = flight;
    if (this.#isLost(from, to, message) || !this.reaches(from, to)) return true;
    const { heard } = this.member(to);
    const before = heard.get(from);
    // A member speaks on one connection: a newer one ends the older, and all that was on it.
    if (before !== undefined && life < before) return true;
    if (before !== undefined && life > before) {
      this.input(to, (core, nowMs) => core.peerClosed(from, nowMs));
    }
    heard.set(from, life);
    this.input(to, (core, nowMs) => core.step(from, message, nowMs));
    return true;
  }

  #isHeld({ from, to }: Flight): boolean {
    return this.#heldLines.has(`${from}>${to}`);
  }

  /** What goes from one member to another is kept back until the line is released. */
  hold(from: MemberId, to: MemberId): void {
    this.#heldLines.add(`${from}>${to}`);
  }

  release(from: MemberId, to: MemberId): void {
    this.#heldLines.delete(`${from}>${to}`);
  }

  reaches(from: MemberId, to: MemberId): boolean {
    if (!this.member(to).up) return false;
    return (this.#part.get(from) ?? 0) === (this.#part.get(to) ?? 0);
  }

  /** Delivers and syncs until nothing is under way. Time stands still. */
  settle(): void {
    for (let steps = 0; steps < 100_000; steps++) {
      let moved = this.deliver();
      if (!moved) for (const id of this.members.keys()) moved = this.sync(id) || moved;
      if (!moved) return;
    }
    throw new Error('never settles');
  }

  /** Time passes in ticks, everything settling in between. */
  run(ms: number): void {
    this.settle();
    for (let passed = 0; passed < ms; passed += 25) {
      this.nowMs += 25;
      for (const id of this.members.keys()) this.input(id, (core, nowMs) => core.tick(nowMs));
      this.settle();
    }
  }

  nominate(id: MemberId): void {
    this.input(id, (core, nowMs) => core.nominate(nowMs));
  }

  /** Appends at this member; undefined where it does not take it. */
  propose(id: MemberId, value: string): number | undefined {
    let seq: number | undefined;
    this.input(id, (core, nowMs) => {
      const outcome = core.propose(Buffer.from(value), nowMs);
      if (typeof outcome === 'number') seq = outcome;
      core.replicate();
    });
    return seq;
  }

  read(id: MemberId, readId: number): void {
    this.input(id, (core, nowMs) => core.read(readId, nowMs));
  }

  /** These members hear only each other. Nobody is told. */
  partition(ids: readonly MemberId[]): void {
    for (const id of ids) this.#part.set(id, 1);
  }

  /** Messages that meet this are lost; the next call replaces it. */
  lose(isLost: (from: MemberId, to: MemberId, message: Message) => boolean): void {
    this.#isLost = isLost;
  }

  /** Held lines go on as well. */
  heal(): void {
    this.#part.clear();
    this.#heldLines.clear();
    this.#isLost = () => false;
  }

  /**
   * The process dies: what its disk does not have is gone, and its connections close. The unaware
   * do not see that, and what it had sent them may still arrive.
   */
  crash(id: MemberId, unaware: readonly MemberId[] = []): void {
    const member = this.member(id);
    member.up = false;
    member.pending = [];
    member.held = [];
    member.life += 1;
    this.disconnect(id, unaware);
  }

  /** All connections of a member close; what was under way is lost. */
  disconnect(id: MemberId, unaware: readonly MemberId[] = []): void {
    this.network = this.network.filter(
      ({ from, to }) => to !== id && (from !== id || unaware.includes(to)),
    );
    for (const other of this.members.keys()) {
      if (other === id || unaware.includes(other)) continue;
      this.input(other, (core, nowMs) => core.peerClosed(id, nowMs));
      this.input(id, (core, nowMs) => core.peerClosed(other, nowMs));
    }
  }

  restart(id: MemberId): void {
    const member = this.member(id);
    member.core = this.#newCore(id, member.disk, member);
    member.doubt = member.core.state.doubt;
    member.up = true;
    member.hung = false;
    member.durable = 0;
    member.heard = new Map();
    member.applied = [];
    member.values = [...member.snapshot.values];
    member.reads = new Map();
    member.readsDone = [];
  }

  /** The disk is lost: the member comes back as a learner, a new incarnation. */
  wipe(id: MemberId): void {
    const member = this.member(id);
    member.disk = [];
    member.snapshot = { mark: { seq: 0, epoch: 0, time: 0 }, values: [] };
    member.learner = true;
    member.doubt = undefined;
    this.restart(id);
  }

  /**
   * The last batch of a disk cannot be read: the member comes back as a learner that knows how
   * much it may have forgotten, exactly or at least.
   */
  damage(id: MemberId, isExact: boolean): void {
    const member = this.member(id);
    const lost = member.disk.splice(member.lastBatch);
    member.lastBatch = member.disk.length;
    const afterSeq = entriesOf(member.disk).at(-1)?.seq ?? member.snapshot.mark.seq;
    const throughSeq = isExact ? (entriesOf(lost).at(-1)?.seq ?? afterSeq) : undefined;
    // What a learner acknowledged never counted: the older damage says it all.
    const { doubt } = member;
    const isPlain = member.learner && doubt === undefined;
    member.learner = true;
    if (isPlain) member.doubt = undefined;
    else if (doubt === undefined) member.doubt = { afterSeq, throughSeq };
    else member.doubt = { ...doubt, afterSeq: Math.min(afterSeq, doubt.afterSeq) };
    this.restart(id);
  }

  describe(): string {
    const lines: string[] = [];
    for (const member of this.members.values()) {
      if (member.up) {
        lines.push(describe(member.core.state));
        if (member.values.length > 0) lines.push(`  values ${member.values.join(' ')}`);
      } else {
        lines.push(`${member.id}: down`);
      }
    }
    return lines.join('\n');
  }
}
