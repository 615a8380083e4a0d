/**
 * A member of a group that has an epoch in the database and no log (docs/SQL-ENGINE.md): the order group.
 * Its leader is the member that raised the epoch last. The leader confirms its epoch regularly, and the
 * others read who leads. Invariant: each epoch has at most one leader.
 */
import { type Clock, sleep } from '../../base/clock.js';
import { BazarError } from '../../base/errors.js';
import type { Logger } from '../../base/logging.js';
import type { FailedCandidacy, MemberId } from '../../consensus/types.js';
import type { Lead, LeaderRow, LogDatabase } from '../../database/types.js';
import type { GroupHandle } from '../engine.js';
import type { Applied, GroupStatus } from '../types.js';
import { candidacyStatus } from './candidacy-status.js';

/** How often the leader confirms its epoch, and the others read it. */
const checkEveryMs = 500;

export interface EpochDatabase extends Omit<LogDatabase, 'readEntries'> {
  /** Who took the lead last, as far as this database knows. Rejects with `unavailable`. */
  readLeader(): Promise<LeaderRow>;
}

export interface EpochGroupOptions {
  readonly id: MemberId;
  readonly members: readonly MemberId[];
  readonly incarnation: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly database: EpochDatabase;
}

type Stage =
  | { readonly kind: 'follower' }
  | { readonly kind: 'candidate'; readonly sinceMs: number }
  | { readonly kind: 'leader'; readonly lead: Lead; readonly electedMs: number };

const follower: Stage = { kind: 'follower' };

export class EpochGroup implements GroupHandle<never> {
  /** Never settles: this member has no state that can fail. */
  readonly failed: Promise<Error> = new Promise(() => {});
  readonly #options: EpochGroupOptions;
  readonly #listeners: ((status: GroupStatus) => void)[] = [];
  #stage: Stage = follower;
  #isStopped = false;
  /** The newest epoch known, and who took it. */
  #epoch = 0;
  #leader: MemberId | undefined;
  #failure: FailedCandidacy | undefined;
  /** Since when the database has confirmed, or told, nothing. */
  #silentSinceMs: number | undefined;

  constructor(options: EpochGroupOptions) {
    this.#options = options;
  }

  /** The only member takes the lead; others wait for a nomination. */
  start(): Promise<void> {
    void this.#checkRegularly();
    return Promise.resolve();
  }

  stop(): void {
    this.#isStopped = true;
    this.#stage = follower;
  }

  attended(): void {}

  propose(): Promise<Applied<never>> {
    return Promise.reject(withoutLog());
  }

  readBarrier(): Promise<number> {
    return Promise.reject(withoutLog());
  }

  confirmLead(): Promise<number> {
    return Promise.reject(withoutLog());
  }

  get electedMs(): number | undefined {
    return this.#stage.kind === 'leader' ? this.#stage.electedMs : undefined;
  }

  eachUnapplied(): Promise<void> {
    return Promise.resolve();
  }

  openGates(): void {}

  announceVisible(): void {}

  /** Frontends nominate only if they see no healthy leader, so a nominee takes the lead at once. */
  nominate(leader: MemberId): void {
    if (this.#isStopped || this.#stage.kind !== 'follower') return;
    if (leader === this.#options.id) void this.#take();
    else this.#leader = leader;
  }

  status(): GroupStatus {
    const { id, clock, incarnation } = this.#options;
    const nowMs = clock.nowMs();
    const leads = this.#stage.kind === 'leader';
    const sinceMs = this.#stage.kind === 'candidate' ? this.#stage.sinceMs : undefined;
    const silentMs = this.#silentSinceMs === undefined ? 0 : nowMs - this.#silentSinceMs;
    return {
      id,
      role: leads ? 'leader' : 'follower',
      serving: leads,
      epoch: this.#epoch,
      leader: leads ? id : this.#leader,
      logEnd: { epoch: this.#epoch, seq: 0 },
      commit: 0,
      applied: 0,
      oldestUncommittedMs: 0,
      diskSilentMs: Math.max(0, silentMs),
      incarnation,
      candidacy: candidacyStatus(sinceMs, this.#failure, nowMs),
    };
  }

  onRole(listener: (status: GroupStatus) => void): void {
    this.#listeners.push(listener);
  }

  async #checkRegularly(): Promise<void> {
    const { clock, members } = this.#options;
    while (!this.#isStopped) {
      const stage = this.#stage;
      if (stage.kind === 'leader') await this.#confirm(stage);
      else if (stage.kind === 'follower' && members.length === 1) await this.#take();
      else if (stage.kind === 'follower') await this.#read();
      await sleep(clock, checkEveryMs);
    }
  }

  /** The update of the row waits for no one here, so a failure only means that the database is silent. */
  async #confirm(stage: Extract<Stage, { kind: 'leader' }>): Promise<void> {
    const { database, clock, logger } = this.#options;
    const { epoch, end } = stage.lead;
    this.#silentSinceMs ??= clock.nowMs();
    const result = await database.write({ epoch, end, entries: [] });
    if (this.#stage !== stage) return;
    if (result.kind === 'written') this.#silentSinceMs = undefined;
    else if (result.kind === 'fenced') {
      logger.warn({ epoch }, 'the lead has ended: another leader has a newer epoch');
      this.#stage = follower;
      this.#leader = undefined;
      this.#roleChanged();
      await this.#read();
    } else logger.debug({ epoch, reason: result.reason }, 'the lead is not confirmed');
  }

  async #read(): Promise<void> {
    const { database, clock, logger } = this.#options;
    this.#silentSinceMs ??= clock.nowMs();
    try {
      const { epoch, leader } = await database.readLeader();
      if (this.#isStopped || this.#stage.kind !== 'follower') return;
      this.#silentSinceMs = undefined;
      // A primary that was cut off shows an older one.
      if (epoch < this.#epoch) return;
      const isNews = epoch !== this.#epoch;
      this.#epoch = epoch;
      // A row that names this member is of its own earlier lead, or of its earlier process.
      this.#leader = leader === this.#options.id ? undefined : leader;
      if (isNews) this.#roleChanged();
    } catch (error) {
      logger.debug({ error: String(error) }, 'the leader is not known');
    }
  }

  /** S2: a new epoch. There is nothing to read after it. */
  async #take(): Promise<void> {
    const { id, database, clock, logger } = this.#options;
    const stage: Stage = { kind: 'candidate', sinceMs: clock.nowMs() };
    this.#stage = stage;
    try {
      const lead = await database.takeLead(id);
      if (this.#stage !== stage) return;
      this.#stage = { kind: 'leader', lead, electedMs: clock.nowMs() };
      this.#epoch = lead.epoch;
      this.#failure = undefined;
      this.#silentSinceMs = undefined;
    } catch (error) {
      if (this.#stage !== stage) return;
      logger.warn({ error: String(error) }, 'could not take the lead');
      this.#stage = follower;
      this.#failure = { reason: 'unconfirmed', atMs: clock.nowMs() };
    }
    this.#roleChanged();
  }

  #roleChanged(): void {
    if (this.#isStopped) return;
    const status = this.status();
    for (const listener of this.#listeners) listener(status);
  }
}

function withoutLog(): BazarError {
  return new BazarError('unavailable', 'this group has no log');
}
