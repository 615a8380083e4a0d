/**
 * The two secrets of a store, each in a file that only its owner may read: the admin token for
 * people and their programs, and the cluster token with which services authenticate each other. The
 * first start makes them from 256 random bits; this module never changes them.
 */
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BazarError } from '../../base/errors.js';
import { makePrivateFolder } from '../../base/folders.js';
import type { Random } from '../../base/random.js';

const tokenBytes = 32;

export type TokenName = 'admin' | 'cluster';

export function ensureToken(dataDir: string, name: TokenName, random: Random): string {
  const found = readToken(dataDir, name);
  if (found !== undefined) return found;
  makePrivateFolder(dataDir);
  const token = Buffer.from(random.bytes(tokenBytes)).toString('base64url');
  const draft = `${tokenPath(dataDir, name)}.${process.pid}`;
  writeFileSync(draft, `${token}\n`, { mode: 0o600 });
  try {
    // `link` gives the complete file its name, because the services of a store start together.
    linkSync(draft, tokenPath(dataDir, name));
    return token;
  } catch (error) {
    // Another service of this folder made the file first.
    const theirs = readToken(dataDir, name);
    if (theirs !== undefined) return theirs;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Undefined if the file does not exist. */
export function readToken(dataDir: string, name: TokenName): string | undefined {
  const path = tokenPath(dataDir, name);
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new BazarError('permission_denied', `cannot read ${path}`, { cause: error });
  }
  if (text === '') throw new BazarError('internal', `${path} is empty: remove it, or restore it`);
  return text;
}

export function tokenPath(dataDir: string, name: TokenName): string {
  return join(dataDir, `${name}.token`);
}
