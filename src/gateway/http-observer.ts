/**
 * Looks on at the HTTP door: counts what is asked and how it is answered, refuses who asks too
 * often, and tells the log of every request where that is wanted. It changes nothing else, and
 * knows no route but the probes, which are never refused.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logging.js';
import { networkOf } from '../base/network-of.js';
import { headerFields } from '../wire/request-header.js';
import type { PublicMethod } from '../wire/schemas.js';
import { codeOfStatus } from './http-errors.js';
import type { RateLimit } from './rate-limit.js';
import { tooOften } from './raw-observer.js';
import { requestHeaderOf } from './request-headers.js';
import type { ListenerKind, MeteredCode, RequestMeter } from './request-meter.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly operation?: PublicMethod | undefined;
  }
  interface FastifyReply {
    /** How it was answered, where the status alone does not tell. */
    outcome: MeteredCode | undefined;
    /** The answer goes on: its end says nothing of how long it took. */
    isStream: boolean;
  }
}

export interface HttpObserverOptions {
  readonly clock: Clock;
  readonly meter: RequestMeter;
  /** Undefined: everybody may ask as often as they like. */
  readonly rateLimit: RateLimit | undefined;
  readonly logger: Logger;
  /** One line a request. */
  readonly logsRequests: boolean;
}

const probes: ReadonlySet<string> = new Set(['/livez', '/readyz']);

/** `doorOf` tells the dialects' folders from the rest, by the path. */
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
    app.addHook('onRequest', async (request) => {
      if (probes.has(pathOf(request))) return;
      const { socket } = request.raw;
      const slot = slots.get(socket) ?? rateLimit.slotOf(networkOf(socket.remoteAddress ?? ''));
      slots.set(socket, slot);
      const waitMs = rateLimit.take(slot, clock.nowMs());
      if (waitMs > 0) throw tooOften(waitMs);
    });
  }
  app.addHook('onResponse', async (request, reply) => {
    const operation = request.routeOptions.config?.operation ?? 'other';
    const code = reply.outcome ?? codeOfStatus(reply.statusCode);
    const listener = listenerOf(request.url);
    if (reply.isStream) meter.countNow(listener, operation, code);
    else meter.count(listener, operation, code, reply.elapsedTime / 1_000);
    if (logsRequests) logger.debug(fieldsOf(request, reply, code), 'request');
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
