/**
 * The HTTP server of one session thread. It does not listen: each session is passed to it as a byte
 * stream. It uses the operations port and nothing behind it. Invariant: any input gets an answer in
 * our shape or a closed stream, in bounded time.
 */
import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  errorCodes,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify';
import { BazarError, toBazarError } from '../base/errors.js';
import { sessionLimits, wireLimits } from '../base/limits.js';
import type { Logger } from '../base/logging.js';
import { MemoryBudget } from '../base/memory-budget.js';
import type { MetricSample } from '../base/metric-table.js';
import type { Random } from '../base/random.js';
import { WorkTurns } from '../base/work-turns.js';
import type { Operations } from '../frontend/types.js';
import type { Holding } from '../net/duplex.js';
import { type Demo, demoRoutes } from './demo-routes.js';
import { type CacheInspection, type Dialect, inManners, type Manners } from './dialects/dialect.js';
import { dialectAt, dialectPrefix, dialects } from './dialects/dialects.js';
import { EntityTags } from './entity-tags.js';
import type { EventHub } from './event-hub.js';
import { eventRoutes } from './event-routes.js';
import {
  failureAnswer,
  frameworkFailure,
  type HttpAnswer,
  packedBody,
  requireKnownCoding,
  requireKnownExpectation,
} from './http-errors.js';
import { type HttpObserverOptions, observeHttp } from './http-observer.js';
import { type HttpRoute, methodsAt, methodsOf } from './http-route.js';
import { HttpSessions, httpTimes } from './http-sessions.js';
import { isPlain, mayBeJson, readJson } from './json-body.js';
import { metricsRoutes } from './metrics-routes.js';
import { checkHook, mountRoutes, sendAnswer } from './mount-routes.js';
import { docsRoutes } from './openapi/docs-routes.js';
import type { OrdersStatus } from './order-routes.js';
import { type Page, pageRoutes } from './page.js';
import { createAdminCheck, requestIdOf } from './request-headers.js';
import { rootApi } from './root-api.js';
import { requireSingleHeaders } from './single-headers.js';
import { SiteCheck, type SiteRules } from './site-check.js';
import type { TokenCheck } from './token-check.js';

const headBytesMax = 16 * 1024;
/** Maximum length of a path segment as sent; schemas check its content. */
const segmentLengthMax = 4 * 1024;

/** Our own schemas check every listener, so the framework's compilers are not even loaded. */
const noCompilers = { buildValidator: noSchemas, buildSerializer: noSchemas };

function noSchemas(): never {
  throw new BazarError('internal', 'no route here gives the framework a schema');
}

export interface HttpGatewayOptions extends HttpObserverOptions {
  readonly operations: Operations;
  /** Identifies this store, and its state since the last restore; part of the entity tags. */
  readonly history: string;
  readonly random: Random;
  readonly tokens: TokenCheck;
  /** Gives everyone the administrator's rights: for old clients, never the default. */
  readonly openAdmin: boolean;
  /** The page at `/`; undefined for none. */
  readonly page?: Page;
  /** Kills and starts services on request; undefined by default, which forbids it. */
  readonly demo?: Demo | undefined;
  /** Status of a successful purchase; undefined for 200. */
  readonly ordersStatus?: OrdersStatus;
  /** Undefined: any host name is accepted, and no other site's page may change anything. */
  readonly sites?: SiteRules;
  readonly cache: CacheInspection;
  /** Served at the root instead of the API; if undefined, each dialect is served in its folder. */
  readonly dialect?: Dialect | undefined;
  /** The metrics of the whole store; undefined if they are not served. */
  readonly metrics?: (() => Promise<readonly MetricSample[]>) | undefined;
  /** Source of events for listeners; undefined if events are not served. */
  readonly events?: EventHub | undefined;
  /** Shared with the thread's other sessions. */
  readonly turns?: WorkTurns;
  readonly budget?: MemoryBudget;
  /** True once the process was asked to stop. */
  readonly draining: () => boolean;
}

export interface HttpGateway {
  /** Takes over a session. Call it in the turn in which the stream was created. */
  accept(duplex: Duplex & Partial<Holding>): void;
  /** Answers the requests in progress, ends each session, and resolves by the time limit. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

export async function createHttpGateway(options: HttpGatewayOptions): Promise<HttpGateway> {
  const { clock, random } = options;
  const timeout = new BazarError('deadline_exceeded', 'the request took too long to arrive');
  const { turns = new WorkTurns(), budget = new MemoryBudget(sessionLimits.heldBytesMax) } =
    options;
  const sessions = new HttpSessions({
    ...{ clock, turns, budget },
    timeoutText: plainText(timeout, 408, random),
  });
  const draining = (): boolean => sessions.draining || options.draining();
  const { operations, events, metrics, page = [], demo, ordersStatus, dialect } = options;
  const tags = new EntityTags(options.history);
  const routes: HttpRoute[] = [
    ...rootApi(operations, { tags, draining, demo: demo !== undefined, ordersStatus }),
    ...(events ? eventRoutes(events) : []),
    ...(metrics ? metricsRoutes(metrics) : []),
    ...docsRoutes(() => routes),
    ...demoRoutes(demo),
    ...pageRoutes(page),
  ];
  const app = createApp(options, sessions);
  observeHttp(app, options, (path) => ((dialect ?? dialectAt(path)) ? 'dialect' : 'http'));
  const sites = new SiteCheck(options.sites ?? { hosts: undefined, origins: [] });
  addRequestHooks(app, sites, draining);
  const parts = { operations, tags, cache: options.cache, draining };
  if (dialect) serve(app, { ...dialect, routes: dialect.routes(parts) }, sites, options);
  else {
    serve(app, { routes }, sites, options);
    for (const one of dialects) {
      const table = { ...one, routes: one.routes(parts) };
      const prefix = dialectPrefix(one);
      app.register(async (under) => serve(under, table, sites, options), { prefix });
    }
  }
  await app.ready();
  return {
    accept(duplex) {
      sessions.add(duplex);
      app.server.emit('connection', duplex);
    },
    drain: () => sessions.drain(sessionLimits.drainMs),
    async close() {
      sessions.close();
      await app.close();
    },
  };
}

interface Table {
  readonly routes: readonly HttpRoute[];
  readonly manners?: Manners;
}

function serve(
  app: FastifyInstance,
  table: Table,
  sites: SiteCheck,
  options: HttpGatewayOptions,
): void {
  const { clock, logger, logsRequests, tokens, openAdmin } = options;
  const checkAdmin = createAdminCheck(tokens, openAdmin);
  addBodyReader(app, table.manners !== undefined);
  addFailureHandlers(app, table, sites, logger);
  mountRoutes(app, table.routes, { clock, checkAdmin, sites, logsRequests });
}

function createApp(
  { random, dialect }: HttpGatewayOptions,
  sessions: HttpSessions,
): FastifyInstance {
  return fastify({
    logger: false,
    bodyLimit: wireLimits.publicFrameBytesMax,
    routerOptions: { maxParamLength: segmentLengthMax },
    return503OnClosing: false,
    schemaController: { compilersFactory: noCompilers },
    genReqId: (request) => requestIdOf(request.headers, random),
    frameworkErrors: (error, request, reply) => {
      const answer = frameworkFailure(error, request.id) ?? internalFailure(error, request.id);
      // The handler's reply is typed for schemas, which no route here uses.
      const told = inManners((dialect ?? dialectAt(request.url))?.manners, answer);
      sendAnswer(request as FastifyRequest, reply as unknown as FastifyReply, told);
    },
    clientErrorHandler: (error, socket) => {
      sessions.refuse(socket, refusalText(error, random));
    },
    serverFactory: (handler) => {
      const server = createServer({
        maxHeaderSize: headBytesMax,
        keepAliveTimeout: httpTimes.idleMs,
        // A hook checks it instead, which answers in our shape.
        requireHostHeader: false,
      });
      // A client such as `nc` may end its side after the request. Without this option, which Node's
      // types lack, its answer would be dropped.
      Object.assign(server, { httpAllowHalfOpen: true });
      const handle = (request: IncomingMessage, response: ServerResponse): void => {
        sessions.began(request, response, () => handler(request, response));
      };
      server.on('request', handle);
      // Without this listener Node would answer in a shape of its own.
      server.on('checkExpectation', handle);
      return server;
    },
  });
}

/** If `forgiving`, an unreadable body counts as no body: older clients send arbitrary ones. */
function addBodyReader(app: FastifyInstance, forgiving: boolean): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    // The framework finds a parser by its name first.
    ['application/json', '*'],
    { parseAs: 'buffer' },
    (request: FastifyRequest, bytes: Buffer, done: (error: null, body: unknown) => void) => {
      done(null, bodyOf(request, bytes, forgiving));
    },
  );
}

function bodyOf(request: FastifyRequest, bytes: Buffer, forgiving: boolean): unknown {
  // An unknown route is reported as such, whatever its body is.
  if (request.is404) return undefined;
  if (forgiving) return readable(bytes);
  const { 'content-type': type, 'content-encoding': encoding } = request.headers;
  if (!isPlain(encoding)) throw packedBody();
  if (!mayBeJson(type)) throw new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE();
  return readJson(bytes);
}

function readable(bytes: Uint8Array): unknown {
  try {
    return readJson(bytes);
  } catch {
    return undefined;
  }
}

function addRequestHooks(app: FastifyInstance, sites: SiteCheck, draining: () => boolean): void {
  const check = checkHook((request, reply) => {
    if (draining()) reply.header('connection', 'close');
    reply.headers(sites.answerHeaders(request.headers));
    requireSingleHeaders(request.raw.rawHeaders);
    requireKnownExpectation(request.raw);
    requireKnownCoding(request.raw);
    if (request.raw.httpVersion === '1.1' && request.headers.host === undefined) {
      throw new BazarError('invalid_argument', 'HTTP/1.1 requires a Host header');
    }
    sites.requireKnownHost(request.headers);
  });
  app.addHook('onRequest', check);
}

function addFailureHandlers(
  app: FastifyInstance,
  { routes, manners }: Table,
  sites: SiteCheck,
  logger: Logger,
): void {
  app.setErrorHandler((error, request, reply) => {
    const answer =
      error instanceof BazarError
        ? failureAnswer(error, request.id)
        : (frameworkFailure(error, request.id) ?? internalFailure(error, request.id));
    if (answer.status === 500) {
      logger.error(
        { request_id: request.id, method: request.method, err: error },
        'request failed',
      );
    }
    const unforeseen = answer.status === 500 ? 'internal' : undefined;
    const code = error instanceof BazarError ? error.code : unforeseen;
    sendAnswer(request, reply, inManners(manners, answer, code));
  });
  app.setNotFoundHandler((request, reply) => {
    const path = (request.url.split('?', 1)[0] ?? '').slice(app.prefix.length);
    const answer = noRouteAnswer(routes, request.method, path, request.id);
    if (answer.status === 204) {
      reply.headers(sites.preflightHeaders(request.headers, answer.headers?.allow ?? ''));
    }
    sendAnswer(request, reply, answer.code ? inManners(manners, answer) : answer);
  });
}

function noRouteAnswer(
  routes: readonly HttpRoute[],
  method: string,
  path: string,
  requestId: string,
): HttpAnswer {
  // RFC 9110, 9.3.7: a star addresses the server as a whole.
  const isOfAll = method === 'OPTIONS' && path === '*';
  const methods = isOfAll ? methodsOf(routes) : methodsAt(routes, path);
  if (methods.length === 0) {
    return failureAnswer(new BazarError('not_found', 'there is nothing at this path'), requestId);
  }
  const allow = methods.join(', ');
  if (method === 'OPTIONS') return { status: 204, headers: { allow } };
  const error = new BazarError('unknown_method', `${method} is not possible here, only ${allow}`);
  return failureAnswer(error, requestId, { status: 405, headers: { allow } });
}

function internalFailure(error: unknown, requestId: string): HttpAnswer {
  return failureAnswer(toBazarError(error), requestId);
}

/** The fields of the HTTP parser's errors. */
interface ParserError {
  readonly code?: string;
  /** The unread bytes, which the framework types differently. */
  readonly rawPacket?: unknown;
  readonly bytesParsed?: number;
}

/** A method name is any token (RFC 9110, 9.1). */
const requestLine = /^[\w!#$%&'*+.^`|~-]+ \S+ HTTP\/1\.[01]$/;

/** The answer to input that is not HTTP, built as text because there is no request object. */
function refusalText(error: ParserError, random: Random): string {
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    return plainText(new BazarError('too_large', 'the header is too large'), 431, random);
  }
  if (error.code === 'HPE_INVALID_METHOD' && requestLine.test(failedLine(error))) {
    return plainText(new BazarError('unknown_method', 'there is no such method'), 501, random);
  }
  return plainText(new BazarError('invalid_argument', 'this is not HTTP'), 400, random);
}

/** The line that the parser rejected, as far as it arrived in the same chunk. */
function failedLine({ rawPacket, bytesParsed = 0 }: ParserError): string {
  const text = Buffer.isBuffer(rawPacket) ? rawPacket.toString('latin1') : '';
  const start = bytesParsed === 0 ? 0 : text.lastIndexOf('\n', bytesParsed - 1) + 1;
  return text.slice(start).split('\r\n', 1)[0] ?? '';
}

function plainText(error: BazarError, status: number, random: Random): string {
  const requestId = random.uuid();
  const body = JSON.stringify(failureAnswer(error, requestId, { status }).body);
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}
