/**
 * Starts a launcher in the background: runs the same command in a new session, and waits until its
 * store is ready.
 */
import { fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BazarError, isErrorCode } from '../../base/errors.js';
import { makeFolder } from '../../base/folders.js';
import { logTail } from './log-tail.js';

const tailLines = 20;

export type LauncherMessage =
  | { readonly type: 'ready'; readonly warnings: readonly string[] }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

export interface Detached {
  /** Process id of the launcher. */
  readonly pid: number;
  /** Warnings of the start, such as a member that failed. */
  readonly warnings: readonly string[];
}

export interface DetachOptions {
  readonly logDir: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Resolves when the store is ready; rejects with the launcher's reason. */
export async function detach(
  entry: string,
  args: readonly string[],
  { logDir, env }: DetachOptions,
): Promise<Detached> {
  makeFolder(logDir);
  // The launcher writes its messages to its log. This file gets the reason of a crash.
  const crashFile = join(resolve(logDir), 'launcher.stderr');
  const crashes = openSync(crashFile, 'w');
  const child = fork(entry, [...args], {
    detached: true,
    stdio: ['ignore', crashes, crashes, 'ipc'],
    execArgv: process.execArgv,
    env,
  });
  closeSync(crashes);
  const message = await new Promise<LauncherMessage>((settle) => {
    const fail = (message: string): void => settle({ type: 'failed', code: 'internal', message });
    child.once('message', (first) => settle(first as LauncherMessage));
    child.once('error', (error) => fail(error.message));
    child.once('exit', () => fail(`the launcher ended:\n${logTail(crashFile, 0, tailLines)}`));
  });
  if (message.type === 'failed') {
    throw new BazarError(isErrorCode(message.code) ? message.code : 'internal', message.message);
  }
  child.disconnect();
  child.unref();
  return { pid: child.pid ?? 0, warnings: message.warnings };
}

/** In the launcher: sends a message to the waiting command, if there is one. */
export function tellParent(message: LauncherMessage): void {
  if (process.connected) process.send?.(message, () => {});
}
