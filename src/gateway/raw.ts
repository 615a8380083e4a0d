/**
 * The public raw listener: MessagePack-RPC over length-prefixed frames. Validates, checks rights,
 * and calls the operations. A cached look-up is answered in the same turn, from encoded bytes. Does
 * not depend on anything behind the operations.
 */
import { unreachable } from '../base/assert.js';
import { BazarError, toBazarError } from '../base/errors.js';
import { clientLimits, sessionLimits, wireLimits } from '../base/limits.js';
import type { MemoryBudget } from '../base/memory-budget.js';
import type { WorkTurns } from '../base/work-turns.js';
import { productNotFound } from '../frontend/answers.js';
import type { FrontendOperations } from '../frontend/operations.js';
import type { InputBatches, RequestContext } from '../frontend/types.js';
import type { RpcReply } from '../net/open-requests.js';
import { RpcServer } from '../net/rpc-server.js';
import type { RpcHandler, RpcSession } from '../net/rpc-session.js';
import type { Connection } from '../net/types.js';
import { encodedOnce } from '../wire/message.js';
import type { RequestHeader } from '../wire/request-header.js';
import type { Params, PublicMethod } from '../wire/schemas.js';
import { publicMethod, validateParams } from '../wire/validate.js';
import { RawObserver, type RawObserverOptions } from './raw-observer.js';
import type { TokenCheck } from './token-check.js';

const protocolVersion = 1;
/** Auditing a large store takes long. */
const auditTimeoutMs = 120_000;

/** Methods that are answered in a later turn than their request. */
type SlowMethod = Exclude<PublicMethod, 'lookup' | 'search' | 'hello'>;

type AdminMethod =
  | 'orders'
  | 'add_product'
  | 'update_product'
  | 'remove_product'
  | 'adjust_stock'
  | 'cancel_order'
  | 'cancellations'
  | 'read_stock'
  | 'ledger'
  | 'audit';

/** The shared answer to all look-ups of products that are known to be absent. */
const noSuchProduct = encodedOnce(productNotFound());

export interface RawGatewayOptions extends RawObserverOptions {
  readonly operations: FrontendOperations;
  readonly inputBatches: InputBatches;
  readonly tokens: TokenCheck;
  readonly openAdmin: boolean;
  /** Shared with the thread's other sessions. */
  readonly turns?: WorkTurns;
  readonly budget?: MemoryBudget;
}

export class RawGateway implements RpcHandler {
  readonly #options: RawGatewayOptions;
  readonly #server: RpcServer;
  readonly #admins = new WeakSet<RpcSession>();
  #requests = 0;

  constructor(options: RawGatewayOptions) {
    this.#options = options;
    const observer = new RawObserver(this, options);
    this.#server = new RpcServer({
      newHandler: () => observer,
      clock: options.clock,
      logger: options.logger,
      trusted: false,
      frameBytesMax: wireLimits.publicFrameBytesMax,
      idleMs: sessionLimits.idleMs,
      frameMs: sessionLimits.frameMs,
      ...(options.turns ? { turns: options.turns } : {}),
      ...(options.budget ? { budget: options.budget } : {}),
    });
  }

  accept(connection: Connection): void {
    this.#server.accept(connection);
  }

  drain(): Promise<void> {
    return this.#server.drain();
  }

  inputBegins(): void {
    this.#options.inputBatches.inputBegins();
  }

  inputEnds(): void {
    this.#options.inputBatches.inputEnds();
  }

  request(
    session: RpcSession,
    name: string,
    raw: unknown,
    reply: RpcReply,
    header?: RequestHeader,
  ): void {
    const method = publicMethod(name);
    const params = validateParams(method, raw);
    if (method === 'lookup') {
      this.#lookup(params as Params<'lookup'>, reply, header);
    } else if (method === 'search') {
      this.#search(params as Params<'search'>, reply, header);
    } else if (method === 'buy') {
      this.#buy(session, params as Params<'buy'>, reply, header);
    } else if (method === 'hello') {
      this.#hello(session, params as Params<'hello'>, reply);
    } else {
      this.#answer(session, method, params, reply, header);
    }
  }

  #answer(
    session: RpcSession,
    method: SlowMethod,
    params: Params<PublicMethod>,
    reply: RpcReply,
    header: RequestHeader | undefined,
  ): void {
    this.#perform(session, method, params, header).then(
      (result) => reply.result(result),
      (error: unknown) => this.#fail(method, error, reply),
    );
  }

  #lookup(params: Params<'lookup'>, reply: RpcReply, header: RequestHeader | undefined): void {
    const { operations } = this.#options;
    const cached = operations.cached(params);
    if (cached?.product) {
      reply.encoded(cached.encoded);
      return;
    }
    if (cached) {
      reply.fail(noSuchProduct);
      return;
    }
    operations.fetch(params, this.#context(header)).then(
      (found) => reply.encoded(found.encoded),
      (error: unknown) => this.#fail('lookup', error, reply),
    );
  }

  #search(params: Params<'search'>, reply: RpcReply, header: RequestHeader | undefined): void {
    const { operations } = this.#options;
    const cached = operations.cachedPage(params);
    if (cached) {
      reply.encoded(cached);
      return;
    }
    operations.fetchPage(params, this.#context(header)).then(
      (page) => reply.encoded(page),
      (error: unknown) => this.#fail('search', error, reply),
    );
  }

  /** A purchase of a product that is known to be sold out is refused in the same turn. */
  #buy(
    session: RpcSession,
    params: Params<'buy'>,
    reply: RpcReply,
    header: RequestHeader | undefined,
  ): void {
    const refused = this.#options.operations.refusal(params);
    if (refused) reply.fail(refused);
    else this.#answer(session, 'buy', params, reply, header);
  }

  /** Optional on this port; a wrong token is refused, not ignored. */
  #hello(session: RpcSession, params: Params<'hello'>, reply: RpcReply): void {
    if (params.protocol !== protocolVersion) {
      throw new BazarError('invalid_argument', `this port speaks protocol ${protocolVersion}`);
    }
    if (params.token !== undefined) {
      if (!this.#options.tokens.isRight(params.token, session.remote)) {
        throw new BazarError('unauthenticated', 'the token is not known');
      }
      this.#admins.add(session);
    }
    reply.result({ protocol: protocolVersion, admin: this.#isAdmin(session) });
  }

  async #perform(
    session: RpcSession,
    method: SlowMethod,
    params: Params<PublicMethod>,
    header: RequestHeader | undefined,
  ): Promise<unknown> {
    const { operations } = this.#options;
    const context = this.#context(header, method === 'audit' ? auditTimeoutMs : undefined);
    switch (method) {
      case 'buy':
        return operations.buy(params as Params<'buy'>, context);
      case 'hold':
        return operations.hold(params as Params<'hold'>, context);
      case 'read_hold':
        return operations.readHold(params as Params<'read_hold'>, context);
      case 'confirm_hold':
        return operations.confirmHold(params as Params<'confirm_hold'>, context);
      case 'release_hold':
        return operations.releaseHold(params as Params<'release_hold'>, context);
      case 'extend_hold':
        return operations.extendHold(params as Params<'extend_hold'>, context);
      case 'order':
        return operations.order(params as Params<'order'>, context);
      case 'status':
        return operations.status(context);
      case 'ping':
        return {};
      case 'orders':
      case 'add_product':
      case 'update_product':
      case 'remove_product':
      case 'adjust_stock':
      case 'cancel_order':
      case 'cancellations':
      case 'read_stock':
      case 'ledger':
      case 'audit':
        this.#requireAdmin(session);
        return this.#administer(method, params, context);
      default:
        return unreachable(method);
    }
  }

  #administer(
    method: AdminMethod,
    params: Params<PublicMethod>,
    context: RequestContext,
  ): Promise<unknown> {
    const { operations } = this.#options;
    switch (method) {
      case 'orders':
        return operations.orders(params as Params<'orders'>, context);
      case 'add_product':
        return operations.addProduct(params as Params<'add_product'>, context);
      case 'update_product':
        return operations.updateProduct(params as Params<'update_product'>, context);
      case 'remove_product':
        return operations.removeProduct(params as Params<'remove_product'>, context);
      case 'adjust_stock':
        return operations.adjustStock(params as Params<'adjust_stock'>, context);
      case 'cancel_order':
        return operations.cancelOrder(params as Params<'cancel_order'>, context);
      case 'cancellations':
        return operations.cancellations(params as Params<'cancellations'>, context);
      case 'read_stock':
        return operations.readStock(params as Params<'read_stock'>, context);
      case 'ledger':
        return operations.ledger(params as Params<'ledger'>, context);
      case 'audit':
        return operations.audit(context);
      default:
        return unreachable(method);
    }
  }

  #isAdmin(session: RpcSession): boolean {
    return this.#options.openAdmin || this.#admins.has(session);
  }

  #requireAdmin(session: RpcSession): void {
    if (this.#isAdmin(session)) return;
    throw new BazarError(
      'unauthenticated',
      'this needs the administrator: say hello with the token',
    );
  }

  #context(
    given: RequestHeader | undefined,
    timeoutMs: number = clientLimits.requestTimeoutMs,
  ): RequestContext {
    const { clock, logsRequests } = this.#options;
    this.#requests++;
    const requestId = given?.request_id ?? `raw-${this.#requests.toString(36)}`;
    // The request id is forwarded only if the services log it.
    const header = given ?? (logsRequests ? { request_id: requestId } : undefined);
    return { requestId, deadlineMs: clock.nowMs() + timeoutMs, header };
  }

  #fail(method: string, thrown: unknown, reply: RpcReply): void {
    const error = toBazarError(thrown);
    if (error.code === 'internal') {
      this.#options.logger.error({ method, err: error.cause ?? error }, 'a request failed');
    }
    reply.fail(error);
  }
}
