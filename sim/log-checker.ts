/**
 * Checks one group's replication from outside (docs/PROTOCOL.md, 7): one leader per epoch (I1), matching
 * logs (I2), committed entries stay (I3), epochs and log time do not decrease (I10), and no message
 * claims what is not durable (I11). The number of refusals before a leader finds where a follower's log
 * diverges is bounded (A37). Does not depend on the state machine.
 */
import { logLimits } from '../src/base/limits.js';
import type { Core } from '../src/consensus/core.js';
import { invariants } from '../src/consensus/describe.js';
import type { Message } from '../src/consensus/messages.js';
import type { Entry, LogRecord, MemberId } from '../src/consensus/types.js';
import type { Recovered } from '../src/storage/types.js';
import { entryKey, MemberMirror } from './log-mirror.js';

interface Known {
  readonly entry: Entry;
  readonly prevEpoch: number;
}

interface Watched {
  readonly mirror: MemberMirror;
  /** The highest promise that was ever durable here, in all lives of this disk. */
  promised: number;
  commitSeen: number;
  appliedTime: number;
  observations: number;
  /** A leader's appends that it has refused in a row; heartbeats do not count. */
  refusals: { readonly epoch: number; round: number; count: number };
}

/** The core's own invariants cost more, so they are not checked after each event. */
const deepEvery = 16;
/** One for each epoch of a log and for each doubling of the step; far more than any run needs. */
const probesMax = 128;

export class LogChecker {
  readonly group: string;
  /** Epochs of committed entries, by seq; [0] is before the first. */
  readonly committed: number[] = [0];
  readonly leaders = new Map<number, MemberId>();
  /** The highest epoch with a leader. */
  newestEpoch = 0;
  truncations = 0;
  readonly #report: (problem: string) => void;
  readonly #entries = new Map<number, Known>();
  readonly #members = new Map<MemberId, Watched>();

  constructor(group: string, report: (problem: string) => void) {
    this.group = group;
    this.#report = report;
  }

  /** A new life of a member, with the recovered state of its disk. */
  started(id: MemberId, recovered: Recovered, entries: readonly Entry[], base: number): void {
    const member = this.#member(id);
    const { durable } = member.mirror;
    const { promised, last } = recovered;
    const lastEpoch = durable.epochs.at(-1) ?? 0;
    if (promised.epoch < durable.promised.epoch) {
      this.#report(`I10: ${id} forgot its promise of epoch ${durable.promised.epoch}`);
    }
    const isShorter =
      last.epoch < lastEpoch || (last.epoch === lastEpoch && last.seq < durable.last);
    if (durable.epochs.length > 0 && isShorter && last.seq > base) {
      this.#report(`I11: ${id} lost durable entries: ${last.seq} of ${durable.last}`);
    }
    member.mirror.restart(entries, promised);
    member.commitSeen = base;
    member.appliedTime = 0;
  }

  /** The disk was lost or cut off: earlier promises no longer bind it. */
  lostDisk(id: MemberId): void {
    this.#members.delete(id);
  }

  snapshot(id: MemberId, seq: number, epoch: number): void {
    this.#member(id).mirror.snapshot = { seq, epoch };
  }

  appended(id: MemberId, records: readonly LogRecord[]): void {
    const { mirror } = this.#member(id);
    for (const record of records) {
      mirror.append([record]);
      if (record.kind === 'entry') this.#matches(id, record.entry, mirror);
      else if (record.kind === 'truncate') this.truncations += 1;
    }
  }

  durable(id: MemberId, position: number): void {
    const member = this.#member(id);
    member.mirror.sync(position);
    const { epoch } = member.mirror.durable.promised;
    if (epoch < member.promised) this.#report(`I10: ${id} promised epoch ${epoch} after a higher`);
    member.promised = epoch;
  }

  /** I11: claims about the own disk are true. */
  sending(from: MemberId, to: MemberId, message: Message): void {
    const { mirror } = this.#member(from);
    const { promised } = mirror.durable;
    switch (message.kind) {
      case 'promised':
        this.#saysPromised(from, message.promised);
        if (!message.agreed) break;
        if (promised.epoch === message.epoch && promised.leader !== to) {
          this.#report(`I11: ${from} promised ${message.epoch} to another than ${to}`);
        }
        if (!mirror.holds(message.last.seq, message.last.epoch)) {
          this.#report(`I11: ${from} claims an end ${message.last.seq} that is not durable`);
        }
        for (const [voter, { epoch, version }] of message.giver?.admitted ?? []) {
          const durable = promised.admitted?.get(voter);
          if (durable?.epoch === epoch && durable.version >= version) continue;
          if (durable && durable.epoch > epoch) continue;
          this.#report(`I11: ${from} tells of an admission of ${voter} that is not durable`);
        }
        break;
      case 'prevoted':
      case 'stale':
        this.#saysPromised(from, message.promised);
        break;
      case 'append':
        this.#saysPromised(from, message.epoch);
        break;
      case 'appended':
        this.#saysPromised(from, message.epoch);
        if (message.ok && !mirror.holds(message.match, message.matchEpoch)) {
          this.#report(`I11: ${from} acknowledges ${message.match}, which is not durable`);
        }
        this.#answers(from, to, message);
        break;
      default:
        break;
    }
  }

  /**
   * A37: messages under way are refused once, and after that one probe at a time. The first message of
   * each read round is not a probe.
   */
  #answers(
    from: MemberId,
    to: MemberId,
    { ok, live, epoch, round }: Message & { kind: 'appended' },
  ): void {
    const member = this.#member(from);
    if (ok || member.refusals.epoch !== epoch) member.refusals = { epoch, round, count: 0 };
    const { refusals } = member;
    const isProbe = !ok && !live && round === refusals.round;
    refusals.round = round;
    if (!isProbe) return;
    refusals.count += 1;
    const { count } = refusals;
    if (count !== logLimits.windowMessagesMax + probesMax) return;
    this.#report(`A37: ${from} refused ${count} appends of ${to} in a row`);
  }

  /** Called after every event of a member. */
  observe(core: Core): void {
    const { state } = core;
    const member = this.#member(state.id);
    if (state.stage.kind === 'leader') this.#leads(core, state.stage.epoch);
    for (let seq = member.commitSeen + 1; seq <= state.commit; seq++) {
      const epoch = state.log.epochOf(seq);
      if (epoch !== undefined) this.#commits(state.id, seq, epoch);
    }
    member.commitSeen = Math.max(member.commitSeen, state.commit);
    member.observations += 1;
    if (member.observations % deepEvery !== 0) return;
    try {
      invariants(state);
    } catch (error) {
      this.#report(`core of ${state.id}: ${error instanceof Error ? error.message : error}`);
    }
  }

  applied(id: MemberId, entry: Entry): void {
    const member = this.#member(id);
    if (entry.time < member.appliedTime) this.#report(`I10: log time went back at ${entry.seq}`);
    member.appliedTime = entry.time;
    this.#commits(id, entry.seq, entry.epoch);
    const known = this.#entries.get(entryKey(entry));
    if (known && !isSame(known.entry, entry)) {
      this.#report(`I3: ${id} applied another entry ${entry.seq} than was logged`);
    }
  }

  #saysPromised(from: MemberId, epoch: number): void {
    const { durable, snapshot } = this.#member(from).mirror;
    if (Math.max(durable.promised.epoch, snapshot.epoch) >= epoch) return;
    this.#report(`I11: ${from} speaks of epoch ${epoch}, which it has not durably promised`);
  }

  /** I2, by induction: equal position and epoch mean the same entry after the same epoch. */
  #matches(id: MemberId, entry: Entry, { appended }: MemberMirror): void {
    const prevEpoch = appended.epochOf(entry.seq - 1);
    const key = entryKey(entry);
    const known = this.#entries.get(key);
    if (known === undefined) {
      this.#entries.set(key, { entry, prevEpoch: prevEpoch ?? -1 });
      return;
    }
    if (!isSame(known.entry, entry)) {
      this.#report(`I2: ${id} has another entry ${entry.seq} of epoch ${entry.epoch}`);
    }
    if (prevEpoch !== undefined && known.prevEpoch >= 0 && known.prevEpoch !== prevEpoch) {
      this.#report(`I2: ${id} has another entry before ${entry.seq} of epoch ${entry.epoch}`);
    }
  }

  #leads(core: Core, epoch: number): void {
    const { id, log } = core.state;
    const other = this.leaders.get(epoch);
    if (other === id) return;
    if (other !== undefined) {
      this.#report(`I1: both ${other} and ${id} lead epoch ${epoch}`);
      return;
    }
    this.leaders.set(epoch, id);
    this.newestEpoch = Math.max(this.newestEpoch, epoch);
    for (let seq = log.base.seq + 1; seq < this.committed.length; seq++) {
      const committed = this.committed[seq];
      // A later leader may have advanced before this one learns of its own majority.
      if (committed === undefined || committed > epoch || log.epochOf(seq) === committed) continue;
      this.#report(`I3: ${id} leads epoch ${epoch} without committed entry ${seq}`);
      return;
    }
  }

  #commits(id: MemberId, seq: number, epoch: number): void {
    const known = this.committed[seq];
    if (known === undefined) this.committed[seq] = epoch;
    else if (known !== epoch) {
      this.#report(`I3: ${id} has epoch ${epoch} at ${seq}, committed with epoch ${known}`);
    }
  }

  #member(id: MemberId): Watched {
    let member = this.#members.get(id);
    if (member === undefined) {
      const mirror = new MemberMirror();
      const refusals = { epoch: 0, round: 0, count: 0 };
      member = { mirror, promised: 0, commitSeen: 0, appliedTime: 0, observations: 0, refusals };
      this.#members.set(id, member);
    }
    return member;
  }
}

function isSame(a: Entry, b: Entry): boolean {
  if (a.command !== b.command && Buffer.compare(a.command, b.command) !== 0) return false;
  return a.seq === b.seq && a.epoch === b.epoch && a.time === b.time;
}
