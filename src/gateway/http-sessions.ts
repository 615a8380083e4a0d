/**
 * The HTTP sessions of one thread, with the time limit of each step. A client cannot hold a session
 * by sending or reading slowly, nor fill memory by pipelining: its requests are handled one after
 * the other, in turns with other sessions. Uses streams and requests, but no route. Invariant: a
 * session that is not closed is in `#open`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { assert } from '../base/assert.js';
import { type Clock, every, type Timer } from '../base/clock.js';
import { sessionLimits } from '../base/limits.js';
import type { Holder, MemoryBudget } from '../base/memory-budget.js';
import { type WorkTurns, workUnits } from '../base/work-turns.js';
import type { Holding } from '../net/duplex.js';
import { streamBegins } from './answer-stream.js';

export const httpTimes = {
  /** Deadline of a request, from the end of its head. */
  requestMs: 5_000,
  /** From a request's first byte to the end of its head. */
  headMs: 10_000,
  /** From the end of its head to the end of its body. */
  bodyMs: 20_000,
  /** From the end of a request's head until the client has taken the answer. */
  answerMs: 30_000,
  /** Silence between two requests. */
  idleMs: 65_000,
  /** From our end of the stream to the client's. */
  lingerMs: 2_000,
  sweepEveryMs: 1_000,
} as const;

/** Heads are read in pieces of this size: the shortest requests have about twenty bytes. */
const headPieceBytes = 1_024;
const bodyPieceBytes = 65_536;

/** Below this, unread answers are not counted: the client keeps up. */
const unreadBytesMin = 65_536;

interface Exchange {
  readonly request: IncomingMessage;
  /** Time at which its head was complete. */
  readonly startedMs: number;
  /** Time at which earlier requests were answered; undefined while it waits for them. */
  handledMs: number | undefined;
  readonly handle: () => void;
  /** Its answer is a stream without a time limit. */
  isStream: boolean;
}

interface Session {
  /** Requests without a complete answer, oldest first. */
  readonly exchanges: Exchange[];
  /** The newest request; its body may still be arriving. */
  newest: Exchange | undefined;
  idleSinceMs: number;
  /** Time of the first byte of an incomplete request head. */
  headSinceMs: number | undefined;
  /** Error answer to send after the earlier requests are answered, before closing. */
  refusal: string | undefined;
  endedMs: number | undefined;
  /** Resumes reading. */
  readOn: () => void;
  /** Bytes read of the body in progress. */
  bodyBytes: number;
  /** Reading its body is paused: other sessions have their turn, or too much memory is held. */
  isHeld: boolean;
  readonly holder: Holder;
}

export interface HttpSessionsOptions {
  readonly clock: Clock;
  readonly turns: WorkTurns;
  /** Memory for incomplete bodies and unread answers. */
  readonly budget: MemoryBudget;
  /** The complete HTTP answer for a client that was too slow. */
  readonly timeoutText: string;
}

export class HttpSessions {
  readonly #clock: Clock;
  readonly #open = new Map<Duplex, Session>();
  readonly #sweeper: Timer;
  readonly #timeoutText: string;
  readonly #turns: WorkTurns;
  readonly #budget: MemoryBudget;
  #draining = false;
  #whenEmpty: (() => void) | undefined;

  constructor({ clock, turns, budget, timeoutText }: HttpSessionsOptions) {
    this.#clock = clock;
    this.#turns = turns;
    this.#budget = budget;
    this.#timeoutText = timeoutText;
    this.#sweeper = every(clock, httpTimes.sweepEveryMs, () => this.#sweep());
  }

  get size(): number {
    return this.#open.size;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /**
   * Adds a session. If the stream supports pausing, its input is read only while no request waits
   * for its answer.
   */
  add(duplex: Duplex & Partial<Holding>): void {
    const session: Session = {
      exchanges: [],
      newest: undefined,
      idleSinceMs: this.#clock.nowMs(),
      headSinceMs: undefined,
      refusal: undefined,
      endedMs: undefined,
      readOn: () => {},
      bodyBytes: 0,
      isHeld: false,
      holder: { giveUp: () => duplex.destroy() },
    };
    this.#open.set(duplex, session);
    session.readOn = duplex.holdBack?.(() => bytesWanted(session)) ?? session.readOn;
    duplex.on('data', (piece: Uint8Array) => {
      session.headSinceMs ??= this.#clock.nowMs();
      if (session.newest?.request.complete === false) this.#bodyCame(duplex, session, piece);
    });
    duplex.once('end', () => this.#settle(duplex, session));
    // The HTTP server handles errors; this listener only keeps a late one from being uncaught.
    duplex.on('error', () => {});
    duplex.once('close', () => {
      this.#open.delete(duplex);
      this.#budget.set(session.holder, 0);
      if (this.#open.size === 0) this.#whenEmpty?.();
    });
  }

  /** Call it for each request; `handle` is called when the earlier ones are answered. */
  began(request: IncomingMessage, response: ServerResponse, handle: () => void): void {
    const duplex: Duplex = request.socket;
    const session = this.#open.get(duplex);
    if (!session || duplex.destroyed) return;
    if (session.exchanges.length >= sessionLimits.inFlightMax) {
      duplex.destroy();
      return;
    }
    const startedMs = this.#clock.nowMs();
    const exchange: Exchange = {
      ...{ request, startedMs, handle },
      handledMs: undefined,
      isStream: false,
    };
    session.newest = exchange;
    session.headSinceMs = undefined;
    session.exchanges.push(exchange);
    // Each of these events is emitted once; `once` would add a function for each.
    response.on(streamBegins, () => {
      exchange.isStream = true;
      this.#settle(duplex, session);
    });
    response.on('prefinish', () => this.#count(duplex, session));
    response.on('close', () => {
      session.bodyBytes = 0;
      this.#count(duplex, session);
      session.exchanges.splice(session.exchanges.indexOf(exchange), 1);
      session.idleSinceMs = this.#clock.nowMs();
      this.#handleNext(duplex, session);
      session.readOn();
      this.#settle(duplex, session);
    });
    if (session.exchanges.length === 1) this.#handleNext(duplex, session);
  }

  #bodyCame(duplex: Duplex & Partial<Holding>, session: Session, piece: Uint8Array): void {
    session.bodyBytes += piece.length;
    this.#count(duplex, session);
    this.#turns.charge(piece.length >> 10);
    if (session.isHeld) return;
    const goOn = (): void =>
      this.#turns.later(() => {
        session.isHeld = false;
        this.#turns.charge(workUnits.resume);
        session.readOn();
      });
    session.isHeld = true;
    if (this.#budget.mustWait(session.bodyBytes)) this.#budget.whenRoom(session.holder, goOn);
    else if (this.#turns.shouldYield) goOn();
    else session.isHeld = false;
  }

  /** Counts the memory of a session: body, waiting requests, and answers not taken. */
  #count(duplex: Duplex & Partial<Holding>, { bodyBytes, holder }: Session): void {
    if (duplex.destroyed) return;
    const unread = duplex.writableLength;
    const input = bodyBytes + (duplex.heldBytes?.() ?? 0);
    this.#budget.set(holder, input + (unread > unreadBytesMin ? unread : 0));
  }

  #handleNext(duplex: Duplex, { exchanges: [exchange] }: Session): void {
    if (!exchange || exchange.handledMs !== undefined) return;
    exchange.handledMs = this.#clock.nowMs();
    this.#turns.run(() => {
      // Work for a disconnected client is dropped.
      if (duplex.destroyed) return;
      this.#turns.charge(workUnits.httpRequest);
      exchange.handle();
    });
  }

  /** The rest of the stream's input is invalid: answers the earlier requests, then sends `text`. */
  refuse(duplex: Duplex, text: string): void {
    const session = this.#open.get(duplex);
    if (!session || session.refusal !== undefined) return;
    session.refusal = text;
    this.#settle(duplex, session);
  }

  /**
   * Ends each session when its requests are answered. Resolves when none is left, or at the time
   * limit.
   */
  async drain(limitMs: number): Promise<void> {
    this.#draining = true;
    for (const [duplex, session] of this.#open) this.#settle(duplex, session);
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(limitMs, resolve);
      this.#whenEmpty = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  close(): void {
    this.#sweeper.cancel();
    for (const duplex of this.#open.keys()) duplex.destroy();
  }

  invariants(): void {
    for (const [duplex, session] of this.#open) {
      assert(!duplex.closed, 'an open session has an open stream');
      assert(session.exchanges.length <= sessionLimits.inFlightMax, 'exchanges are bounded');
    }
  }

  #settle(duplex: Duplex, session: Session): void {
    // A listener that ends its side has hung up; a silent one looks the same otherwise.
    if (duplex.readableEnded && session.exchanges[0]?.isStream) {
      duplex.destroy();
      return;
    }
    // A request with an incomplete body will not be answered.
    if (session.exchanges.some(({ request }) => request.complete)) return;
    if (session.refusal !== undefined) this.#end(duplex, session, session.refusal);
    else if (this.#draining && session.exchanges.length === 0) this.#end(duplex, session, '');
  }

  #end(duplex: Duplex, session: Session, text: string): void {
    if (session.endedMs !== undefined) return;
    session.endedMs = this.#clock.nowMs();
    if (duplex.writable) duplex.end(text);
    else duplex.destroy();
  }

  #sweep(): void {
    const now = this.#clock.nowMs();
    this.#budget.makeRoom();
    for (const [duplex, session] of this.#open) this.#enforce(duplex, session, now);
  }

  #enforce(duplex: Duplex, session: Session, now: number): void {
    const since = (startMs: number | undefined): number => now - (startMs ?? now);
    const { newest, exchanges, endedMs, headSinceMs, idleSinceMs } = session;
    const reading = newest !== undefined && !newest.request.complete;
    if (since(endedMs) > httpTimes.lingerMs) duplex.destroy();
    else if (exchanges[0]?.isStream) return;
    else if (since(exchanges[0]?.handledMs) > httpTimes.answerMs) duplex.destroy();
    else if (reading && since(newest.startedMs) > httpTimes.bodyMs) {
      if (exchanges.length > 0) this.refuse(duplex, this.#timeoutText);
      else duplex.destroy();
    } else if (exchanges.length > 0 || reading) return;
    else if (since(headSinceMs) > httpTimes.headMs) this.refuse(duplex, this.#timeoutText);
    else if (since(idleSinceMs) > httpTimes.idleMs) this.#end(duplex, session, '');
  }
}

/**
 * Zero while a request waits for its answer, except for its own body; in turns with other sessions.
 */
function bytesWanted({ exchanges, newest, isHeld, bodyBytes }: Session): number {
  if (exchanges.length === 0) return headPieceBytes;
  if (isHeld || exchanges.length > 1 || newest?.request.complete !== false) return 0;
  const length = Number(newest.request.headers['content-length'] ?? 0);
  return Math.min(bodyPieceBytes, Math.max(headPieceBytes, length - bodyBytes));
}
