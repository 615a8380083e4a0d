/**
 * What a demonstration may do to its own store: kill a service and start it again, to show the
 * failover. Mounted only with `--demo`. Uses no process; the port's implementation decides which
 * services may be killed.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { BazarError } from '../base/errors.js';
import type { HttpRoute } from './http-route.js';

export type DemoCommand = 'kill' | 'start';

/** Resolves to the process id; rejects with a BazarError. */
export type Demo = (command: DemoCommand, name: string) => Promise<{ readonly pid: number }>;

/** Starting a service returns when it is ready, which depends on the length of its log. */
const patienceMs = 25_000;

const nameText = /^(catalog|order|recovery)-[1-9]\d?$/;

export function demoRoutes(demo: Demo | undefined): HttpRoute[] {
  if (!demo) return [];
  const summaries = { kill: 'Kill one service (SIGKILL)', start: 'Start one service again' };
  return (['kill', 'start'] as const).map((command) => ({
    method: 'POST',
    url: `/demo/${command}`,
    summary: summaries[command],
    access: 'public',
    patienceMs,
    async answer({ body, headers }) {
      requireMark(headers);
      const name = nameOf(body);
      return { status: 200, body: { data: { name, ...(await demo(command, name)) } } };
    },
  }));
}

/** Requires a custom header, which a form on another site cannot send. */
function requireMark(headers: IncomingHttpHeaders): void {
  if (headers['x-bazar-demo'] !== undefined) return;
  throw new BazarError('permission_denied', 'this needs the header X-Bazar-Demo: 1');
}

function nameOf(body: unknown): string {
  const name = (body as { name?: unknown } | null | undefined)?.name;
  if (typeof name === 'string' && nameText.test(name)) return name;
  throw new BazarError('invalid_argument', 'name must be that of a replica, as order-3');
}
