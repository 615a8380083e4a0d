/**
 * Observes the HTTP listener: counts requests and answers, refuses addresses above the rate limit,
 * and logs every request if configured. It changes nothing else, and knows no route except the
 * probes, which are never refused.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logging.js';
import { networkOf } from '../base/network-of.js';
import { headerFields } from '../wire/request-header.js';
import type { PublicMethod } from '../wire/schemas.js';
import { codeOfStatus } from './http-errors.js';
import { checkHook } from './mount-routes.js';
import type { RateLimit } from './rate-limit.js';
import { tooOften } from './raw-observer.js';
import { requestHeaderOf } from './request-headers.js';
import type { ListenerKind, MeteredCode, RequestMeter } from './request-meter.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly operation?: PublicMethod | undefined;
  }
  interface FastifyReply {
    /** The outcome, if the status alone does not determine it. */
    outcome: MeteredCode | undefined;
    /** The answer is a stream: its duration is not a latency. */
    isStream: boolean;
  }
}

export interface HttpObserverOptions {
  readonly clock: Clock;
  readonly meter: RequestMeter;
  /** Undefined for no rate limit. */
  readonly rateLimit: RateLimit | undefined;
  readonly logger: Logger;
  /** Writes one log line a request. */
  readonly logsRequests: boolean;
}

const probes: ReadonlySet<string> = new Set(['/livez', '/readyz']);

/** `listenerOf` distinguishes the dialects' folders from the other paths. */
export function observeHttp(
  app: FastifyInstance,
  options: HttpObserverOptions,
  listenerOf: (path: string) => ListenerKind,
): void {
  const { clock, meter, rateLimit, logger, logsRequests } = options;
  app.decorateReply('outcome', undefined);
  app.decorateReply('isStream', false);
  if (rateLimit) {
    const slots = new WeakMap<object, number>();
    const limit = checkHook((request) => {
      if (probes.has(pathOf(request))) return;
      const { socket } = request.raw;
      const slot = slots.get(socket) ?? rateLimit.slotOf(networkOf(socket.remoteAddress ?? ''));
      slots.set(socket, slot);
      const waitMs = rateLimit.take(slot, clock.nowMs());
      if (waitMs > 0) throw tooOften(waitMs);
    });
    app.addHook('onRequest', limit);
  }
  app.addHook('onResponse', (request, reply, done) => {
    const operation = request.routeOptions.config?.operation ?? 'other';
    const code = reply.outcome ?? codeOfStatus(reply.statusCode);
    const listener = listenerOf(request.url);
    if (reply.isStream) meter.countNow(listener, operation, code);
    else meter.count(listener, operation, code, reply.elapsedTime / 1_000);
    if (logsRequests) logger.debug(fieldsOf(request, reply, code), 'request');
    done();
  });
}

function fieldsOf(request: FastifyRequest, reply: FastifyReply, code: MeteredCode) {
  return {
    ...headerFields(requestHeaderOf(request.headers, request.id)),
    listener: 'http',
    method: request.method,
    path: pathOf(request).slice(0, 200),
    status: reply.statusCode,
    code,
    ms: Math.round(reply.elapsedTime * 100) / 100,
  };
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}
