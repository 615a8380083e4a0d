/**
 * The audit over HTTP. It reads every log, so it needs the administrator's token, except in a
 * demonstration.
 */
import type { Operations } from '../frontend/types.js';
import { AuditReport } from '../wire/status-schemas.js';
import type { HttpRoute } from './http-route.js';

/** Auditing a large store takes long; for a very large one use `bazar audit`. */
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
