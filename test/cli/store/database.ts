/** A command over a database, and roles of the test server. */
import type { Test } from 'tap';
import { runCli } from '../../../src/cli/cli.js';
import { allCommands } from '../../../src/cli/commands.js';
import { queryAt, sharedServer, type TestDatabase } from '../../support/postgres-server.js';
import { fakeIo } from '../fake-io.js';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function run(...args: readonly string[]): Promise<Ran> {
  const io = fakeIo();
  const code = await runCli(args, allCommands(), io);
  return { code, stdout: io.stdout(), stderr: io.stderr() };
}

/** The flags of a database, with changes of its URL. */
export function flagsOf(database: TestDatabase, change: (url: URL) => void = () => {}): string[] {
  const url = new URL(database.url);
  change(url);
  return ['--store', url.href, '--store-schema', database.schema];
}

let roles = 0;

/** A new role without rights; it is dropped with all its rights when the test ends. */
export async function testRole(test: Test): Promise<string> {
  const { url } = await sharedServer();
  const role = `cli_${process.pid}_${++roles}`;
  await queryAt(url, `CREATE ROLE ${role} LOGIN PASSWORD 'not-shown'`);
  test.teardown(async () => {
    await queryAt(url, `DROP OWNED BY ${role}`);
    await queryAt(url, `DROP ROLE ${role}`);
  });
  return role;
}

export function asRole(role: string): (url: URL) => void {
  return (url) => {
    url.username = role;
    url.password = 'not-shown';
  };
}
