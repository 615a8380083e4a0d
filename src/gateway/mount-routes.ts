/**
 * Puts a table of routes onto the HTTP framework: rights, context, deadline and answer in one
 * place. It is the only file beside the gateway that knows the framework; it knows no route.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../base/clock.js';
import { answerSink, streamBegins } from './answer-stream.js';
import { withDeadline } from './deadline.js';
import type { HttpAnswer } from './http-errors.js';
import type { HttpRoute } from './http-route.js';
import { httpTimes } from './http-sessions.js';
import { queryOf } from './query-text.js';
import type { AdminCheck } from './request-headers.js';

export function mountRoutes(
  app: FastifyInstance,
  routes: readonly HttpRoute[],
  clock: Clock,
  checkAdmin: AdminCheck,
): void {
  for (const route of routes) {
    app.route({
      method: route.method,
      url: route.url,
      exposeHeadRoute: !route.changes,
      // Before the body is read: strangers do not get to send one.
      onRequest: async (request) => {
        if (route.access === 'admin') checkAdmin(request.headers);
      },
      handler: async (request, reply) => {
        const deadlineMs = clock.nowMs() + (route.patienceMs ?? httpTimes.requestMs);
        const work = route.answer({
          path: request.params as Record<string, string>,
          queryText: queryOf(request.url),
          body: request.body,
          headers: request.headers,
          context: { requestId: request.id, deadlineMs },
        });
        return sendAnswer(request, reply, await withDeadline(clock, deadlineMs, work));
      },
    });
  }
}

export function sendAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: HttpAnswer,
): FastifyReply {
  reply.code(answer.status).header('x-request-id', request.id);
  if (answer.headers) reply.headers(answer.headers);
  if (answer.stream && request.method !== 'HEAD') return beginStream(request, reply, answer);
  if (answer.body === undefined) return reply.send();
  // Bytes go out as they are, with the type that their headers name.
  if (answer.body instanceof Uint8Array) return reply.send(answer.body);
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(answer.body));
}

function beginStream(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, headers, stream }: HttpAnswer,
): FastifyReply {
  const response = reply.hijack().raw;
  response.emit(streamBegins);
  response.writeHead(status, { ...headers, 'x-request-id': request.id });
  stream?.(answerSink(response));
  return reply;
}
