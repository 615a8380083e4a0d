/**
 * Allows one process at a time in a data folder, by a file that names its holder. The file outlives a
 * killed process, and another process may get its number, so the file also contains the holder's start
 * time. Between containers on one volume neither is meaningful; there the lock asks the holder's socket
 * (lock-socket.ts). It uses node:fs directly, because a lock is between processes of this machine.
 * Invariant: the file of a live holder is never deleted, at most moved aside and put back.
 */
import fs from 'node:fs';
import path from 'node:path';
import { sleep, waitingClock } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import { makePrivateFolder } from '../base/folders.js';
import { endedStart, processStart } from '../base/process-start.js';
import { systemRandom } from '../base/random.js';
import { askSocket, isSocketName, type LockSocket, openLockSocket } from './lock-socket.js';

interface Holder {
  readonly pid: number;
  /** When the process started, in the system's own count; empty where the system does not tell. */
  readonly started: string;
  /** When the process started, in the system's own count; empty if the system does not report it. */
  readonly namespace: string | undefined;
  /** The name of the socket in the folder at which it listens while it lives. */
  readonly socket: string | undefined;
}

export interface FolderLock {
  release(): void;
}

/** Each try takes one stale file away. */
const triesMax = 8;
/** How often a file that was moved aside by mistake is put back, and the pause between. */
const putBackTriesMax = 100;
const putBackPauseMs = 10;

/** Rejects with `conflict`, naming the file and the holder, where another process lives in the folder. */
export async function lockFolder(folder: string): Promise<FolderLock> {
  makePrivateFolder(folder);
  const token = Buffer.from(systemRandom.bytes(8)).toString('hex');
  const namespace = ownNamespace();
  // The socket listens before the file names it, so a process that finds the file can ask the socket.
  const socket = namespace === undefined ? undefined : await openLockSocket(folder, token);
  try {
    const started = processStart(process.pid);
    const own: Holder = { pid: process.pid, started, namespace, socket: socket?.name };
    await take(folder, token, JSON.stringify(own));
    return { release: () => release(folder, JSON.stringify(own), socket) };
  } catch (error) {
    socket?.close();
    throw error;
  }
}

async function take(folder: string, token: string, text: string): Promise<void> {
  const file = path.join(folder, 'lock');
  for (let tries = 0; tries < triesMax; tries++) {
    if (takeFile(file, token, text)) {
      const mistaken = await heldAside(folder, text);
      if (mistaken === undefined) return;
      if (readFile(file) === text) fs.rmSync(file, { force: true });
      throw mistaken;
    }
    const found = readFile(file);
    if (found === undefined) continue;
    const held = await whyHeld(folder, 'lock', found);
    if (held) throw held;
    await takeAway(folder, token, found);
  }
  throw new BazarError('conflict', `${file} is being fought over`);
}

/** True if the file now belongs to this process: a link is made completely or not at all. */
function takeFile(file: string, token: string, text: string): boolean {
  const own = `${file}.${token}`;
  fs.writeFileSync(own, text, { mode: 0o600 });
  try {
    fs.linkSync(own, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(own, { force: true });
  }
}

/**
 * Moves a stale file aside and deletes it. If another process was faster, the file is new and is put
 * back. A process that takes its place meanwhile finds the file aside and gives way.
 */
async function takeAway(folder: string, token: string, stale: string): Promise<void> {
  const file = path.join(folder, 'lock');
  const aside = `${file}.${token}${asideEnding}`;
  try {
    fs.renameSync(file, aside);
  } catch {
    // The file is gone already; the next try handles that.
    return;
  }
  const found = readFile(aside);
  if (found !== stale && !(await putBack(aside, file))) return;
  fs.rmSync(aside, { force: true });
  const socket = parseHolder(stale)?.socket;
  if (found === stale && socket !== undefined)
    fs.rmSync(path.join(folder, socket), { force: true });
}

async function putBack(aside: string, file: string): Promise<boolean> {
  for (let tries = 0; tries < putBackTriesMax; tries++) {
    try {
      fs.linkSync(aside, file);
      return true;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') return codeOf(error) === 'ENOENT';
    }
    await sleep(waitingClock, putBackPauseMs);
  }
  return false;
}

const asideEnding = '.stale';

/**
 * Why a file that was moved aside shows that another process holds the folder. Deletes the files of
 * processes that have ended.
 */
async function heldAside(folder: string, own: string): Promise<BazarError | undefined> {
  for (const name of asides(folder)) {
    const found = readFile(path.join(folder, name));
    if (found === undefined || found === own) continue;
    const held = await whyHeld(folder, name, found);
    if (held) return held;
    fs.rmSync(path.join(folder, name), { force: true });
  }
  return undefined;
}

function asides(folder: string): string[] {
  const names = fs.readdirSync(folder);
  return names.filter((name) => name.startsWith('lock.') && name.endsWith(asideEnding));
}

function release(folder: string, text: string, socket: LockSocket | undefined): void {
  for (const name of ['lock', ...asides(folder)]) {
    const file = path.join(folder, name);
    if (readFile(file) === text) fs.rmSync(file, { force: true });
  }
  socket?.close();
}

/** Undefined if the file names no holder, or one that has ended. */
async function whyHeld(
  folder: string,
  name: string,
  text: string,
): Promise<BazarError | undefined> {
  const file = path.join(folder, name);
  const holder = parseHolder(text);
  if (!holder) return undefined;
  const { pid, started, namespace, socket } = holder;
  const isNear = namespace === undefined || (namespace !== '' && namespace === ownNamespace());
  if (isNear) {
    return lives(holder) ? conflict(`${file} is held by process ${pid}`) : undefined;
  }
  const wayOut = `if no process uses the folder, delete ${file}`;
  if (socket === undefined) {
    // Only a restart of the machine proves that the holder has ended.
    if (bootOf(started) !== bootOf(processStart(process.pid))) return undefined;
    const why = 'the file system has no sockets by which to ask it';
    return conflict(`${file} names process ${pid} of another container, and ${why}: ${wayOut}`);
  }
  const answer = await askSocket(folder, socket);
  if (answer === 'gone') return undefined;
  if (answer === 'there') return conflict(`${file} is held by process ${pid} of another container`);
  const why = `its socket ${path.join(folder, socket)} cannot be asked (${answer.code})`;
  return conflict(`${file} names process ${pid} of another container, and ${why}: ${wayOut}`);
}

function conflict(message: string): BazarError {
  return new BazarError('conflict', message);
}

/** The PID namespace of this process, or undefined if the system has none and numbers are enough. */
function ownNamespace(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return fs.readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function bootOf(started: string): string {
  return started.split(' ')[0] ?? '';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function lives(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: the process exists and belongs to another user.
    if (codeOf(error) !== 'EPERM') return false;
  }
  const started = processStart(holder.pid);
  if (started === endedStart) return false;
  return started === '' || holder.started === '' || started === holder.started;
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, started, namespace, socket } = JSON.parse(text) as Partial<Holder>;
    if (typeof pid !== 'number' || typeof started !== 'string') return undefined;
    return {
      pid,
      started,
      namespace: typeof namespace === 'string' ? namespace : undefined,
      socket: isSocketName(socket) ? socket : undefined,
    };
  } catch {
    return undefined;
  }
}

function readFile(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
