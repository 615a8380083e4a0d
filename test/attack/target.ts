/**
 * A store of real processes on a folder of its own, as the attack suite sees it: its ports, the
 * memory of its processes, its leaders, and whether the frontend kept its lease.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastAct } from '../e2e/last-act.js';
import { cliMain, plainEnvironment } from '../e2e/run-command.js';
import { until, within } from '../e2e/until.js';

const startMs = 120_000;
const stopMs = 60_000;
const pageBytes = 4_096;
const mib = 1_024 * 1_024;

/** What an attack is given to aim at. */
export interface Ports {
  readonly http: number;
  readonly raw: number;
  /** The replication port of the order group's first member. */
  readonly replication: number;
  /** The service port of the same member. */
  readonly service: number;
}

/** Changes when a leader or the frontend's lease is lost. */
export interface Stand {
  readonly leaders: string;
  readonly lease: string;
}

export class Target {
  readonly folder = mkdtempSync(join(tmpdir(), 'bazar-attack-'));
  readonly ports: Ports;
  readonly #portOffset: number;
  #launcher: ChildProcess | undefined;

  constructor(portOffset: number) {
    this.#portOffset = portOffset;
    this.ports = {
      http: 8081 + portOffset,
      raw: 8181 + portOffset,
      replication: 8591 + portOffset,
      service: 8091 + portOffset,
    };
  }

  /** Resolves when the store is open. `openFilesMax`: its limit of descriptors, where it has one. */
  async up(orders: number, openFilesMax?: number): Promise<void> {
    const size = ['--catalogs', '1', '--orders', `${orders}`, '--recovery', '0'];
    const place = ['--port-offset', `${this.#portOffset}`, '--data-dir', join(this.folder, 'data')];
    const args = [cliMain, 'up', ...size, ...place, '--log-dir', join(this.folder, 'logs')];
    const limit = openFilesMax === undefined ? '' : `ulimit -n ${openFilesMax} && `;
    const command = [...['-c', `${limit}exec "$0" "$@"`, process.execPath], ...args];
    const launcher = spawn('/bin/sh', command, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: plainEnvironment(),
    });
    this.#launcher = launcher;
    lastAct(() => this.#kill());
    let said = '';
    for (const stream of [launcher.stdout, launcher.stderr]) {
      stream.on('data', (text) => {
        said += text;
      });
    }
    const isOpen = (): boolean => {
      if (launcher.exitCode !== null) throw new Error(`the launcher ended: ${said}`);
      return said.includes('the store is open');
    };
    await until('the store is open', isOpen, startMs);
  }

  async down(): Promise<void> {
    const launcher = this.#launcher;
    if (launcher && launcher.exitCode === null) {
      const ended = new Promise<void>((resolve) => launcher.once('exit', () => resolve()));
      launcher.kill('SIGTERM');
      await within('the store stops', ended, stopMs).catch(() => this.#kill());
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  async stand(): Promise<Stand> {
    const answer = await fetch(`http://127.0.0.1:${this.ports.http}/status`);
    const { data } = (await answer.json()) as {
      data: {
        members: { name: string; role: string; epoch: number }[];
        frontends: { lease: { held: boolean; generation: number } }[];
      };
    };
    const leaders = data.members.filter(({ role }) => role === 'leader');
    const [frontend] = data.frontends;
    return {
      leaders: leaders.map(({ name, epoch }) => `${name} in epoch ${epoch}`).join(', '),
      lease: `${frontend?.lease.held ? 'held' : 'lost'}, generation ${frontend?.lease.generation}`,
    };
  }

  /** Resident memory of a service in MiB. */
  residentMib(service: string): number {
    const pid = readFileSync(join(this.folder, 'data', 'run', `${service}.pid`), 'utf8').trim();
    const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
    return (Number(pages) * pageBytes) / mib;
  }

  #kill(): void {
    const pid = this.#launcher?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // None is left.
    }
  }
}
