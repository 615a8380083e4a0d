/**
 * How services prove that they belong to one cluster: mutual challenge and response by HMAC-SHA256 with
 * the cluster's token as the key. The proof covers protocol, cluster and group, and the role, id,
 * incarnation and nonce of both sides (docs/PROTOCOL.md, 1). A session may call nothing else before it
 * is done. The token never crosses the wire. The handshake neither encrypts nor signs later traffic.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { required } from '../base/assert.js';
import type { Clock, Timer } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import { clientLimits, wireLimits } from '../base/limits.js';
import type { Random } from '../base/random.js';
import { rulesVersion } from '../wire/internal.js';
import type { RequestHeader } from '../wire/request-header.js';
import { isInteger, isRecord } from '../wire/shapes.js';
import {
  challengeBytes,
  type Hello,
  type HelloAnswer,
  type Proof,
  readHello,
  readHelloAnswer,
  readProof,
} from './hello.js';
import type { RpcReply } from './open-requests.js';
import type { Introduction } from './rpc-client.js';
import type { RpcHandler, RpcSession } from './rpc-session.js';

export const protocolVersion = 1;

export interface Identity {
  /** For example `catalog`, `order`, `recovery`, `frontend`. */
  readonly role: string;
  /** For example `catalog-1`. */
  readonly id: string;
  readonly incarnation: string;
}

export interface HandshakeOptions {
  readonly identity: Identity;
  /** The cluster's id. */
  readonly cluster: string;
  /** The group that this connection is for: both sides must name the same one. */
  readonly group: string;
  readonly token: string;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * The client's side, for RpcClient's `introduce`. `expectedId` is the service that must answer at the
 * address. Fails with the peer's refusal, or with its own `unauthenticated` or `permission_denied`.
 */
export function introduction(
  options: HandshakeOptions,
  expectedId: string,
  met?: (peer: Identity) => void,
): Introduction {
  return (session, done) => {
    const hello = makeHello(options);
    session.request('hello', hello, clientLimits.handshakeTimeoutMs, (error, result) => {
      const answer = error ?? attempt(() => checkAnswer(options, hello, expectedId, result));
      if (answer instanceof BazarError) {
        done(answer);
        return;
      }
      const proof: Proof = { answer: prove('client', hello, answer, options.token) };
      session.request('prove', proof, clientLimits.handshakeTimeoutMs, (refusal, proved) => {
        if (refusal === undefined) {
          session.readsHeaders = isRecord(proved) && proved.headers === true;
          session.boundsTotals = isRecord(proved) && proved.bounds_totals === true;
          session.rules = isRecord(proved) && isInteger(proved.rules) ? proved.rules : 0;
          session.trust(wireLimits.internalFrameBytesMax);
          met?.(identityOf(answer));
        }
        done(refusal);
      });
    });
  };
}

function checkAnswer(
  options: HandshakeOptions,
  hello: Hello,
  expectedId: string,
  result: unknown,
): HelloAnswer {
  const answer = readHelloAnswer(result);
  checkPlace(answer, options);
  checkProof(answer.answer, prove('server', hello, answer, options.token));
  if (answer.id !== expectedId) {
    throw new BazarError('permission_denied', `${answer.id} answers for ${expectedId}`);
  }
  return answer;
}

/** Makes the handler for a peer that has proved its identity; `group` is the group of the connection. */
export type Admit = (session: RpcSession, peer: Identity, group: string) => RpcHandler;

/**
 * The server's side: a handler for one session. It refuses all requests until the peer has proved its
 * identity, and then passes everything to the handler that `admit` returns. A service in several groups
 * gives options for each.
 */
export function authenticatedHandler(
  options: HandshakeOptions | readonly HandshakeOptions[],
  admit: Admit,
): RpcHandler {
  return new Gate(Array.isArray(options) ? options : [options as HandshakeOptions], admit);
}

class Gate implements RpcHandler {
  readonly #admit: Admit;
  readonly #choices: readonly HandshakeOptions[];
  /** The options of the group that the peer has named; until then the first ones. */
  #options: HandshakeOptions;
  #met: { readonly hello: Hello; readonly answer: HelloAnswer } | undefined;
  #inner: RpcHandler | undefined;
  #timer: Timer | undefined;

  constructor(choices: readonly HandshakeOptions[], admit: Admit) {
    this.#choices = choices;
    this.#options = required(choices[0], 'options of a handshake');
    this.#admit = admit;
  }

  opened(session: RpcSession): void {
    this.#timer = this.#options.clock.after(clientLimits.handshakeTimeoutMs, () =>
      session.destroy(new BazarError('unauthenticated', 'the handshake took too long')),
    );
  }

  request(
    session: RpcSession,
    method: string,
    params: unknown,
    reply: RpcReply,
    header?: RequestHeader,
  ): void {
    if (this.#inner !== undefined) {
      this.#inner.request(session, method, params, reply, header);
      return;
    }
    const result = attempt(() => this.#step(session, method, params));
    if (result instanceof BazarError) {
      reply.fail(result);
      session.end();
    } else {
      reply.result(result);
    }
  }

  notification(session: RpcSession, method: string, params: unknown): void {
    if (this.#inner === undefined) {
      session.destroy(new BazarError('unauthenticated', 'a notification before the handshake'));
    } else {
      this.#inner.notification?.(session, method, params);
    }
  }

  closed(session: RpcSession, error: Error | undefined): void {
    this.#timer?.cancel();
    this.#inner?.closed?.(session, error);
  }

  #step(session: RpcSession, method: string, params: unknown): object {
    if (method === 'hello' && this.#met === undefined) return this.#hello(params);
    if (method === 'prove' && this.#met !== undefined) return this.#proved(session, params);
    throw new BazarError('unauthenticated', `${method.slice(0, 64)} before the handshake is done`);
  }

  #hello(params: unknown): HelloAnswer {
    const hello = readHello(params);
    this.#options = this.#choices.find(({ group }) => group === hello.group) ?? this.#options;
    checkPlace(hello, this.#options);
    const own = makeHello(this.#options);
    const answer = { ...own, answer: prove('server', hello, own, this.#options.token) };
    this.#met = { hello, answer };
    return answer;
  }

  #proved(session: RpcSession, params: unknown): object {
    const { hello, answer } = required(this.#met, 'the hello');
    checkProof(readProof(params).answer, prove('client', hello, answer, this.#options.token));
    this.#timer?.cancel();
    session.trust(wireLimits.internalFrameBytesMax);
    this.#inner = this.#admit(session, identityOf(hello), hello.group);
    this.#inner.opened?.(session);
    // An older peer sends nothing here and reads no headers.
    return { headers: true, bounds_totals: true, rules: rulesVersion };
  }
}

function makeHello({ identity, cluster, group, random }: HandshakeOptions): Hello {
  const { role, id, incarnation } = identity;
  const challenge = random.bytes(challengeBytes);
  return { protocol: protocolVersion, role, id, cluster, group, incarnation, challenge };
}

function checkPlace(peer: Hello, own: HandshakeOptions): void {
  const refuse = (what: string, theirs: unknown, ours: unknown): BazarError =>
    new BazarError('permission_denied', `${what} ${String(theirs)} is not ${String(ours)}`);
  if (peer.protocol !== protocolVersion) {
    throw refuse('protocol', peer.protocol, protocolVersion);
  }
  if (peer.cluster !== own.cluster) throw refuse('cluster', peer.cluster, own.cluster);
  if (peer.group !== own.group) throw refuse('group', peer.group, own.group);
}

/** The label prevents either side from presenting the other's proof as its own. */
function prove(side: 'client' | 'server', client: Hello, server: Hello, token: string): Buffer {
  const said = [side, ...fields(client), ...fields(server)];
  return createHmac('sha256', token).update(JSON.stringify(said)).digest();
}

function fields(hello: Hello): (string | number)[] {
  const { protocol, cluster, group, role, id, incarnation, challenge } = hello;
  const nonce = Buffer.from(challenge).toString('hex');
  return [protocol, cluster, group, role, id, incarnation, nonce];
}

function checkProof(given: Uint8Array, wanted: Buffer): void {
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw new BazarError('unauthenticated', 'the proof of the cluster token is wrong');
  }
}

function identityOf({ role, id, incarnation }: Hello): Identity {
  return { role, id, incarnation };
}

/** Returns the value, or the BazarError that `action` threw. */
function attempt<T>(action: () => T): T | BazarError {
  try {
    return action();
  } catch (error) {
    if (error instanceof BazarError) return error;
    throw error;
  }
}
