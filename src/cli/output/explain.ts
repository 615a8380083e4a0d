/**
 * Prints the error of a failed command to standard error and returns its exit code. People get a
 * sentence; with --json, the last line is `{"error": {code, message, exit_code, …}}`.
 */
import { readFileSync } from 'node:fs';
import { BazarError, toBazarError } from '../../base/errors.js';
import { systemReason } from '../../base/system-error.js';
import { withoutPasswords } from '../../database/connection-url.js';
import { environmentName, flagName } from '../options/options.js';
import { exitCodeOf, exitCodes, UsageError } from './exit-codes.js';
import type { Io } from './io.js';
import { printableLines, toJson } from './output.js';

interface Failure {
  readonly code: string;
  /** One or more lines for people. */
  readonly message: string;
  readonly exitCode: number;
  readonly details: Readonly<Record<string, unknown>>;
}

export function explain(thrown: unknown, asJson: boolean, io: Io): number {
  const { code, message: given, exitCode, details } = failureOf(thrown);
  const message = withoutPasswords(given);
  if (asJson) {
    io.err(`${toJson({ error: { ...details, code, message, exit_code: exitCode } })}\n`);
  } else {
    const hint = thrown instanceof UsageError ? '\nsee bazar --help' : '';
    io.err(`${printableLines(message)}${hint}\n`);
  }
  return exitCode;
}

/**
 * Reads --json from the command line, the environment or the file of --config, even if the command
 * line is invalid.
 */
export function wantsJson(args: readonly string[], env: Io['env']): boolean {
  const typed = args.filter((arg) => /^--(?:no-)?json(?:=|$)/.test(arg)).at(-1);
  const given = typed ?? (env[environmentName('json')] || inFile(configFile(args, env)));
  return !/^--no-|(?:^|=)(?:false|0|no|off|)$/i.test(given);
}

function configFile(args: readonly string[], env: Io['env']): string | undefined {
  const flag = flagName('config');
  const at = args.findLastIndex((arg) => arg === flag || arg.startsWith(`${flag}=`));
  const typed = args[at] === flag ? args[at + 1] : args[at]?.slice(flag.length + 1);
  return typed ?? env[environmentName('config')];
}

/** Ignores an unreadable file here, because reading the options reports it. */
function inFile(path: string | undefined): string {
  if (path === undefined || path === '') return 'no';
  try {
    const read: { readonly json?: unknown } | null = JSON.parse(readFileSync(path, 'utf8'));
    return String(read?.json ?? 'no');
  } catch {
    return 'no';
  }
}

function failureOf(thrown: unknown): Failure {
  if (thrown instanceof UsageError) {
    const { message } = thrown;
    return { code: 'invalid_argument', message, exitCode: exitCodes.usage, details: {} };
  }
  const { code, details } = toBazarError(thrown);
  const exitCode = exitCodeOf(code);
  if (thrown instanceof BazarError) {
    const { retryable } = thrown;
    return { code, message: thrown.message, exitCode, details: { ...details, retryable } };
  }
  return { code, message: unexpected(thrown), exitCode, details };
}

/** System and file errors need only their message; a program fault also needs its stack. */
function unexpected(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if ('syscall' in thrown) {
    const { syscall, path } = thrown as NodeJS.ErrnoException;
    return path === undefined ? thrown.message : `${syscall} ${path}: ${systemReason(thrown)}`;
  }
  return 'file' in thrown ? thrown.message : (thrown.stack ?? thrown.message);
}
