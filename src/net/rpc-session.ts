/**
 * One end of an RPC connection. Both ends send requests and answers, in any number and any order. It
 * reads frames in place, sends all output of a turn in one write, and stops reading when too much is
 * under way. Does not depend on the methods. Invariant: each call's callback is called exactly once.
 */
import { assert } from '../base/assert.js';
import type { Clock } from '../base/clock.js';
import { BazarError, toBazarError } from '../base/errors.js';
import { sessionLimits } from '../base/limits.js';
import { type Logger, silentLogger } from '../base/logging.js';
import { FrameParser, headerBytes } from '../wire/frame.js';
import { encodeNotification, encodeRequest } from '../wire/message.js';
import type { RequestHeader } from '../wire/request-header.js';
import { Dispatcher } from './dispatcher.js';
import { Drain } from './drain.js';
import { OpenRequests } from './open-requests.js';
import { outputLimits, type PeerHandler, type SessionOptions } from './peer-handler.js';
import {
  type CallCallback,
  called,
  callsMax,
  PendingCalls,
  tooLateToSend,
} from './pending-calls.js';
import { SessionHolding } from './session-holding.js';
import { SessionOutput } from './session-output.js';
import { TurnShare } from './turn-share.js';
import type { Connection } from './types.js';

export type RpcHandler = PeerHandler<RpcSession>;

export type RpcSessionOptions = SessionOptions<RpcSession>;

export class RpcSession {
  readonly remote: string;
  /** The server's sweeps since bytes last arrived; the server closes a session that is idle too long. */
  idleSweeps = 0;
  /** The peer announced that it reads headers of requests. */
  readsHeaders = false;
  onTrusted: (() => void) | undefined = undefined;
  /** The peer announced that it supports the bound of totals. */
  boundsTotals = false;
  /** The newest version of the catalog's rules that the peer supports. */
  rules = 0;
  readonly #connection: Connection;
  readonly #handler: RpcHandler;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onGone: RpcSessionOptions['closed'];
  readonly #parser: FrameParser;
  readonly #output: SessionOutput;
  readonly #requests: OpenRequests;
  readonly #calls: PendingCalls;
  readonly #dispatcher: Dispatcher<RpcSession>;
  readonly #inFlightMax: number;
  readonly #outputBytesMax: number;
  readonly #drain: Drain;
  readonly #share: TurnShare;
  readonly holding: SessionHolding;
  /** Reading is paused because too much is under way. */
  #paused = false;
  #draining = false;
  /** The peer sends no more requests; its earlier requests are still answered. */
  #peerEnded = false;
  /** Reading has stopped; the connection closes when the output has left. */
  #ending = false;
  #closed = false;

  constructor(connection: Connection, options: RpcSessionOptions) {
    this.remote = connection.remote;
    this.#connection = connection;
    this.#handler = options.handler;
    this.#clock = options.clock;
    this.#logger = options.logger ?? silentLogger;
    this.#onGone = options.closed;
    this.#drain = new Drain(options.clock, () => this.#flushed());
    this.holding = new SessionHolding(options.budget, (error) => this.destroy(error));
    this.#share = new TurnShare(options.turns, () => this.#goOn());
    this.#inFlightMax = options.inFlightMax ?? sessionLimits.inFlightMax;
    this.#outputBytesMax = options.outputBytesMax ?? sessionLimits.outputBytesMax;
    assert(this.#outputBytesMax >= outputLimits.bytesFloor, 'the output limit is above the floor');
    this.#parser = new FrameParser(options.frameBytesMax);
    this.#calls = new PendingCalls(options.clock);
    this.#output = new SessionOutput(connection, options.clock, {
      sent: () => this.#calls.written(),
      flushed: () => this.#flushed(),
    });
    this.#requests = new OpenRequests(this.#output, options.frameBytesMax, options.turns);
    this.#dispatcher = new Dispatcher(this, {
      ...{ handler: options.handler, trusted: options.trusted, logger: this.#logger },
      ...{ requests: this.#requests, calls: this.#calls },
      giveUp: (error) => this.#giveUp(error),
      givenUp: (error) => this.destroy(error),
    });
    connection.start({
      data: (chunk) => this.#data(chunk),
      end: () => this.#ended(),
      drained: () => this.#flushed(),
      closed: (error) => this.#onClosed(error),
    });
    this.#handler.opened?.(this);
  }

  get closed(): boolean {
    return this.#closed || this.#ending;
  }

  /** Number of the peer's requests under way. */
  get inFlight(): number {
    return this.#requests.count;
  }

  get pendingBytes(): number {
    return this.#output.pendingBytes;
  }

  /** The peer has proved that it is a service of the store. */
  trust(frameBytesMax: number): void {
    this.onTrusted?.();
    this.#dispatcher.trusted = true;
    this.#parser.frameBytesMax = frameBytesMax;
    this.#requests.frameBytesMax = frameBytesMax;
  }

  /**
   * Sends a request to the peer. The callback is called once, after this returns: with the result, the
   * peer's error, `deadline_exceeded`, `unavailable` (details `unknown: true` if the request had left),
   * `overloaded` if too much output waits, or `too_large`. Without time left nothing is sent.
   */
  request(
    method: string,
    params: unknown,
    timeoutMs: number,
    callback: CallCallback,
    header?: RequestHeader,
  ): void {
    const refusal =
      timeoutMs > 0 ? this.#refusal() : tooLateToSend(`no time is left for ${method}`);
    if (refusal !== undefined) {
      this.#clock.afterTurn(() => callback(refusal, undefined));
      return;
    }
    const writer = this.#output.writer;
    const before = writer.length;
    const id = this.#calls.add(timeoutMs, callback);
    encodeRequest(writer, id, method, params, this.readsHeaders ? header : undefined);
    if (this.#tooLarge(before)) {
      this.#calls.take(id);
      const error = new BazarError('too_large', `the request ${method} is too large`);
      this.#clock.afterTurn(() => callback(error, undefined));
      return;
    }
    this.#output.wrote();
  }

  call(method: string, params: unknown, timeoutMs: number): Promise<unknown> {
    return called((callback) => this.request(method, params, timeoutMs, callback));
  }

  /** Sends a notification. Returns false if it cannot be sent. */
  notify(method: string, params: unknown): boolean {
    if (this.#refusal() !== undefined) return false;
    const before = this.#output.writer.length;
    encodeNotification(this.#output.writer, method, params);
    if (this.#tooLarge(before)) return false;
    this.#output.wrote();
    return true;
  }

  /** Refuses new requests. Resolves when requests under way are answered and the answers have left. */
  drain(): Promise<void> {
    this.#draining = true;
    this.#dispatcher.draining = true;
    const drained = this.#drain.wait();
    this.#output.soon();
    if (this.#closed) this.#drain.release();
    return drained;
  }

  /** Sends the written output, then closes. */
  end(): void {
    if (this.closed) return;
    this.#ending = true;
    this.#output.flush();
    this.#connection.end();
  }

  /** Closes at once. */
  destroy(error?: Error): void {
    this.#ending = true;
    this.#output.close();
    this.#connection.destroy(error);
  }

  #refusal(): BazarError | undefined {
    if (this.closed || this.#peerEnded) {
      return new BazarError('unavailable', `the connection to ${this.remote} is closed`);
    }
    if (this.#calls.count >= callsMax || this.#output.exceeds(this.#outputBytesMax)) {
      return new BazarError('overloaded', `too much waits for ${this.remote}`);
    }
    return undefined;
  }

  #tooLarge(before: number): boolean {
    const writer = this.#output.writer;
    if (writer.length - before - headerBytes <= this.#requests.frameBytesMax) return false;
    writer.rewind(before);
    return true;
  }

  #data(chunk: Uint8Array): void {
    this.idleSweeps = 0;
    if (this.closed) return;
    this.#parser.push(chunk);
    this.#share.received(chunk.length);
    if (this.#paused || this.#share.waiting) this.#parser.hold();
    else if (this.#share.mustWait) this.#wait();
    else this.#readFrames();
    this.#countHeld();
  }

  #countHeld(): void {
    this.holding.partial(this.#parser.heldBytes);
    if (!this.#paused) this.#share.waitForRoom(this.holding, this.#connection);
  }

  /** Reads the held input, and continues from there. */
  #goOn(): void {
    if (this.closed) return;
    this.#readFrames();
    if (!this.#paused && !this.#share.waiting) {
      this.#share.resumed();
      this.#connection.resume();
    }
    this.#countHeld();
    // If no whole frame was waiting, no other call would check whether the session is to end.
    this.#output.soon();
  }

  #wait(): void {
    this.#parser.hold();
    this.#connection.pause();
    this.#share.wait();
  }

  #readFrames(): void {
    let more = true;
    let mayGoOn = true;
    let frames = 0;
    try {
      while (mayGoOn && !this.#blocked()) {
        more = this.#nextFrame();
        if (!more) break;
        // A single frame is not worth the calls.
        if (frames === 1) this.#handler.inputBegins?.();
        frames++;
        mayGoOn = this.#readFrame();
      }
    } finally {
      if (frames > 1) this.#handler.inputEnds?.();
    }
    if (this.closed || !more) return;
    if (!mayGoOn && !this.#blocked()) {
      this.#wait();
      return;
    }
    this.#parser.hold();
    this.#paused = true;
    this.#connection.pause();
    this.#output.soon();
  }

  #readFrame(): boolean {
    const { buffer, start, end } = this.#parser;
    const { writer } = this.#output;
    const before = writer.length;
    this.#dispatcher.frame(buffer, start, end);
    return this.#share.took(writer.length - before);
  }

  /** Whether too much is under way to continue reading; also true once reading has ended. */
  #blocked(): boolean {
    return (
      this.closed ||
      this.#requests.count >= this.#inFlightMax ||
      this.#requests.isCrowded ||
      this.#output.exceeds(this.#outputBytesMax)
    );
  }

  #nextFrame(): boolean {
    try {
      return this.#parser.next();
    } catch (error) {
      this.#giveUp(toBazarError(error));
      return false;
    }
  }

  /** The stream is invalid: sends the reason, and closes when that has left. */
  #giveUp(error: BazarError): void {
    if (this.closed) return;
    this.#logger.debug({ remote: this.remote, reason: error.message }, 'session given up');
    this.#requests.refuse(undefined, error);
    this.end();
  }

  #ended(): void {
    this.#peerEnded = true;
    this.#calls.failAll('unavailable', `${this.remote} closed the connection`);
    this.#output.soon();
  }

  /** Runs after each flush, and when the network has taken all output. */
  #flushed(): void {
    if (this.closed) return;
    const pending = this.#output.pendingBytes;
    this.holding.unread(pending);
    if (pending > this.#outputBytesMax * outputLimits.closeFactor) {
      this.destroy(new BazarError('overloaded', `${this.remote} reads too slowly`));
      return;
    }
    if (this.#paused && !this.#blocked()) {
      this.#paused = false;
      if (this.#share.mustWait) this.#wait();
      else this.#goOn();
      return;
    }
    if (this.#requests.count > 0 || this.#paused || this.#share.waiting) return;
    if (this.#peerEnded) this.end();
    else if (this.#draining && pending === 0) this.#drain.release();
    else if (this.#draining) this.#drain.later();
  }

  #onClosed(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.holding.nothing();
    this.#output.close();
    this.#calls.failAll('unavailable', `the connection to ${this.remote} was lost`, error);
    this.#drain.release();
    this.#handler.closed?.(this, error);
    this.#onGone?.(this, error);
  }
}
