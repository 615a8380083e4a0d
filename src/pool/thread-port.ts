/**
 * The channel between the owner and one session thread: batches and rare control messages, in order.
 * One implementation uses shared memory (ring-port.ts), one uses messages alone (message-port.ts), and
 * one joins both ends within one thread, for sessions on the owner itself.
 */
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
  /** How many sessions the thread has accepted by itself and not closed, and has refused since the last. */
  | { readonly type: 'sessions'; readonly count: number; readonly refused: number }
  | { readonly type: 'session-failed'; readonly remote: string; readonly err: string }
  | { readonly type: 'drain' }
  | { readonly type: 'drained' }
  | { readonly type: 'stop' };

export interface ThreadPort {
  /** Copies the bytes, whole records of src/pool/batch.ts. */
  sendBatch(batch: Uint8Array): void;
  sendControl(control: Control): void;
  /** Set once. */
  receive(receiver: PortReceiver): void;
  /** Nothing is received any more. */
  close(): void;
}

export interface PortReceiver {
  /** What came of one or several batches, in order; the bytes are the receiver's for good. */
  batch(batch: ArrayBuffer): void;
  control(control: Control): void;
}

class LocalPort implements ThreadPort {
  receiver: PortReceiver | undefined;
  peer: LocalPort | undefined;

  sendBatch(batch: Uint8Array): void {
    this.peer?.receiver?.batch(new Uint8Array(batch).buffer);
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
