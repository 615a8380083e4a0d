/**
 * Routes each frame: a request goes to the handler, an answer to its caller. Refuses malformed and
 * forbidden frames, with the request's id if it can be read. Does not depend on the connection; if the
 * stream is invalid, it asks the session to give up.
 */
import { AssertionError } from '../base/assert.js';
import { BazarError, toBazarError } from '../base/errors.js';
import type { Logger } from '../base/logging.js';
import { isOn } from '../base/optimisations.js';
import { decode } from '../wire/codec.js';
import {
  decodeError,
  type Envelope,
  kinds,
  paramsAndHeader,
  readEnvelope,
} from '../wire/message.js';
import { ParamsCache } from '../wire/params-cache.js';
import type { RequestHeader } from '../wire/request-header.js';
import { findViolation, isGarbage, type Violation, violationError } from '../wire/structure.js';
import type { OpenRequests } from './open-requests.js';
import type { PeerHandler } from './peer-handler.js';
import type { PendingCalls } from './pending-calls.js';

export interface DispatcherOptions<Session> {
  readonly handler: PeerHandler<Session>;
  readonly requests: OpenRequests;
  readonly calls: PendingCalls;
  readonly trusted: boolean;
  readonly logger: Logger;
  /** Sends the reason to the peer, then closes. */
  readonly giveUp: (error: BazarError) => void;
  /** The peer could not read a message of this side, sent the reason, and closes. */
  readonly givenUp: (error: BazarError) => void;
}

const failed = Symbol('failed');

/** Shared by all sessions of this thread. */
const paramsCache = new ParamsCache();

export class Dispatcher<Session> {
  /** The peer is a service of the store: its frames skip the structural scan. */
  trusted: boolean;
  draining = false;
  readonly #session: Session;
  readonly #options: DispatcherOptions<Session>;

  constructor(session: Session, options: DispatcherOptions<Session>) {
    this.#session = session;
    this.#options = options;
    this.trusted = options.trusted;
  }

  frame(buffer: Buffer, start: number, end: number): void {
    const envelope = readEnvelope(buffer, start, end);
    if (this.#mayBeCached(envelope)) {
      const params = paramsCache.find(buffer, envelope.bodyStart, end);
      if (params !== undefined) {
        this.#perform(envelope, params, undefined);
        return;
      }
    }
    const violation = this.trusted ? undefined : findViolation(buffer, start, end);
    if (violation !== undefined) {
      this.#violated(violation, envelope);
    } else if (envelope.kind === kinds.request) {
      this.#request(envelope, buffer, start, end);
    } else if (envelope.kind === kinds.answer) {
      this.#answer(envelope, buffer, start, end);
    } else if (envelope.kind === kinds.notification) {
      this.#notification(envelope, buffer, end);
    } else {
      this.#refuse(envelope.id, new BazarError('invalid_argument', envelope.problem));
    }
  }

  #request(envelope: Envelope, buffer: Buffer, start: number, end: number): void {
    // Requests with a header are rare: the whole message is decoded to find the end of the params.
    const wholeStart = envelope.hasHeader ? start : undefined;
    const decoded = this.#decode(buffer, wholeStart ?? envelope.bodyStart, end);
    if (decoded === failed) return;
    if (this.#mayBeCached(envelope)) paramsCache.add(buffer, envelope.bodyStart, end, decoded);
    if (wholeStart === undefined) this.#perform(envelope, decoded, undefined);
    else this.#perform(envelope, ...paramsAndHeader(decoded));
  }

  #mayBeCached({ kind, hasHeader }: Envelope): boolean {
    return kind === kinds.request && !hasHeader && !this.trusted && isOn('params-cache');
  }

  #perform(envelope: Envelope, params: unknown, header: RequestHeader | undefined): void {
    const { handler, requests, logger } = this.#options;
    const { method } = envelope;
    const id = envelope.id ?? 0;
    if (this.draining) {
      requests.refuse(id, new BazarError('unavailable', 'the service is stopping'));
      return;
    }
    const reply = requests.open(id);
    try {
      handler.request(this.#session, method, params, reply, header);
    } catch (error) {
      if (error instanceof AssertionError) throw error;
      if (!(error instanceof BazarError)) {
        logger.error({ err: error, method }, 'a request failed unexpectedly');
      }
      if (!reply.given) reply.fail(toBazarError(error));
    }
  }

  #notification(envelope: Envelope, buffer: Buffer, end: number): void {
    const method = envelope.method;
    const params = this.#decode(buffer, envelope.bodyStart, end);
    if (params !== failed) this.#options.handler.notification?.(this.#session, method, params);
  }

  #answer(envelope: Envelope, buffer: Buffer, start: number, end: number): void {
    const { id, ok, bodyStart } = envelope;
    if (id === undefined) {
      this.#options.givenUp(errorOf(buffer, start, end));
      return;
    }
    const callback = this.#options.calls.take(id);
    if (callback === undefined) return;
    if (!ok) {
      callback(errorOf(buffer, start, end), undefined);
      return;
    }
    const result = this.#decode(buffer, bodyStart, end);
    if (result !== failed) callback(undefined, result);
    else callback(new BazarError('unavailable', 'the answer cannot be read'), undefined);
  }

  #decode(buffer: Buffer, start: number, end: number): unknown {
    try {
      return decode(buffer, start, end);
    } catch (error) {
      this.#options.giveUp(toBazarError(error));
      return failed;
    }
  }

  #violated(violation: Violation, envelope: Envelope): void {
    const error = violationError(violation);
    if (isGarbage(violation)) {
      this.#options.giveUp(error);
    } else if (envelope.kind === kinds.answer && envelope.id !== undefined) {
      this.#options.calls.take(envelope.id)?.(error, undefined);
    } else {
      this.#refuse(envelope.id, error);
    }
  }

  #refuse(id: number | undefined, error: BazarError): void {
    if (id === undefined) this.#options.giveUp(error);
    else this.#options.requests.refuse(id, error);
  }
}

function errorOf(buffer: Buffer, start: number, end: number): BazarError {
  try {
    return decodeError(buffer, start, end);
  } catch (error) {
    return toBazarError(error);
  }
}
