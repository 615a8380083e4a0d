/**
 * The HTTP server of one session thread. It never listens: each session is handed to it as a byte
 * stream. It knows the operations port and nothing behind it.
 * Invariant: whatever a client sends, it gets an answer in our shape or a closed stream, in time.
 */
import { createServer, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  errorCodes,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify';
import type { Clock } from '../base/clock.js';
import { BazarError, toBazarError } from '../base/errors.js';
import { sessionLimits, wireLimits } from '../base/limits.js';
import type { Logger } from '../base/logging.js';
import type { Random } from '../base/random.js';
import type { Operations } from '../frontend/types.js';
import { failureAnswer, frameworkFailure, type HttpAnswer } from './http-errors.js';
import { type HttpRoute, methodsAt } from './http-route.js';
import { HttpSessions, httpTimes } from './http-sessions.js';
import { mayBeJson, readJson } from './json-body.js';
import { mountRoutes, sendAnswer } from './mount-routes.js';
import { createAdminCheck, requestIdOf } from './request-headers.js';
import { rootApi } from './root-api.js';

const headBytesMax = 16 * 1024;
/** A path's segment as sent; what its content may be is for the schemas. */
const segmentLengthMax = 4 * 1024;

export interface HttpGatewayOptions {
  readonly operations: Operations;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly adminToken: string;
  /** Lets everyone administrate: for old clients, never the default. */
  readonly openAdmin: boolean;
  /** True from the moment the process was asked to stop. */
  readonly draining: () => boolean;
}

export interface HttpGateway {
  /** Takes over a session; to be called in the turn in which the stream was made. */
  accept(duplex: Duplex): void;
  /** Answers what is under way, ends each session, and resolves when none is left, or in time. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

export async function createHttpGateway(options: HttpGatewayOptions): Promise<HttpGateway> {
  const { clock, random } = options;
  const timeout = new BazarError('deadline_exceeded', 'the request took too long to arrive');
  const sessions = new HttpSessions(clock, plainText(timeout, 408, random));
  const draining = (): boolean => sessions.draining || options.draining();
  const routes = rootApi(options.operations, draining);
  const app = createApp(options, sessions);
  addBodyReader(app);
  addAnswerHooks(app, draining);
  addFailureHandlers(app, routes, options.logger);
  mountRoutes(app, routes, clock, createAdminCheck(options.adminToken, options.openAdmin));
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

function createApp({ random }: HttpGatewayOptions, sessions: HttpSessions): FastifyInstance {
  return fastify({
    logger: false,
    bodyLimit: wireLimits.publicFrameBytesMax,
    routerOptions: { maxParamLength: segmentLengthMax },
    return503OnClosing: false,
    genReqId: (request) => requestIdOf(request.headers, random),
    frameworkErrors: (error, request, reply) => {
      const answer = frameworkFailure(error, request.id) ?? internalFailure(error, request.id);
      // This handler's reply is typed for schemas, which no route here gives to the framework.
      sendAnswer(request as FastifyRequest, reply as unknown as FastifyReply, answer);
    },
    clientErrorHandler: (error, socket) => {
      sessions.refuse(socket, refusalText(error, random));
    },
    serverFactory: (handler) => {
      const server = createServer({
        maxHeaderSize: headBytesMax,
        keepAliveTimeout: httpTimes.idleMs,
        // Checked by a hook instead, which answers in our shape.
        requireHostHeader: false,
      });
      // A client may end its side once it has asked, as `nc` does; without this switch (which
      // Node's types leave out) its answer would be dropped.
      Object.assign(server, { httpAllowHalfOpen: true });
      server.on('request', (request, response) => {
        if (sessions.began(request, response)) handler(request, response);
      });
      return server;
    },
  });
}

function addBodyReader(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, bytes: Buffer) => {
      // An unknown route says so, whatever was sent to it.
      if (request.is404) return undefined;
      if (!mayBeJson(request.headers['content-type']) || request.headers['content-encoding']) {
        throw new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE();
      }
      return readJson(bytes);
    },
  );
}

function addAnswerHooks(app: FastifyInstance, draining: () => boolean): void {
  app.addHook('onRequest', async (request, reply) => {
    if (draining()) reply.header('connection', 'close');
    if (request.raw.httpVersion === '1.1' && request.headers.host === undefined) {
      throw new BazarError('invalid_argument', 'HTTP/1.1 requires a Host header');
    }
  });
}

function addFailureHandlers(
  app: FastifyInstance,
  routes: readonly HttpRoute[],
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
    return sendAnswer(request, reply, answer);
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    return sendAnswer(request, reply, noRouteAnswer(routes, request.method, path, request.id));
  });
}

function noRouteAnswer(
  routes: readonly HttpRoute[],
  method: string,
  path: string,
  requestId: string,
): HttpAnswer {
  const methods = methodsAt(routes, path);
  if (methods.length === 0) {
    return failureAnswer(new BazarError('not_found', 'there is nothing at this path'), requestId);
  }
  const allow = methods.join(', ');
  const error = new BazarError('unknown_method', `${method} is not possible here, only ${allow}`);
  return failureAnswer(error, requestId, { status: 405, headers: { allow } });
}

function internalFailure(error: unknown, requestId: string): HttpAnswer {
  return failureAnswer(toBazarError(error), requestId);
}

/** For bytes that are no HTTP request; there is no request to answer, so the text is made here. */
function refusalText(error: { code?: string }, random: Random): string {
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    return plainText(new BazarError('too_large', 'the header is too large'), 431, random);
  }
  return plainText(new BazarError('invalid_argument', 'this is not HTTP'), 400, random);
}

function plainText(error: BazarError, status: number, random: Random): string {
  const body = JSON.stringify(failureAnswer(error, random.uuid(), { status }).body);
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}
