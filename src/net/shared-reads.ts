/**
 * All sockets of a thread read into one buffer and emit copies of the bytes. Without this, Node
 * allocates 64 KiB for each read, frees the unused part and passes the rest through a stream, which
 * takes a tenth of the time of a cached look-up.
 */
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { platform } from 'node:process';
import { copyOfFirst } from '../base/bytes.js';
import { isOn } from '../base/optimisations.js';

/** The size that Node uses for a read. */
const buffer = Buffer.allocUnsafeSlow(65_536);

/** Not on Windows: a pending read there owns the buffer while other sockets use it. */
const canShare = (): boolean => platform !== 'win32' && isOn('shared-reads');

/** Makes a socket that uses the shared buffer, or a plain one if buffers cannot be shared. */
export function readingShared(make: (onread: OnReadOpts | undefined) => Socket): Socket {
  if (!canShare()) return make(undefined);
  const socket = make({
    buffer,
    callback(length) {
      socket.emit('data', copyOfFirst(buffer, length));
      return true;
    },
  });
  return socket;
}

/** The system's handle of a socket. `server.listen` documents the name; the types omit it. */
interface WithHandle {
  _handle?: { readonly useUserBuffer?: unknown } | null;
}

/**
 * Moves the accepted handle to a socket that uses the shared buffer. Returns `accepted` if Node does
 * not support this. The accepted socket must not have read yet (`pauseOnConnect`).
 */
export function takenOver(accepted: Socket, options: SocketConstructorOpts): Socket {
  const from = accepted as WithHandle;
  const handle = from._handle;
  if (!canShare() || typeof handle?.useUserBuffer !== 'function') return accepted;
  const socket = withHandle(handle, options);
  if (socket === undefined) return accepted;
  from._handle = null;
  // The server no longer counts the accepted socket. Without a handle, destroying it closes nothing.
  accepted.destroy();
  return socket;
}

/** Returns undefined if Node rejects the option `handle`, which is undocumented. */
function withHandle(handle: object, options: SocketConstructorOpts): Socket | undefined {
  try {
    const socket = readingShared((onread) => {
      const own = { ...options, handle, onread, pauseOnCreate: true };
      return new Socket(own as SocketConstructorOpts);
    });
    return (socket as WithHandle)._handle === handle ? socket : undefined;
  } catch {
    return undefined;
  }
}
