/**
 * Runs the core of one member: persist, send, apply, reply (docs/PROTOCOL.md, 2). It collects the
 * input of a turn, passes records to the journal without waiting for the previous batch, and sends
 * nothing that is not durable. The core makes all protocol decisions.
 */
import { assert } from '../base/assert.js';
import { BazarError } from '../base/errors.js';
import { logLimits } from '../base/limits.js';
import { Core } from '../consensus/core.js';
import type { Message, SnapshotMark } from '../consensus/messages.js';
import type { Batch, Load } from '../consensus/outputs.js';
import type { Entry, MemberId } from '../consensus/types.js';
import { Applier } from './applier.js';
import type { GroupHostOptions } from './host-options.js';
import { Intake } from './intake.js';
import { Outbox } from './outbox.js';
import { recoverLog } from './recover-log.js';
import { StageTimer } from './stage-timer.js';
import { statusOf } from './status.js';
import { SnapshotTransfers } from './transfers.js';
import type { Applied, Group, GroupStatus } from './types.js';
import { eachUnapplied } from './unapplied.js';
import { Waiters } from './waiters.js';

export class GroupHost<Result> implements Group<Result> {
  /** Resolves with the reason when this host cannot continue and the process must end. */
  readonly failed: Promise<Error>;
  readonly #options: GroupHostOptions<Result>;
  readonly #core: Core;
  readonly #outbox: Outbox;
  readonly #applier: Applier<Result>;
  readonly #transfers: SnapshotTransfers;
  readonly #intake: Intake<Result>;
  readonly #waiters = new Waiters<Result>();
  readonly #timer: StageTimer;
  readonly #listeners: ((status: GroupStatus) => void)[] = [];
  #inputs: (() => void)[] = [];
  #running = false;
  #phase: 'new' | 'started' | 'stopped' = 'new';
  /** The last nomination of another member; requests that arrive here are redirected to it. */
  #hint: MemberId | undefined;
  #fail: (error: Error) => void = () => {};
  /** Number of records passed to the journal. */
  #appended = 0;
  /** Time since which writes are pending and nothing has become durable. */
  #diskSilentSinceMs: number | undefined;

  constructor(options: GroupHostOptions<Result>) {
    const { id, voters, recoveryServers, learner, doubt, gated, minCopies, rules, base, journal } =
      options;
    this.#options = options;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
    const { promised } = journal.recovered;
    this.#core = new Core({
      ...{ id, voters, recoveryServers, learner, doubt, gated, minCopies, rules, base, promised },
    });
    this.#timer = new StageTimer(options.clock, () => this.#enter(() => this.#tick()));
    this.#intake = new Intake(options.clock, () => this.#enter(() => this.#drain()));
    this.#outbox = new Outbox(options.peers);
    this.#applier = new Applier({
      machine: options.machine,
      applied: base.seq,
      entry: (seq) => this.#core.state.log.entry(seq),
      read: (from, maxBytes) => journal.readEntries(from, maxBytes),
      done: (entry, result) => this.#entryApplied(entry, result),
      resume: (action) => this.#enter(action),
      resumeLater: (action) => void options.clock.after(0, () => this.#enter(action)),
      failed: (error) => this.#end(error),
    });
    this.#transfers = new SnapshotTransfers({
      snapshots: options.snapshots,
      logger: options.logger,
      send: (to, message) => options.peers.send(to, [message]),
      missing: (to) => this.#enter(() => this.#core.snapshotMissing(to)),
      isWanted: (mark) => this.#core.wantsSnapshot(mark),
      installing: () => this.#applier.pause(),
      installed: (mark) => this.#enter(() => this.#installed(mark)),
      failed: (error) => this.#end(error),
    });
  }

  /** Recovers the log and takes part in the group; a group of one elects itself. */
  async start(): Promise<void> {
    assert(this.#phase === 'new', 'a host starts once');
    const { journal, peers, base } = this.#options;
    await recoverLog(this.#core, journal, base);
    journal.onDurable((position) => this.#enter(() => this.#durable(position)));
    journal.onFailure((error) => this.#end(error));
    this.#phase = 'started';
    peers.start({
      received: (from, messages) => this.#enter(() => this.#received(from, messages)),
      closed: (from) => this.#enter(() => this.#closed(from)),
    });
    this.#timer.follow(this.#core.state.stage);
    if (this.#core.state.others.length === 0) this.nominate(this.#options.id);
  }

  /** Stops taking part; waiting requests are refused. The caller closes journal and peers. */
  stop(): void {
    if (this.#phase === 'stopped') return;
    this.#phase = 'stopped';
    this.#timer.stop();
    this.#waiters.close();
    this.#transfers.stop();
    const stopped = new BazarError('unavailable', 'this replica stops');
    const { proposals, readers, doubters } = this.#intake.take();
    for (const { reject } of [...proposals, ...readers, ...doubters]) reject(stopped);
  }

  propose(command: Uint8Array, appended?: (seq: number) => void): Promise<Applied<Result>> {
    if (command.length === 0) {
      return Promise.reject(new BazarError('invalid_argument', 'a command has at least one byte'));
    }
    if (command.length > logLimits.uncommittedBytesMax) {
      return Promise.reject(new BazarError('too_large', 'the command is too large for an entry'));
    }
    return new Promise((resolve, reject) => {
      if (this.#phase !== 'started') return reject(this.#notLeading());
      this.#intake.propose({ command, appended, resolve, reject });
    });
  }

  readBarrier(): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#phase !== 'started') return reject(this.#notLeading());
      this.#intake.read({ resolve, reject });
    });
  }

  confirmLead(): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#phase !== 'started') return reject(this.#notLeading());
      this.#intake.confirm({ resolve, reject });
    });
  }

  get electedMs(): number | undefined {
    const { stage } = this.#core.state;
    return stage.kind === 'leader' ? stage.majorityMs : undefined;
  }

  eachUnapplied(visit: (entry: Entry) => void): Promise<void> {
    return eachUnapplied(this.#core.state.log, this.#options.journal, this.#applier.applied, visit);
  }

  openGates(throughSeq: number): void {
    this.#enter(() => this.#core.openGates(throughSeq));
  }

  announceVisible(): void {
    this.#enter(() => this.#core.announceVisible());
  }

  nominate(leader: MemberId): void {
    if (leader === this.#options.id) this.#enter(() => this.#core.nominate(this.#nowMs()));
    else this.#hint = leader;
  }

  /** A frontend has checked this member and has received the answer to its last check (A39). */
  attended(): void {
    this.#enter(() => this.#core.attended(this.#nowMs()));
  }

  /**
   * Recovery server only: fetches the leader's newest snapshot into its port, so that the log
   * before it can be dropped.
   */
  fetchSnapshot(): void {
    this.#enter(() => this.#core.requestSnapshot());
  }

  status(): GroupStatus {
    const { incarnation } = this.#options;
    const nowMs = this.#nowMs();
    const diskSilentMs = Math.max(0, nowMs - (this.#diskSilentSinceMs ?? nowMs));
    return statusOf(this.#core.state, this.#applier.applied, nowMs, { diskSilentMs, incarnation });
  }

  onRole(listener: (status: GroupStatus) => void): void {
    this.#listeners.push(listener);
  }

  /** The core's own state, for the simulator and tests. */
  get core(): Core {
    return this.#core;
  }

  /** Processes all input of one turn of the event loop. */
  #drain(): void {
    const nowMs = this.#nowMs();
    const { proposals, readers, doubters } = this.#intake.take();
    for (const proposal of proposals) {
      const seq = this.#core.propose(proposal.command, nowMs);
      if (seq === 'not-leading') proposal.reject(this.#notLeading());
      else if (seq === 'overloaded') {
        proposal.reject(new BazarError('overloaded', 'too many entries wait for their commit'));
      } else {
        this.#waiters.appended(seq, proposal);
        proposal.appended?.(seq);
      }
    }
    if (proposals.length > 0) this.#core.replicate();
    if (readers.length > 0) this.#core.read(this.#waiters.asked(readers), nowMs);
    if (doubters.length > 0) this.#core.confirm(this.#waiters.asked(doubters), nowMs);
  }

  #notLeading(): BazarError {
    const leader = this.#core.state.leader ?? this.#hint;
    const details = leader === undefined || leader === this.#options.id ? {} : { leader };
    return new BazarError('unavailable', 'this replica does not lead', { details });
  }

  #durable(position: number): void {
    const nowMs = this.#nowMs();
    this.#diskSilentSinceMs = position < this.#appended ? nowMs : undefined;
    this.#outbox.release(position);
    this.#core.durable(position, nowMs);
  }

  #received(from: MemberId, messages: readonly Message[]): void {
    // Messages that arrive during a snapshot installation count as lost; they will be sent again.
    if (this.#transfers.isInstalling && this.#options.machine !== undefined) return;
    const nowMs = this.#nowMs();
    for (const message of messages) this.#core.step(from, message, nowMs);
  }

  #closed(from: MemberId): void {
    this.#outbox.forget(from);
    this.#transfers.closed(from);
    this.#core.peerClosed(from, this.#nowMs());
  }

  #tick(): void {
    const nowMs = this.#nowMs();
    this.#core.tick(nowMs);
    this.#waiters.tick(nowMs);
  }

  #installed(mark: SnapshotMark): void {
    this.#core.installed(mark, this.#nowMs());
    this.#applier.restart(this.#core.state.applied);
  }

  /** Processes one input at a time: input that its effects cause is processed after it. */
  #enter(input: () => void): void {
    if (this.#phase !== 'started') return;
    this.#inputs.push(input);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#inputs.shift(); next; next = this.#inputs.shift()) {
        next();
        this.#carryOut();
      }
      if (this.#phase === 'started') this.#timer.follow(this.#core.state.stage);
    } catch (error) {
      this.#inputs = [];
      this.#end(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#running = false;
    }
  }

  /** Persists, sends, applies and replies until the core has no more work. */
  #carryOut(): void {
    let more = true;
    while (more) {
      const batch = this.#core.take();
      if (batch.records.length > 0) {
        const position = this.#options.journal.append(batch.records);
        assert(position === batch.position, 'the journal counts the records as the core does');
        this.#appended = position;
        this.#diskSilentSinceMs ??= this.#nowMs();
      }
      this.#outbox.send(batch.messages);
      if (batch.leadLost) this.#waiters.leadLost();
      more = this.#apply(batch);
      this.#reply(batch);
    }
  }

  /** Reports applied entries to the core. True if the core may have more work. */
  #apply(batch: Batch): boolean {
    this.#applier.advance(batch.applyThrough);
    if (this.#applier.applied <= this.#core.state.applied) return false;
    this.#core.applied(this.#applier.applied);
    this.#waiters.reached(this.#applier.applied);
    return true;
  }

  #reply(batch: Batch): void {
    const nowMs = batch.reads.length > 0 ? this.#nowMs() : 0;
    for (const { id, position } of batch.reads) {
      this.#waiters.answered(id, position, this.#applier.applied, nowMs);
    }
    for (const load of batch.loads) this.#load(load);
    for (const wanted of batch.snapshotsWanted) this.#transfers.begin(wanted);
    for (const { from, answer } of batch.chunkAnswers) this.#transfers.answered(from, answer);
    for (const { from, chunk } of batch.chunks) this.#transfers.received(from, chunk);
    if (batch.admitted) this.#admit();
    if (!batch.roleChanged) return;
    const status = this.status();
    for (const listener of this.#listeners) listener(status);
  }

  #entryApplied(entry: Entry, result: Result): void {
    this.#options.applied?.(entry, result);
    this.#waiters.applied(entry.seq, result);
  }

  #load(load: Load): void {
    const { journal } = this.#options;
    const { prevSeq } = load;
    const known = prevSeq === 0 ? 0 : this.#core.state.log.epochOf(prevSeq);
    const prev = known === undefined ? journal.readEntry(prevSeq) : undefined;
    Promise.all([prev, journal.readEntries(prevSeq + 1, logLimits.appendBytesMax)]).then(
      ([entry, entries]) =>
        this.#enter(() => this.#core.loaded(load, known ?? entry?.epoch, entries)),
      (error: unknown) => this.#end(error),
    );
  }

  #admit(): void {
    const durably = this.#options.admitted?.() ?? Promise.resolve();
    durably.then(
      () => this.#enter(() => this.#core.admitted()),
      (error: unknown) => this.#end(error),
    );
  }

  #end(error: unknown): void {
    if (this.#phase === 'stopped') return;
    const reason = error instanceof Error ? error : new Error(String(error));
    this.#options.logger.error({ error: reason.message }, 'replica failed, stopping');
    this.stop();
    this.#fail(reason);
  }

  #nowMs(): number {
    return this.#options.clock.nowMs();
  }
}
