/**
 * Sockets that read into one buffer, which all of a thread share, and emit copies of what came. By
 * itself Node allocates 64 KiB for each read, gives back what was not filled, and leads the rest
 * through a stream: a tenth of the time that a cached look-up takes. Knows no connection.
 */
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { platform } from 'node:process';
import { copyOfFirst } from '../base/bytes.js';
import { isOn } from '../base/optimisations.js';

/** As much as Node itself reads at once. */
const buffer = Buffer.allocUnsafeSlow(65_536);

/** On Windows a read is begun with the buffer that it fills later, when others may have used it. */
const canShare = (): boolean => platform !== 'win32' && isOn('shared-reads');

/** The socket that is made with the option; without it where buffers cannot be shared. */
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

/** The system's side of a socket: `server.listen` documents its name, the types leave it out. */
interface WithHandle {
  _handle?: { readonly useUserBuffer?: unknown } | null;
}

/**
 * The connection of an accepted socket that has read nothing yet (`pauseOnConnect`), in a socket that
 * reads so: a server makes its own without asking how. Where Node allows of no such thing, the same one.
 */
export function takenOver(accepted: Socket, options: SocketConstructorOpts): Socket {
  const from = accepted as WithHandle;
  const handle = from._handle;
  if (!canShare() || typeof handle?.useUserBuffer !== 'function') return accepted;
  const socket = withHandle(handle, options);
  if (socket === undefined) return accepted;
  from._handle = null;
  // The server stops counting it; without a handle it closes nothing.
  accepted.destroy();
  return socket;
}

/** Undefined where Node does not take the option, which it does not document. */
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
