/**
 * The books over HTTP. Recomputing them reads every log, so it is for the administrator; a
 * demonstration shows them to everybody.
 */
import type { Operations } from '../frontend/types.js';
import { AuditReport } from '../wire/status-schemas.js';
import type { HttpRoute } from './http-route.js';

/** The books of a large store take a while; those of a very large one are for `bazar audit`. */
const patienceMs = 25_000;

export function auditRoutes(operations: Operations, demo: boolean): HttpRoute[] {
  return [
    {
      method: 'GET',
      url: '/audit',
      summary: 'Recompute the books from the logs',
      access: demo ? 'public' : 'admin',
      operation: 'audit',
      patienceMs,
      doc: {
        tag: 'administration',
        answers: { 200: { text: 'The books, balanced or not.', data: AuditReport } },
      },
      async answer({ context }) {
        const headers = { 'cache-control': 'no-store' };
        return { status: 200, headers, body: { data: await operations.audit(context) } };
      },
    },
  ];
}
