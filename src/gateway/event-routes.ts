/**
 * Live events over HTTP, as server-sent events. It knows the request's side alone: where a listener
 * that comes back stands, and whether a new one wants to look back first.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { Type } from '#typebox';
import type { EventHub } from './event-hub.js';
import type { HttpRoute } from './http-route.js';

const idText = /^\w{1,20}-\d{1,15}$/;

export function eventRoutes(hub: EventHub): HttpRoute[] {
  return [
    {
      method: 'GET',
      url: '/events',
      summary:
        'Stock, products, leaders, members, frontends and faults as they change (server-sent events)',
      access: 'public',
      doc: {
        tag: 'operations',
        query: {
          history: Type.String({
            description: 'First what happened to leaders, members and frontends.',
          }),
        },
        headers: ['last-event-id'],
        answers: { 200: { text: 'The stream.', media: 'text/event-stream' } },
      },
      async answer({ headers, queryText }) {
        hub.requirePlace();
        const lastId = lastIdOf(headers);
        const withHistory = /^history(=|$)/.test(queryText);
        return {
          status: 200,
          headers: {
            'content-type': 'text/event-stream',
            'cache-control': 'no-store',
            // nginx then passes each event on at once.
            'x-accel-buffering': 'no',
          },
          // Others may have taken the last place since the answer was made.
          admit: () => hub.requirePlace(),
          stream: (sink) => hub.join(sink, lastId, withHistory),
        };
      },
    },
  ];
}

/** A strange id is one that this frontend never gave: its bearer has missed everything. */
function lastIdOf(headers: IncomingHttpHeaders): string | undefined {
  const given = headers['last-event-id'];
  if (typeof given !== 'string' || given === '') return undefined;
  return idText.test(given) ? given : 'unknown-0';
}
