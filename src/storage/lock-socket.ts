/**
 * The socket on which the holder of a folder listens while it lives. A named socket in the folder is
 * reachable from every container that has the volume, whatever its process and network namespaces. The
 * kernel answers for it, even while the holder is stopped, until the holder has ended.
 */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { waitingClock } from '../base/clock.js';
import { BazarError } from '../base/errors.js';

export interface LockSocket {
  readonly name: string;
  close(): void;
}

/** With a `code`, it is unknown whether the holder lives. */
export type SocketAnswer = 'there' | 'gone' | { readonly code: string };

/** The kernel accepts no longer address. */
const addressBytesMax = 100;
/** A connection within one machine takes far less. */
const askTimeoutMs = 2_000;

/** A file system without sockets reports one of these. */
const lacksSockets: ReadonlySet<string> = new Set([
  ...['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'EIO'],
]);

export function isSocketName(name: unknown): name is string {
  return typeof name === 'string' && /^lock\.[0-9a-f]{16}\.socket$/.test(name);
}

/**
 * Listens without keeping the process alive. Undefined if the file system has no sockets; an operator
 * must then delete a lock file left by a process of another container.
 */
export async function openLockSocket(
  folder: string,
  token: string,
): Promise<LockSocket | undefined> {
  const name = `lock.${token}.socket`;
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.destroy();
  });
  server.unref();
  try {
    await atAddress(folder, name, async (address) => {
      await listen(server, address);
      fs.chmodSync(address, 0o600);
    });
  } catch (error) {
    if (lacksSockets.has(codeOf(error))) return undefined;
    throw new BazarError('unavailable', `no socket can be made in ${folder}: ${codeOf(error)}`, {
      cause: error,
    });
  }
  return {
    name,
    close() {
      server.close();
      fs.rmSync(path.join(folder, name), { force: true });
    },
  };
}

/** Asks whether the process that listened on this socket still exists. */
export function askSocket(folder: string, name: string): Promise<SocketAnswer> {
  return atAddress(folder, name, (address) => ask(address));
}

function listen(server: net.Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path: address, exclusive: true }, () => {
      server.off('error', reject);
      // The kernel answers even those connections that cannot be accepted now.
      server.on('error', () => {});
      resolve();
    });
  });
}

function ask(address: string): Promise<SocketAnswer> {
  return new Promise((resolve) => {
    const socket = net.connect(address);
    const timer = waitingClock.after(askTimeoutMs, () => answer({ code: 'ETIMEDOUT' }));
    const answer = (is: SocketAnswer): void => {
      timer.cancel();
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => answer('there'));
    socket.on('error', (error) => {
      const code = codeOf(error);
      if (code === 'ECONNREFUSED' || code === 'ENOENT') answer('gone');
      // The kernel's backlog is full, so the holder exists.
      else if (code === 'EAGAIN') answer('there');
      else answer({ code });
    });
  });
}

/** Reaches a path that is too long for an address through the opened folder. */
async function atAddress<T>(
  folder: string,
  name: string,
  use: (address: string) => Promise<T>,
): Promise<T> {
  const address = path.join(folder, name);
  if (Buffer.byteLength(address) <= addressBytesMax) return use(address);
  const fd = fs.openSync(folder, 'r');
  try {
    return await use(`/proc/self/fd/${fd}/${name}`);
  } finally {
    fs.closeSync(fd);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
