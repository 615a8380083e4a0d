/**
 * The channel between the owner and one session thread: batches and rare control messages, in
 * order. One implementation uses shared memory (ring-port.ts); the other connects both ends within
 * one thread, so that sessions on the owner use the same path.
 */
import type { Address } from '../base/address.js';

/** Control messages; all other traffic is in batches. */
export type Control =
  | { readonly type: 'ready' }
  | { readonly type: 'told'; readonly topic: string; readonly message: unknown }
  /** Accept sessions of this kind in the thread, or stop doing so. */
  | { readonly type: 'listen'; readonly kind: string; readonly address: Address }
  | { readonly type: 'unlisten'; readonly kind: string }
  /** The thread's answer to either, with the reason if it cannot. */
  | { readonly type: 'listening'; readonly kind: string; readonly problem?: string }
  | { readonly type: 'unlistened'; readonly kind: string }
  /**
   * Number of open sessions that the thread accepted itself, and of refusals since the last
   * message.
   */
  | { readonly type: 'sessions'; readonly count: number; readonly refused: number }
  | { readonly type: 'session-failed'; readonly remote: string; readonly err: string }
  | { readonly type: 'drain' }
  | { readonly type: 'drained' }
  | { readonly type: 'stop' };

export interface ThreadPort {
  /** Copies the bytes, which are whole records of src/pool/batch.ts. */
  sendBatch(batch: Uint8Array): void;
  sendControl(control: Control): void;
  /** Call it once. */
  receive(receiver: PortReceiver): void;
  /** Stops receiving. */
  close(): void;
}

export interface PortReceiver {
  /** Takes the content of one or several batches, in order. The receiver keeps the bytes. */
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

/** Both ends of a channel within this thread. A message arrives before `send` returns. */
export function localPorts(): [ThreadPort, ThreadPort] {
  const owner = new LocalPort();
  const thread = new LocalPort();
  owner.peer = thread;
  thread.peer = owner;
  return [owner, thread];
}
