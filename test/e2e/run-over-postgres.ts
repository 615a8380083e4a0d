/** Runs files of tests over the SQL engine: each in a process of its own, with one server for all. */
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { sharedServer } from '../support/postgres-server.js';

const limitMs = 900_000;
/** Longer than any test of these files may take. */
const fileLimitMs = 270_000;

export async function runOverPostgres(t: Test, names: readonly string[]): Promise<void> {
  t.setTimeout(limitMs);
  const { url } = await sharedServer();
  const env = { ...process.env, BAZAR_TEST_ENGINE: 'postgres', BAZAR_TEST_POSTGRES: url };
  for (const name of names) {
    const file = fileURLToPath(new URL(`${name}.test.js`, import.meta.url));
    const options = { env, timeout: fileLimitMs };
    await t.spawn(process.execPath, ['--enable-source-maps', file], options, name);
  }
}
