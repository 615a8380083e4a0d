/**
 * The channel between the owner and one of its threads. Batches go through shared memory. A
 * MessagePort wakes a sleeping side and carries control messages and batches that do not fit. A
 * message costs ten times as much as the bytes of a turn in shared memory. A side that is awake checks
 * the ring once a turn.
 * Invariant: batches and control messages arrive in the order in which they were sent.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { systemTurn } from '../base/turn.js';
import { RingReader, RingWriter, ringMemory } from './ring.js';
import type { Control, PortReceiver, ThreadPort } from './thread-port.js';

/** The rings that one side reads and writes. */
export interface Rings {
  readonly input: SharedArrayBuffer;
  readonly output: SharedArrayBuffer;
}

/** The rings of both sides. */
export function ringPair(): [Rings, Rings] {
  const [there, back] = [ringMemory(), ringMemory()];
  return [
    { input: back, output: there },
    { input: there, output: back },
  ];
}

/** Content that does not go through the ring, and its position among the bytes that do. */
interface Parcel {
  readonly position: number;
  readonly content: ArrayBuffer | Control;
}

/** A message without a parcel only wakes the reader. */
type Message = Parcel | undefined;

export function ringPort(port: MessagePort, rings: Rings): ThreadPort {
  return new RingPort(port, rings);
}

class RingPort implements ThreadPort {
  readonly #port: MessagePort;
  readonly #input: RingReader;
  readonly #output: RingWriter;
  /** Undefined before `receive` and after the channel has ended. */
  #receiver: PortReceiver | undefined;
  #isLooking = false;
  #isClosed = false;

  constructor(port: MessagePort, { input, output }: Rings) {
    this.#port = port;
    this.#input = new RingReader(input);
    this.#output = new RingWriter(output);
  }

  sendBatch(batch: Uint8Array): void {
    if (this.#isClosed) return;
    if (!this.#output.write(batch)) {
      const content = new Uint8Array(batch).buffer;
      this.#sendParcel(content, [content]);
    } else if (this.#output.mustWake()) {
      this.#port.postMessage(undefined satisfies Message);
    }
  }

  sendControl(control: Control): void {
    if (this.#isClosed) return;
    this.#sendParcel(control, []);
  }

  receive(receiver: PortReceiver): void {
    this.#receiver = receiver;
    this.#port.on('message', (message: Message) => {
      if (this.#receiver === undefined) return;
      this.#lookSoon();
      this.#deliver(message);
    });
    this.#lookSoon();
  }

  close(): void {
    this.#isClosed = true;
    this.#receiver = undefined;
    this.#port.close();
  }

  #sendParcel(content: ArrayBuffer | Control, transfer: ArrayBuffer[]): void {
    const parcel: Parcel = { position: this.#output.position, content };
    this.#port.postMessage(parcel satisfies Message, transfer);
    this.#output.parcelSent();
  }

  #lookSoon(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    systemTurn.nextTurn(this.#look);
  }

  /** Runs once a turn while there is input; then this side sleeps. */
  readonly #look = (): void => {
    this.#isLooking = false;
    if (this.#receiver === undefined) return;
    if (this.#deliver() || !this.#input.sleep()) this.#lookSoon();
  };

  /** Delivers bytes and at most one parcel, so that other work of the turn is not delayed. */
  #deliver(arrived?: Parcel): boolean {
    const written = this.#input.written();
    if (arrived === undefined && !this.#input.hasParcel()) return this.#give(written);
    const parcel = arrived ?? this.#fetchParcel();
    if (parcel === undefined) {
      // The port is closed and empty: the other side has ended, and its later messages are lost.
      this.#receiver = undefined;
      return false;
    }
    this.#input.parcelTaken();
    this.#give(parcel.position);
    const { content } = parcel;
    if (content instanceof ArrayBuffer) this.#receiver?.batch(content);
    else this.#receiver?.control(content);
    return true;
  }

  #give(position: number): boolean {
    const batch = this.#input.take(position);
    if (batch === undefined) return false;
    this.#receiver?.batch(batch);
    return true;
  }

  /** Takes a parcel from the port before its `message` event, which comes later in the turn. */
  #fetchParcel(): Parcel | undefined {
    for (;;) {
      const received: { message: Message } | undefined = receiveMessageOnPort(this.#port);
      if (received === undefined) return undefined;
      if (received.message !== undefined) return received.message;
    }
  }
}
