/**
 * The channel between the owner and a session thread without shared memory: one message per batch. It
 * replaces the ring (ring-port.ts) if that is switched off.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Control, ThreadPort } from './thread-port.js';

export function messagePort(port: MessagePort): ThreadPort {
  return {
    sendBatch(batch) {
      const content = new Uint8Array(batch).buffer;
      port.postMessage(content, [content]);
    },
    sendControl: (control) => port.postMessage(control),
    receive(receiver) {
      port.on('message', (message: ArrayBuffer | Control) => {
        if (message instanceof ArrayBuffer) receiver.batch(message);
        else receiver.control(message);
      });
    },
    close() {
      port.removeAllListeners('message');
      port.close();
    },
  };
}
