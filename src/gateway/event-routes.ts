/**
 * Live events over HTTP, as server-sent events. Handles only the request: the resume position of a
 * reconnecting listener, and whether a new one wants the history.
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
            // Makes nginx pass each event on at once.
            'x-accel-buffering': 'no',
          },
          // Others may have taken the last place since the answer was created.
          admit: () => hub.requirePlace(),
          stream: (sink) => hub.join(sink, lastId, withHistory),
        };
      },
    },
  ];
}

/** An id that this frontend never issued means that the listener has missed everything. */
function lastIdOf(headers: IncomingHttpHeaders): string | undefined {
  const given = headers['last-event-id'];
  if (typeof given !== 'string' || given === '') return undefined;
  return idText.test(given) ? given : 'unknown-0';
}
