/**
 * Probes for machines and operators: alive, ready, status. `/livez` asks no service, so that a
 * frontend is not restarted because the store has no leader.
 */
import { Type } from '#typebox';
import { BazarError } from '../base/errors.js';
import type { Operations } from '../frontend/types.js';
import { StoreStatus } from '../wire/status-schemas.js';
import type { HttpRoute } from './http-route.js';

const Alive = Type.Object({ status: Type.Literal('alive') });
const Ready = Type.Object({ status: Type.Literal('ready') });

export function probeRoutes(operations: Operations, draining: () => boolean): HttpRoute[] {
  return [
    {
      method: 'GET',
      url: '/livez',
      summary: 'Whether the process is alive',
      access: 'public',
      doc: { tag: 'operations', answers: { 200: { text: 'It is.', data: Alive } } },
      answer: async () => ({ status: 200, body: { data: { status: 'alive' } } }),
    },
    {
      method: 'GET',
      url: '/readyz',
      summary: 'Whether the store can be used through this frontend',
      access: 'public',
      doc: {
        tag: 'operations',
        answers: { 200: { text: 'It can.', data: Ready } },
        failures: { 503: 'A group has no leader, or the frontend is stopping.' },
      },
      async answer() {
        const why = draining() ? 'the frontend is stopping' : operations.notReady();
        if (why !== undefined) throw new BazarError('unavailable', why);
        return { status: 200, body: { data: { status: 'ready' } } };
      },
    },
    {
      method: 'GET',
      url: '/status',
      summary: 'Members, roles, logs and caches',
      access: 'public',
      operation: 'status',
      doc: {
        tag: 'operations',
        answers: {
          200: {
            text: 'All members as this frontend sees them, and all frontends: this one first.',
            data: StoreStatus,
          },
        },
      },
      answer: async ({ context }) => ({
        status: 200,
        body: { data: await operations.status(context) },
      }),
    },
  ];
}
