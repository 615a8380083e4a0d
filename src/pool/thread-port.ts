/**
 * The channel between the owner and one session thread: batches (ArrayBuffers, which change hands)
 * and rare control messages, in order. One twin stands on a MessagePort, the other joins both ends
 * within one thread, so that sessions on the owner itself go the same way.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Address } from '../base/address.js';

/** Control messages; everything else is a batch. */
export type Control =
  | { readonly type: 'ready' }
  | { readonly type: 'told'; readonly topic: string; readonly message: unknown }
  /** Accept sessions of this kind by itself, and no more of them. */
  | { readonly type: 'listen'; readonly kind: string; readonly address: Address }
  | { readonly type: 'unlisten'; readonly kind: string }
  /** The thread's answer to either, with why it cannot. */
  | { readonly type: 'listening'; readonly kind: string; readonly problem?: string }
  | { readonly type: 'unlistened'; readonly kind: string }
  /** How many sessions the thread has accepted by itself and not closed. */
  | { readonly type: 'sessions'; readonly count: number }
  | { readonly type: 'session-failed'; readonly remote: string; readonly err: string }
  | { readonly type: 'drain' }
  | { readonly type: 'drained' }
  | { readonly type: 'stop' };

export interface ThreadPort {
  sendBatch(batch: ArrayBuffer): void;
  sendControl(control: Control): void;
  /** Set once. */
  receive(receiver: PortReceiver): void;
  /** Nothing is received any more. */
  close(): void;
}

export interface PortReceiver {
  batch(batch: ArrayBuffer): void;
  control(control: Control): void;
}

export function messagePort(port: MessagePort): ThreadPort {
  let open = true;
  return {
    sendBatch(batch) {
      port.postMessage(batch, [batch]);
    },
    sendControl(control) {
      port.postMessage(control);
    },
    receive(receiver) {
      port.on('message', (message: ArrayBuffer | Control) => {
        if (!open) return;
        if (message instanceof ArrayBuffer) receiver.batch(message);
        else receiver.control(message);
      });
    },
    close() {
      open = false;
      port.close();
    },
  };
}

class LocalPort implements ThreadPort {
  receiver: PortReceiver | undefined;
  peer: LocalPort | undefined;

  sendBatch(batch: ArrayBuffer): void {
    this.peer?.receiver?.batch(batch);
  }

  sendControl(control: Control): void {
    this.peer?.receiver?.control(structuredClone(control));
  }

  receive(receiver: PortReceiver): void {
    this.receiver = receiver;
  }

  close(): void {
    this.receiver = undefined;
  }
}

/** Both ends of a channel within this thread; what is sent arrives before `send` returns. */
export function localPorts(): [ThreadPort, ThreadPort] {
  const owner = new LocalPort();
  const thread = new LocalPort();
  owner.peer = thread;
  thread.peer = owner;
  return [owner, thread];
}
