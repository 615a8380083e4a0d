/**
 * What an operator's sessions do to a database that serves a store: take all connections, hold locks,
 * set short timeouts. Each call resolves when it is undone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { connect, host, queryAt } from '../test/support/postgres-place.js';
import { type DatabaseFault, lockStatements } from './database-fault.js';

/** The role of the store's services, and the role of other programs. */
export const serviceRole = 'bazar';
export const otherRole = 'operator';
export const database = 'postgres';
const retryMs = 50;

type Fault<E extends DatabaseFault['event']> = DatabaseFault & { readonly event: E };

/** Opens connections as long as the server accepts them, and takes each slot that becomes free. */
export async function takeSlots(
  url: string,
  port: number,
  { evicts, forMs }: Fault<'slots'>,
): Promise<void> {
  const other = `postgres://${otherRole}@${host}:${port}/${database}?sslmode=disable`;
  const taken: Client[] = [];
  const take = async (): Promise<void> => {
    for (;;) {
      const client = await connect(other, 'public').catch(() => undefined);
      if (!client) return;
      taken.push(client);
    }
  };
  await take();
  // The time counts from when none is left.
  const endMs = performance.now() + forMs;
  while (performance.now() < endMs) {
    // The store may be faster to take the slots of its ended sessions.
    if (evicts) await endSessions(url);
    await take();
    await sleep(retryMs);
  }
  await Promise.all(taken.map((client) => client.end().catch(() => {})));
}

export async function holdLock(
  url: string,
  schema: string,
  { of, forMs }: Fault<'lock'>,
): Promise<void> {
  const client = await connect(url, schema);
  try {
    await client.query('BEGIN');
    await client.query(lockStatements[of]);
    await sleep(forMs);
    await client.query('ROLLBACK');
  } finally {
    await client.end();
  }
}

/** The setting applies to sessions that begin now, so the present ones are ended. */
export async function setTimeouts(url: string, fault: Fault<'timeout'>): Promise<void> {
  const target = fault.of === 'role' ? `ROLE ${serviceRole}` : `DATABASE ${database}`;
  await queryAt(url, `ALTER ${target} SET statement_timeout = ${fault.timeoutMs}`);
  await endSessions(url);
  await sleep(fault.forMs);
  await queryAt(url, `ALTER ${target} RESET statement_timeout`);
}

async function endSessions(url: string): Promise<void> {
  const sessions = `FROM pg_stat_activity WHERE usename = '${serviceRole}'`;
  await queryAt(url, `SELECT pg_terminate_backend(pid) ${sessions}`);
}
