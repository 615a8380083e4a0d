/**
 * The requests from the peer that this side has not answered. Hands out a reply for each and encodes the
 * answer. Invariant: each request is answered exactly once, and no answer exceeds the frame limit.
 */
import { assert } from '../base/assert.js';
import { BazarError, type ErrorCode } from '../base/errors.js';
import type { WorkTurns } from '../base/work-turns.js';
import { headerBytes } from '../wire/frame.js';
import { encodeAnswer, encodeAnswerRaw, encodeErrorAnswer } from '../wire/message.js';
import type { SessionOutput } from './session-output.js';

export class OpenRequests {
  readonly #output: SessionOutput;
  readonly #turns: WorkTurns | undefined;
  #count = 0;
  frameBytesMax: number;

  constructor(output: SessionOutput, frameBytesMax: number, turns?: WorkTurns) {
    this.#output = output;
    this.#turns = turns;
    this.frameBytesMax = frameBytesMax;
  }

  get count(): number {
    return this.#count;
  }

  /**
   * This session has as many requests under way as its share allows while other sessions have some too.
   */
  get isCrowded(): boolean {
    return this.#turns !== undefined && !this.#turns.mayBegin(this.#count);
  }

  open(id: number): RpcReply {
    this.#count++;
    if (this.#turns) this.#turns.underWay++;
    return new RpcReply(this, id);
  }

  result(id: number, value: unknown): void {
    this.#closeOne();
    const writer = this.#output.writer;
    const before = writer.length;
    encodeAnswer(writer, id, value);
    this.#wrote(id, before);
  }

  encoded(id: number, bytes: Uint8Array): void {
    this.#closeOne();
    const writer = this.#output.writer;
    const before = writer.length;
    encodeAnswerRaw(writer, id, bytes);
    this.#wrote(id, before);
  }

  fail(id: number, error: BazarError): void {
    this.#closeOne();
    encodeErrorAnswer(this.#output.writer, id, error);
    this.#output.wrote();
  }

  /** Sends an error answer for a message that never became a request. */
  refuse(id: number | undefined, error: BazarError): void {
    encodeErrorAnswer(this.#output.writer, id, error);
    this.#output.wrote();
  }

  #closeOne(): void {
    this.#count--;
    if (this.#turns) this.#turns.underWay--;
  }

  #wrote(id: number, before: number): void {
    const writer = this.#output.writer;
    if (writer.length - before - headerBytes > this.frameBytesMax) {
      writer.rewind(before);
      encodeErrorAnswer(writer, id, new BazarError('too_large', 'the answer is too large'));
    }
    this.#output.wrote();
  }
}

/** The result of a request. */
export type Outcome = ErrorCode | 'ok';

/** The answer to one request, given exactly once; it is dropped if the session has closed. */
export class RpcReply {
  readonly #requests: OpenRequests;
  readonly #id: number;
  #outcome: Outcome | undefined;
  #watcher: ((outcome: Outcome) => void) | undefined;

  constructor(requests: OpenRequests, id: number) {
    this.#requests = requests;
    this.#id = id;
  }

  get given(): boolean {
    return this.#outcome !== undefined;
  }

  /** The outcome, or undefined before the answer. */
  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  /** Calls the watcher when the answer is given, if it is not given yet. */
  onGiven(watcher: (outcome: Outcome) => void): void {
    this.#watcher = watcher;
  }

  result(value: unknown): void {
    this.#give('ok');
    this.#requests.result(this.#id, value);
  }

  /** A result that is already encoded as MessagePack. */
  encoded(bytes: Uint8Array): void {
    this.#give('ok');
    this.#requests.encoded(this.#id, bytes);
  }

  fail(error: BazarError): void {
    this.#give(error.code);
    this.#requests.fail(this.#id, error);
  }

  #give(outcome: Outcome): void {
    assert(this.#outcome === undefined, 'a request is answered once');
    this.#outcome = outcome;
    this.#watcher?.(outcome);
  }
}
