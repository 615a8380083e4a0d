/** Runs a program as a user does: arguments and a pipe in, exit code and both outputs out. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { patienceMs, within } from './until.js';

/** The command line of this very build, wherever it was compiled to. */
export const cliMain = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The environment of the test run must not configure the store under test. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('BAZAR_'));
  return Object.fromEntries(kept);
}

export function runBazar(args: readonly string[], input = '', limitMs = patienceMs): Promise<Ran> {
  return runProgram(process.execPath, [cliMain, ...args], input, limitMs);
}

export function runProgram(
  program: string,
  args: readonly string[],
  input = '',
  limitMs = patienceMs,
): Promise<Ran> {
  const child = spawn(program, args, { env: plainEnvironment() });
  const output = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output.err += text;
  });
  // It may end before it has read everything.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const ran = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...output }));
  });
  return within(`${program} ${args.join(' ')}`, ran, limitMs).finally(() => child.kill('SIGKILL'));
}
