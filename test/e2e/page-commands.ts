/**
 * Runs the commands of a page of documentation in a folder that stands in for the machine: system
 * paths lie in the folder, addresses on loopback, ports are moved by BAZAR_PORT_OFFSET, and programs
 * that install or change the system (npm, useradd, systemctl, …) are scripts.
 */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { lastAct } from './last-act.js';
import { cliMain, plainEnvironment, type Ran } from './run-command.js';
import { patienceMs, until, within } from './until.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const systemPaths = [
  '/etc/bazar',
  '/var/lib/bazar',
  '/etc/systemd/system',
  '/root/founded',
  '/backups',
];

/** In place of the one that installs and builds: a page may start the store again, and goes on. */
const startScript = `#!/bin/sh
bazar down > /dev/null 2>&1
case " $* " in *" --detach "*) exec bazar up "$@" ;; esac
exec bazar up --detach "$@"
`;

/** @param path from `docs/`. */
export function readPage(path: string): string {
  return readFileSync(join(root, 'docs', path), 'utf8');
}

/** The blocks of shell commands, but for those after `<!-- not run: … -->`. */
export function shellBlocks(page: string): string[] {
  const blocks = page.matchAll(/(<!-- not run: [^\n]* -->\n)?```sh\n(.*?)```/gs);
  return [...blocks].flatMap(([, mark, text = '']) => (mark === undefined ? [text] : []));
}

export interface Example {
  readonly command: string;
  /** What the page shows of its output. */
  readonly shown: string[];
}

/** Lines of code blocks that begin with `$ `, each with the lines that follow it. */
export function examples(page: string): Example[] {
  const found: Example[] = [];
  for (const [, block = ''] of page.matchAll(/```(?:console)?\n(\$ .*?)```/gs)) {
    for (const line of block.trimEnd().split('\n')) {
      if (line.startsWith('$ ')) found.push({ command: line.slice(2), shown: [] });
      else found.at(-1)?.shown.push(line);
    }
  }
  return found;
}

/**
 * The shown lines that every run must print, as `comparable` gives them: headings of tables, JSON,
 * and lines without a number. Other lines depend on the run.
 */
export function stableLines(shown: readonly string[]): string[] {
  const isHeading = (line: string): boolean =>
    /^[A-Z]{2}[A-Z0-9]*( +(%|[A-Z0-9]+|ms|RATE))+$/.test(line);
  const isStable = (line: string): boolean =>
    isHeading(line) || line.startsWith('{') || (/\S/.test(line) && !/[\d…]/.test(line));
  return shown.filter(isStable).map(comparable);
}

/** A line of output, without the width of its columns and the values of its numbers. */
export function comparable(line: string): string {
  const number = line.startsWith('{') ? /\d+(\.\d+)?/g : /(?!)/g;
  return line.trim().split(/ +/).join(' ').replaceAll(number, '#');
}

export class Machine {
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #network: string;
  readonly #portOffset: number;
  /** Process groups of commands that run. */
  readonly #commands = new Set<number>();

  /** @param network the first three numbers of its loopback addresses. */
  constructor(t: Test, network: string, env: NodeJS.ProcessEnv = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'bazar-page-'));
    this.#network = network;
    this.#portOffset = Number(env.BAZAR_PORT_OFFSET ?? 0);
    const bin = join(this.folder, 'bin');
    const modules = join(this.folder, 'modules');
    for (const path of [
      bin,
      modules,
      ...systemPaths.map((each) => join(this.folder, each, '..')),
    ]) {
      mkdirSync(path, { recursive: true });
    }
    mkdirSync(join(this.folder, 'etc/systemd/system'), { recursive: true });
    symlinkSync(root, join(modules, 'bazar'));
    const scripts = {
      bazar: `exec "${process.execPath}" "${cliMain}" "$@"`,
      npm: `echo "${modules}"`,
      npx: 'exec "$@"',
      useradd: 'exit 0',
      chown: 'exit 0',
      journalctl: `cat "${this.folder}"/*.log`,
      systemctl: this.#startScript(),
    };
    for (const [name, script] of Object.entries(scripts)) {
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
    }
    writeFileSync(join(this.folder, 'start.sh'), startScript, { mode: 0o755 });
    const plain = plainEnvironment();
    this.#env = { ...plain, PATH: `${bin}:${plain.PATH}`, ...env };
    const takeBack = lastAct(() => this.#signalAll('SIGKILL'));
    t.teardown(async () => {
      this.#signalAll('SIGTERM');
      await until('the services have ended', () => !this.#signalAll(0));
      takeBack();
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  /** Runs commands in a shell that stops at the first one that fails. */
  run(commands: string, limitMs = 2 * patienceMs): Promise<Ran> {
    const text = this.place(commands);
    const child = spawn('/bin/sh', ['-ec', text], {
      cwd: this.folder,
      env: this.#env,
      detached: true,
    });
    const group = -(child.pid ?? 0);
    if (group !== 0) this.#commands.add(group);
    const output = { out: '', err: '' };
    child.stdout.on('data', (bytes) => {
      output.out += bytes;
    });
    child.stderr.on('data', (bytes) => {
      output.err += bytes;
    });
    child.stdin.end();
    const ran = new Promise<Ran>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        this.#commands.delete(group);
        resolve({ code, ...output });
      });
    });
    return within(text, ran, limitMs);
  }

  /** The text with the paths and addresses of this machine. */
  place(text: string): string {
    const placed = systemPaths.reduce(
      (so, path) => so.replaceAll(new RegExp(`(?<![\\w.])${path}`, 'g'), this.folder + path),
      text,
    );
    return placed
      .replaceAll('10.0.0.', `${this.#network}.`)
      .replaceAll(/(?<=(localhost|127\.0\.0\.1):)8\d{3}\b/g, (port) =>
        String(Number(port) + this.#portOffset),
      );
  }

  /** `systemctl enable --now …`: runs what the unit says, in the background. */
  #startScript(): string {
    const paths = systemPaths.map((path) => `s#${path}#${this.folder}${path}#g`).join('; ');
    return `[ "$1" = enable ] || exit 0
shift 2
for unit in "$@"; do
  name="\${unit#bazar@}"
  line="$(sed -n 's/^ExecStart=//p' "${this.folder}/etc/systemd/system/bazar@.service" |
    sed 's/[$][$]/$/g; s/%%/%/g; ${paths}' | sed "s/%i/$name/")"
  (eval "exec $line") > "${this.folder}/$name.log" 2>&1 < /dev/null &
  echo $! >> "${this.pidFile}"
done`;
  }

  get pidFile(): string {
    return join(this.folder, 'pids');
  }

  /** To services, to a launcher and its services, and to commands. Whether a process was there. */
  #signalAll(signal: NodeJS.Signals | 0): boolean {
    const run = join(this.folder, 'data/run');
    const files = existsSync(run) ? readdirSync(run).filter((name) => name.endsWith('.pid')) : [];
    const paths = [this.pidFile, ...files.map((name) => join(run, name))].filter(existsSync);
    const text = paths.map((path) => readFileSync(path, 'utf8')).join('\n');
    const pids = (text.match(/^\d+/gm) ?? []).map(Number);
    return [...pids, ...this.#commands].map((pid) => isSent(pid, signal)).includes(true);
  }
}

function isSent(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
