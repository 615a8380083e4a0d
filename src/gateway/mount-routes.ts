/**
 * Mounts a route table on the HTTP framework: rights, context, deadline and answer in one place.
 * The only file besides the gateway that depends on the framework; it does not depend on any route.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../base/clock.js';
import { answerSink, streamBegins } from './answer-stream.js';
import { withDeadline } from './deadline.js';
import { acceptedEncodings, mayPack, pack, packBytesMin } from './encodings.js';
import type { HttpAnswer } from './http-errors.js';
import type { HttpRoute } from './http-route.js';
import { httpTimes } from './http-sessions.js';
import { queryOf } from './query-text.js';
import { type AdminCheck, requestHeaderOf } from './request-headers.js';
import type { SiteCheck } from './site-check.js';

const jsonType = 'application/json; charset=utf-8';

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
    app.route({
      method: route.method,
      url: route.url,
      exposeHeadRoute: !route.isUnsafe,
      config: { operation: route.operation },
      // Before the body is read: unauthenticated clients may not send one.
      onRequest: async (request) => {
        if (isUnsafeRoute(route)) sites.requireOwnSite(request.headers);
        if (route.access === 'admin') checkAdmin(request.headers, remoteOf(request));
      },
      handler: async (request, reply) => {
        const deadlineMs = clock.nowMs() + (route.patienceMs ?? httpTimes.requestMs);
        const header = requestHeaderOf(request.headers, request.id);
        // A header without a trace is forwarded only if the services log it.
        const travels = logsRequests || header.traceparent !== undefined;
        const work = route.answer({
          path: request.params as Record<string, string>,
          queryText: queryOf(request.url),
          body: request.body,
          headers: request.headers,
          context: { requestId: request.id, deadlineMs, header: travels ? header : undefined },
        });
        return sendAnswer(request, reply, await withDeadline(clock, deadlineMs, work));
      },
    });
  }
}

/** The session's stream, not Node's socket: it has the peer as `host:port`. */
function remoteOf({ raw }: FastifyRequest): string {
  return raw.socket.remoteAddress ?? '';
}

function isUnsafeRoute({ method, isUnsafe = false }: HttpRoute): boolean {
  return method !== 'GET' || isUnsafe;
}

export function sendAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: HttpAnswer,
): FastifyReply {
  if (answer.code) reply.outcome = answer.code;
  reply.code(answer.status).header('x-request-id', request.id);
  if (answer.headers) reply.headers(withVary(reply, answer.headers));
  if (answer.stream && request.method !== 'HEAD') return beginStream(reply, answer);
  const { body, headers = {} } = answer;
  if (body === undefined) return reply.send();
  // Bytes have the content type of their headers.
  const isText = !(body instanceof Uint8Array);
  const type = isText ? jsonType : (headers['content-type'] ?? '');
  const bytes = isText ? Buffer.from(JSON.stringify(body)) : body;
  if (isText) reply.type(jsonType);
  if (bytes.length < packBytesMin || !mayPack(headers, type)) return reply.send(bytes);
  return sendPacked(request, reply, bytes);
}

function sendPacked(request: FastifyRequest, reply: FastifyReply, bytes: Uint8Array): FastifyReply {
  reply.headers(withVary(reply, { vary: 'accept-encoding' }));
  const [encoding] = acceptedEncodings(request.headers);
  if (encoding === undefined) return reply.send(bytes);
  pack(bytes, encoding).then(
    (packed) => reply.header('content-encoding', encoding).send(packed),
    () => reply.send(bytes),
  );
  return reply;
}

/** Adds an answer's own Vary values to those set before. */
function withVary(reply: FastifyReply, headers: NonNullable<HttpAnswer['headers']>) {
  const before = reply.getHeader('vary');
  return before && headers.vary ? { ...headers, vary: `${before}, ${headers.vary}` } : headers;
}

function beginStream(reply: FastifyReply, { status, stream, admit }: HttpAnswer): FastifyReply {
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
  return reply;
}
