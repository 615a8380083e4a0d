/**
 * Mounts a route table on the HTTP framework: rights, context, deadline and answer in one place.
 * The only file besides the gateway that depends on the framework; it does not depend on any route.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import type { Clock } from '../base/clock.js';
import { toBazarError } from '../base/errors.js';
import { answerSink, streamBegins } from './answer-stream.js';
import { Deadlines } from './deadline.js';
import { acceptedEncodings, mayPack, pack, packBytesMin } from './encodings.js';
import type { HttpAnswer } from './http-errors.js';
import type { HttpRoute } from './http-route.js';
import { httpTimes } from './http-sessions.js';
import { queryOf } from './query-text.js';
import { type AdminCheck, requestHeaderOf } from './request-headers.js';
import type { SiteCheck } from './site-check.js';

const jsonType = 'application/json; charset=utf-8';
/** Of a UTF-16 code unit. */
const utf8BytesMax = 3;

export interface MountOptions {
  readonly clock: Clock;
  readonly checkAdmin: AdminCheck;
  readonly sites: SiteCheck;
  /** True if services log each request too; they then get its id. */
  readonly logsRequests: boolean;
}

export function mountRoutes(
  app: FastifyInstance,
  routes: readonly HttpRoute[],
  { clock, checkAdmin, sites, logsRequests }: MountOptions,
): void {
  for (const route of routes) {
    const deadlines = new Deadlines(clock, route.patienceMs ?? httpTimes.requestMs);
    const isUnsafe = isUnsafeRoute(route);
    const isRestricted = isUnsafe || route.access === 'admin';
    const checkRights = checkHook((request) => {
      if (isUnsafe) sites.requireOwnSite(request.headers);
      if (route.access === 'admin') checkAdmin(request.headers, remoteOf(request));
    });
    app.route({
      method: route.method,
      url: route.url,
      exposeHeadRoute: !route.isUnsafe,
      config: { operation: route.operation },
      // Before the body is read: unauthenticated clients may not send one.
      ...(isRestricted ? { onRequest: checkRights } : {}),
      handler(request, reply) {
        const fail = (error: unknown): void => {
          reply.send(asError(error));
        };
        const wait = deadlines.begin(fail);
        const header = requestHeaderOf(request.headers, request.id);
        // A header without a trace is forwarded only if the services log it.
        const travels = logsRequests || header.traceparent !== undefined;
        const call = {
          path: request.params as Record<string, string>,
          queryText: queryOf(request.url),
          body: request.body,
          headers: request.headers,
          context: {
            requestId: request.id,
            deadlineMs: wait.deadlineMs,
            header: travels ? header : undefined,
          },
        };
        route.answer(call).then(
          (answer) => {
            if (!deadlines.end(wait)) return;
            try {
              sendAnswer(request, reply, answer);
            } catch (error) {
              fail(error);
            }
          },
          (error: unknown) => {
            if (deadlines.end(wait)) fail(error);
          },
        );
      },
    });
  }
}

/**
 * A hook that creates no promise, and continues at once unless `check` throws. Node's HTTP parser then
 * reads the rest of its chunk before the refusal is sent: if that rest is not HTTP, the client gets the
 * parser's answer instead.
 */
export function checkHook(
  check: (request: FastifyRequest, reply: FastifyReply) => void,
): onRequestHookHandler {
  return (request, reply, done) => {
    try {
      check(request, reply);
    } catch (error) {
      queueMicrotask(() => done(asError(error)));
      return;
    }
    done();
  };
}

/** The framework's errors and those of http-errors.ts keep their codes. */
function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : toBazarError(thrown);
}

/** The session's stream, not Node's socket: it has the peer as `host:port`. */
function remoteOf({ raw }: FastifyRequest): string {
  return raw.socket.remoteAddress ?? '';
}

function isUnsafeRoute({ method, isUnsafe = false }: HttpRoute): boolean {
  return method !== 'GET' || isUnsafe;
}

export function sendAnswer(request: FastifyRequest, reply: FastifyReply, answer: HttpAnswer): void {
  if (answer.code) reply.outcome = answer.code;
  reply.code(answer.status).header('x-request-id', request.id);
  if (answer.headers) reply.headers(withVary(reply, answer.headers));
  if (answer.stream && request.method !== 'HEAD') {
    beginStream(reply, answer);
    return;
  }
  const { body, headers = {} } = answer;
  if (body === undefined) reply.send();
  else if (body instanceof Uint8Array) {
    // Bytes have the content type of their headers.
    sendBytes(request, reply, body, mayPack(headers, headers['content-type'] ?? ''));
  } else {
    reply.header('content-type', jsonType);
    const text = JSON.stringify(body);
    // Node joins a text with the head of the answer, which saves a copy of both.
    if (text.length * utf8BytesMax < packBytesMin) reply.send(text);
    else sendBytes(request, reply, Buffer.from(text), mayPack(headers, jsonType));
  }
}

function sendBytes(
  request: FastifyRequest,
  reply: FastifyReply,
  bytes: Uint8Array,
  isPackable: boolean,
): void {
  if (bytes.length < packBytesMin || !isPackable) {
    reply.send(bytes);
    return;
  }
  reply.headers(withVary(reply, { vary: 'accept-encoding' }));
  const [encoding] = acceptedEncodings(request.headers);
  if (encoding === undefined) {
    reply.send(bytes);
    return;
  }
  pack(bytes, encoding).then(
    (packed) => reply.header('content-encoding', encoding).send(packed),
    () => reply.send(bytes),
  );
}

/** Adds an answer's own Vary values to those set before. */
function withVary(reply: FastifyReply, headers: NonNullable<HttpAnswer['headers']>) {
  const before = reply.getHeader('vary');
  return before && headers.vary ? { ...headers, vary: `${before}, ${headers.vary}` } : headers;
}

function beginStream(reply: FastifyReply, { status, stream, admit }: HttpAnswer): void {
  admit?.();
  reply.isStream = true;
  const headers = Object.entries(reply.getHeaders());
  const response = reply.hijack().raw;
  response.emit(streamBegins);
  response.writeHead(
    status,
    headers.flatMap(([name, value]) => (value === undefined ? [] : [name, value])),
  );
  stream?.(answerSink(response));
}
