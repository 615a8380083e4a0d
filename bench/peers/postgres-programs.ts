/** Where PostgreSQL's programs are installed, and how to run them as an unprivileged user. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Stops } from './peer.js';
import type { User } from './servers.js';

const installFolder = '/usr/lib/postgresql';
const needed = ['initdb', 'pg_basebackup', 'postgres'];
const unprivileged = ['postgres', 'nobody'];
const programTimeoutMs = 60_000;
const run = promisify(execFile);

/** The folder with the newest version's programs, or undefined if it is not installed. */
export function findPrograms(): string | undefined {
  const versions = existsSync(installFolder) ? readdirSync(installFolder) : [];
  const newestFirst = versions.sort((a, b) => Number(b) - Number(a));
  const folders = newestFirst.map((version) => join(installFolder, version, 'bin'));
  folders.push(...(process.env.PATH ?? '').split(delimiter));
  return folders.find((folder) => needed.every((name) => existsSync(join(folder, name))));
}

export function versionOf(programs: string): string {
  const { stdout } = spawnSync(join(programs, 'postgres'), ['--version'], { encoding: 'utf8' });
  return /\d+\.\d+/.exec(stdout ?? '')?.[0] ?? 'unknown';
}

/** PostgreSQL refuses to run as root; other users run it as themselves. */
export function serverUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of unprivileged) {
    const [uid, gid] = ['-u', '-g'].map((flag) => {
      return Number.parseInt(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout, 10);
    });
    if (uid && gid) return { uid, gid };
  }
  throw new Error('no unprivileged user for PostgreSQL');
}

/** An end meanwhile waits for the program, so that it writes no files afterwards. */
export async function runProgram(
  file: string,
  args: readonly string[],
  user: User | undefined,
  stops: Stops,
): Promise<void> {
  const running = run(file, args, { cwd: '/', timeout: programTimeoutMs, ...user });
  stops.add(async () => {
    await running.catch(() => {});
  });
  await running;
}
