/**
 * A whole store of real processes on a folder of its own: started by the command that people use,
 * killed in part or whole, started again. Seen from outside only: ports, files, exit codes. All its
 * processes are one group of this test's, so that none survives it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Test } from 'tap';
import { sharedServer } from '../support/postgres-server.js';
import { lastAct } from './last-act.js';
import { RawClient } from './raw-client.js';
import { cliMain, plainEnvironment, type Ran, runBazar } from './run-command.js';
import { until, within } from './until.js';

export type ServiceName = `${'catalog' | 'order' | 'recovery' | 'frontend'}-${number}`;

/** How many of each; the smallest store that there is. */
export interface Size {
  readonly catalogs: number;
  readonly orders: number;
  readonly recovery: number;
  /** One where it is not said. */
  readonly frontends?: number;
}

/** Where the store keeps its logs. */
export type Engine = 'journal' | 'postgres';

/** `BAZAR_TEST_ENGINE=postgres` runs the tests over a database. */
export const usualEngine: Engine =
  process.env.BAZAR_TEST_ENGINE === 'postgres' ? 'postgres' : 'journal';

const postgresOffset = 10_000;
const smallest: Size = { catalogs: 1, orders: 1, recovery: 0 };

/** Far above what any of these tests takes, for machines that are busy with other things. */
const testTimeoutMs = 240_000;
/** A start compiles the code of nine processes; on a machine that is full that takes its time. */
const startMs = 120_000;

export class Store {
  readonly folder: string;
  readonly rawPort: number;
  /** Added to every port. */
  readonly portOffset: number;
  readonly #size: Size;
  readonly #clients: RawClient[] = [];
  #launcher: ChildProcess | undefined;
  #said = '';
  readonly #engine: Engine;
  /** Creates the schema of the store at its first start. */
  #database: Promise<readonly string[]> | undefined;

  /** Each file of tests has an offset of its own: they run at the same time, also over both engines. */
  constructor(t: Test, offset: number, size: Size = smallest, engine: Engine = usualEngine) {
    this.#engine = engine;
    this.portOffset = engine === 'postgres' ? offset + postgresOffset : offset;
    // The database has the log, so nobody else votes.
    this.#size = engine === 'postgres' ? { ...size, recovery: 0 } : size;
    this.rawPort = 8181 + this.portOffset;
    // Not the test's own folder: the path of a socket in it would be too long.
    t.setTimeout(testTimeoutMs);
    this.folder = mkdtempSync(join(tmpdir(), 'bazar-e2e-'));
    const kill = (): void => this.#signalAll('SIGKILL');
    const takeBack = lastAct(kill);
    t.teardown(async () => {
      for (const client of this.#clients) client.destroy();
      await this.killAll();
      takeBack();
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  /** Resolves when the store is ready. */
  async up(...flags: readonly string[]): Promise<void> {
    this.#said = '';
    const database = await this.databaseFlags();
    const place = [...this.place(), '--log-dir', join(this.folder, 'logs')];
    const size = [...this.memberFlags(), '--frontends', `${this.#size.frontends ?? 1}`];
    const args = [cliMain, 'up', ...size, ...place, ...database];
    const launcher = spawn(process.execPath, [...args, ...flags], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: plainEnvironment(),
    });
    this.#launcher = launcher;
    const hear = (text: Buffer): void => {
      this.#said += text;
    };
    launcher.stdout.on('data', hear);
    launcher.stderr.on('data', hear);
    const looked = async (): Promise<boolean> => {
      if (launcher.exitCode !== null) throw new Error(`the launcher ended: ${this.#said}`);
      return this.#said.includes('the store is open') && (await this.isReady());
    };
    await until(`the store is ready; it said: ${this.#said}`, looked, startMs);
  }

  /** The flags that say how many replicas and recovery servers it has. */
  memberFlags(): readonly string[] {
    const { catalogs, orders, recovery } = this.#size;
    const counts = { catalogs, orders, recovery };
    return Object.entries(counts).flatMap(([kind, count]) => [`--${kind}`, `${count}`]);
  }

  /** The flags that name the database; none with journals. */
  async databaseFlags(): Promise<readonly string[]> {
    if (this.#engine === 'journal') return [];
    this.#database ??= newDatabase(this.folder);
    return this.#database;
  }

  /** Sends the launcher a signal, as `kill` or a terminal does, and tells its exit code. */
  async down(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<number | null> {
    const launcher = this.#launcher;
    if (!launcher) throw new Error('the store was not started');
    const ended = ending(launcher);
    // Ctrl-C in a terminal reaches every process of the group.
    if (signal === 'SIGINT') this.#signalAll(signal);
    else launcher.kill(signal);
    await within(`the store stops; it said: ${this.#said}`, ended);
    return launcher.exitCode;
  }

  /** Everything the launcher has said since it was started. */
  get said(): string {
    return this.#said;
  }

  /** SIGKILL for one service, which is gone when this resolves. */
  async kill(name: ServiceName): Promise<void> {
    const pid = await until(`${name} runs`, () => this.pid(name));
    process.kill(pid, 'SIGKILL');
    await until(`${name} has ended`, () => this.pid(name) !== pid);
  }

  /** SIGTERM for one service: it drains, and has ended when this resolves. */
  async stop(name: ServiceName): Promise<void> {
    const pid = await until(`${name} runs`, () => this.pid(name));
    process.kill(pid, 'SIGTERM');
    await until(`${name} has stopped`, () => this.pid(name) !== pid);
  }

  /** SIGSTOP or SIGCONT: the process hangs, its connections stay. */
  async signal(name: ServiceName, signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const pid = await until(`${name} runs`, () => this.pid(name));
    process.kill(pid, signal);
    // Until its first thread has taken the signal the others go on.
    if (signal === 'SIGSTOP') await until(`${name} has stopped`, () => hasStopped(pid));
  }

  /** SIGKILL for the launcher and all services at once. */
  async killAll(): Promise<void> {
    const launcher = this.#launcher;
    if (!launcher) return;
    const ended = ending(launcher);
    this.#signalAll('SIGKILL');
    await within('the launcher ends', ended);
    await until('every process has ended', () => this.running().length === 0);
    this.#launcher = undefined;
  }

  /** Whose pid file names a process that lives. */
  running(): string[] {
    return ['launcher', ...this.services()].filter((name) => {
      const pid = this.pid(name);
      return pid !== undefined && isAlive(pid);
    });
  }

  services(): ServiceName[] {
    const names = (kind: string, count: number): ServiceName[] =>
      Array.from({ length: count }, (_, i) => `${kind}-${i + 1}` as ServiceName);
    const { catalogs, orders, recovery, frontends = 1 } = this.#size;
    return [
      ...names('catalog', catalogs),
      ...names('order', orders),
      ...names('recovery', recovery),
      ...names('frontend', frontends),
    ];
  }

  /** The leader of a group, from the status. */
  leader(group: 'catalog' | 'order'): Promise<ServiceName> {
    return until(`the ${group} group has a leader`, async () => {
      const { data } = (await (await this.http('/status')).json()) as {
        data: { members: { name: ServiceName; group: string; role: string }[] };
      };
      return data.members.find((one) => one.group === group && one.role === 'leader')?.name;
    });
  }

  /** From its pid file; undefined where there is none. */
  pid(name: string): number | undefined {
    const path = join(this.folder, 'data', 'run', `${name}.pid`);
    return existsSync(path) ? Number(readFileSync(path, 'utf8')) : undefined;
  }

  async raw(): Promise<RawClient> {
    const client = await RawClient.open(this.rawPort);
    this.#clients.push(client);
    return client;
  }

  raws(count: number): Promise<RawClient[]> {
    return Promise.all(Array.from({ length: count }, () => this.raw()));
  }

  http(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${8081 + this.portOffset}${path}`, init);
  }

  async isReady(): Promise<boolean> {
    return (await this.http('/readyz')).ok;
  }

  /** Where the store lies, for any command. */
  place(): string[] {
    return ['--port-offset', `${this.portOffset}`, '--data-dir', join(this.folder, 'data')];
  }

  /** A client command on this store. */
  bazar(args: readonly string[], input?: string): Promise<Ran> {
    return runBazar([...args, ...this.place()], input);
  }

  #signalAll(signal: 'SIGKILL' | 'SIGINT'): void {
    const pid = this.#launcher?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // None is left.
    }
  }
}

/** A process that ended counts as dead even where nobody collects its exit code. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat[stat.lastIndexOf(')') + 2] !== 'Z';
  } catch (error) {
    // Without /proc the signal's word is all there is.
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && !existsSync('/proc/self');
  }
}

function ending(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    process.once('exit', () => resolve());
  });
}

/** True for all threads of a process; where the system does not tell, it is taken for true. */
function hasStopped(pid: number): boolean {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return true;
  return readdirSync(tasks).every((task) => {
    return /^State:\s+T/m.test(readFileSync(`${tasks}/${task}/status`, 'utf8'));
  });
}

/** Founds a store in a schema of its own, and returns the flags that name it. */
async function newDatabase(folder: string): Promise<readonly string[]> {
  const { url } = await sharedServer();
  const schema = `e2e_${basename(folder).replace(/\W/g, '_').toLowerCase()}`;
  const flags = ['--store', url, '--store-schema', schema];
  const { code, err } = await runBazar(['store', 'init', ...flags]);
  if (code !== 0) throw new Error(`store init failed: ${err}`);
  return flags;
}
