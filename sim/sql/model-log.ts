/**
 * One replica's sessions at the modelled database, with what a network does: delays, lost answers, and a
 * session that still reaches the former primary.
 */
import type { Clock } from '../../src/base/clock.js';
import { BazarError } from '../../src/base/errors.js';
import type { Random } from '../../src/base/random.js';
import type { Entry } from '../../src/consensus/types.js';
import type { Lead, LogDatabase, LogWrite, WriteResult } from '../../src/database/types.js';
import {
  type DatabaseModel,
  endOf,
  type Server,
  writeTransaction,
  zeros,
} from './database-model.js';

const timeoutMs = 1_500;

interface Session {
  readonly number: number;
  readonly server: Server;
  isLost: boolean;
  /** Ends the calls under way. */
  readonly lost: Promise<void>;
  readonly lose: () => void;
}

export class ModelLog implements LogDatabase {
  readonly #database: DatabaseModel;
  readonly #clock: Clock;
  readonly #random: Random;
  #session: Session | undefined;
  #sessions = 0;
  /** A server that is cut off, and that new sessions may still reach. */
  reaches: Server | undefined;
  isCut = false;
  /** Until then no answer arrives, though requests do. */
  #stalledUntilMs = 0;
  /** The next request arrives so late. */
  #delayMs = 0;

  constructor(database: DatabaseModel, clock: Clock, random: Random) {
    this.#database = database;
    this.#clock = clock;
    this.#random = random;
  }

  /** The connection closes; a new call makes a new one. */
  cut(): void {
    this.#session?.lose();
    this.#session = undefined;
  }

  /** Holds back the answers for so long; 0: no longer. */
  stall(ms: number): void {
    this.#stalledUntilMs = this.#clock.nowMs() + ms;
  }

  /** Delays the next request. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  async takeLead(): Promise<Lead> {
    const session = await this.#connect();
    let epoch = 0;
    let end = zeros;
    const commit = await this.#call(session, () =>
      session.server.run((state) => {
        epoch = state.epoch + 1;
        end = endOf(state);
        return (target) => {
          target.epoch = Math.max(target.epoch, epoch);
        };
      }),
    );
    if (commit !== 'committed') throw unavailable();
    if (this.#random.integer(4) === 0) this.#stray();
    return { epoch, end, session: session.number };
  }

  async readEntries(
    afterSeq: number,
    maxBytes: number,
    wanted?: number,
  ): Promise<readonly Entry[]> {
    const session = await this.#connect(wanted);
    const { log } = session.server.state;
    await this.#call(session, () => Promise.resolve());
    const entries: Entry[] = [];
    let bytes = 0;
    for (const entry of log.slice(afterSeq)) {
      entries.push(entry);
      bytes += entry.command.length;
      if (bytes >= maxBytes) break;
    }
    return entries;
  }

  async write(write: LogWrite): Promise<WriteResult> {
    let session: Session;
    try {
      session = await this.#connect(write.session);
    } catch {
      return { kind: 'not_written', reason: 'no connection' };
    }
    try {
      const transaction = writeTransaction(write, this.#database.rules);
      const commit = await this.#call(session, () => session.server.run(transaction));
      if (commit === 'failed') return { kind: 'fenced' };
      if (commit === 'committed') return { kind: 'written' };
    } catch {
      // The request or its answer was lost.
    }
    this.cut();
    return { kind: 'unknown', reason: 'the answer is lost' };
  }

  /** The session of the takeover ends, and for a moment new ones reach the former primary. */
  #stray(): void {
    this.cut();
    const { former } = this.#database;
    if (former === undefined || this.reaches !== undefined) return;
    this.reaches = former;
    this.#clock.after(20, () => {
      if (this.reaches === former) this.reaches = undefined;
      if (this.#session?.server === former) this.cut();
    });
  }

  async close(): Promise<void> {
    this.cut();
  }

  async #connect(wanted?: number): Promise<Session> {
    const { rules, primary } = this.#database;
    if (this.isCut) throw unavailable();
    const isOpen = this.#session !== undefined && !this.#session.isLost;
    const isWanted = wanted === undefined || (isOpen && this.#session?.number === wanted);
    if (!isWanted && rules.oneSession) throw unavailable();
    if (this.#session !== undefined && isOpen) return this.#session;
    let lose: () => void = () => {};
    const lost = new Promise<void>((resolve) => {
      lose = resolve;
    });
    const session: Session = {
      number: ++this.#sessions,
      server: this.#random.integer(2) === 0 ? (this.reaches ?? primary) : primary,
      isLost: false,
      lost,
      lose: () => {
        session.isLost = true;
        lose();
      },
    };
    this.#session = session;
    return session;
  }

  /** Sends a request and waits for the answer. Either may be lost; the request may run nevertheless. */
  async #call<T>(session: Session, run: () => Promise<T>): Promise<T> {
    await Promise.race([this.#delay(), session.lost]);
    const delayMs = this.#delayMs;
    this.#delayMs = 0;
    if (delayMs > 0) await this.#after(delayMs);
    if (session.isLost && this.#random.integer(2) === 0) throw unavailable();
    const answer = run().then(async (value) => {
      await this.#delay();
      const stalledMs = this.#stalledUntilMs - this.#clock.nowMs();
      if (stalledMs > 0) await this.#after(stalledMs);
      return value;
    });
    const gone = Promise.race([session.lost, this.#after(timeoutMs)]).then(() => {
      session.lose();
      throw unavailable();
    });
    return Promise.race([answer, gone]);
  }

  /** Some messages take long, and sometimes the session ends meanwhile. */
  #delay(): Promise<void> {
    const isLong = this.#random.integer(200) === 0;
    if (isLong && this.#random.integer(2) === 0) this.#clock.after(5, () => this.cut());
    return this.#after(0.1 + this.#random.fraction() * (isLong ? 700 : 2));
  }

  #after(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.after(ms, resolve));
  }
}

function unavailable(): BazarError {
  return new BazarError('unavailable', 'the database does not answer');
}
