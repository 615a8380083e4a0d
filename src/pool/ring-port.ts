/**
 * The channel between the owner and a thread of its own: batches go through shared memory, and a
 * MessagePort wakes the side that sleeps and carries what is rare or large. A message costs each side
 * ten times what the bytes of a turn cost in memory; a side that is awake looks once a turn.
 * Invariant: what was sent arrives in order, whichever way it went.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { systemTurn } from '../base/turn.js';
import { RingReader, RingWriter, ringMemory } from './ring.js';
import type { Control, PortReceiver, ThreadPort } from './thread-port.js';

/** One side's: the rings it reads and writes. */
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

/** What does not go through the ring, and its place among the bytes that do. */
interface Parcel {
  readonly position: number;
  readonly content: ArrayBuffer | Control;
}

/** A message without a parcel wakes. */
type Message = Parcel | undefined;

export function ringPort(port: MessagePort, rings: Rings): ThreadPort {
  return new RingPort(port, rings);
}

class RingPort implements ThreadPort {
  readonly #port: MessagePort;
  readonly #input: RingReader;
  readonly #output: RingWriter;
  /** Undefined before there is one, and when nothing is to be received any more. */
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
      this.#take(message);
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

  /** Once a turn, as long as there is something each time; then this side sleeps. */
  readonly #look = (): void => {
    this.#isLooking = false;
    if (this.#receiver === undefined) return;
    if (this.#take() || !this.#input.sleep()) this.#lookSoon();
  };

  /** What has come, up to one parcel: the next one has to wait until others had their turn. */
  #take(arrived?: Parcel): boolean {
    const written = this.#input.written();
    if (arrived === undefined && !this.#input.hasParcel()) return this.#give(written);
    const parcel = arrived ?? this.#fetchParcel();
    if (parcel === undefined) {
      // The port is closed and has none: the other side is gone, and whatever it sent behind it.
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

  /** Before its event, which comes when this turn's other work is done. */
  #fetchParcel(): Parcel | undefined {
    for (;;) {
      const received: { message: Message } | undefined = receiveMessageOnPort(this.#port);
      if (received === undefined) return undefined;
      if (received.message !== undefined) return received.message;
    }
  }
}
