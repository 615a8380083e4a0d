/**
 * The thread's end of a relay: converts batches to sessions of the program and answers of the
 * owner. Runs in a session thread, or on the owner if there are no threads. A failure in one
 * session closes that session; any other failure ends the thread.
 */
import { AssertionError, assert, unreachable } from '../base/assert.js';
import type { Clock } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import { type BatchReader, BatchWriter, type Kind, kinds, readBatch } from './batch.js';
import type { RelayLimits } from './limits.js';
import { OwnListeners } from './own-listeners.js';
import { OwnerChannel } from './owner-channel.js';
import { RelayedConnection } from './relayed-connection.js';
import type { Control, PortReceiver, ThreadPort } from './thread-port.js';
import type { ProgramFactory, SessionProgram } from './types.js';

export class SessionHost implements PortReceiver, BatchReader {
  readonly #port: ThreadPort;
  readonly #limits: RelayLimits;
  readonly #stopped: () => void;
  readonly #writer: BatchWriter;
  readonly #line: OwnerChannel;
  readonly #sessions = new Map<number, RelayedConnection>();
  readonly #clock: Clock;
  #program: SessionProgram | undefined;
  #listeners: OwnListeners | undefined;
  #counting = false;
  /** Refused connections not yet reported to the owner. */
  #refused = 0;

  /** `stopped` is called when the owner has no more work for this thread. */
  constructor(port: ThreadPort, clock: Clock, limits: RelayLimits, stopped: () => void) {
    this.#port = port;
    this.#clock = clock;
    this.#limits = limits;
    this.#stopped = stopped;
    this.#writer = new BatchWriter(
      clock,
      (batch) => port.sendBatch(batch),
      () => {
        const calls = this.#line.gather();
        if (calls) this.#writer.record(kinds.calls, 0, calls);
      },
    );
    this.#line = new OwnerChannel(limits.callsMax, () => this.#writer.schedule());
    port.receive(this);
  }

  /**
   * Creates the program, which may call the owner at once, and reports that the thread is ready.
   */
  async run(factory: ProgramFactory, data: unknown): Promise<void> {
    this.#program = await factory(this.#line, data);
    this.#listeners = new OwnListeners({
      program: this.#program,
      sessionsMax: this.#limits.threadSessionsMax,
      addressSessionsMax: this.#limits.addressSessionsMax,
      counted: () => this.#count(),
      refused: () => {
        this.#refused++;
        this.#count();
      },
      failed: (remote, error) =>
        this.#send({ type: 'session-failed', remote, err: error.stack ?? error.message }),
    });
    this.#send({ type: 'ready' });
  }

  batch(batch: ArrayBuffer): void {
    readBatch(batch, this);
  }

  control(control: Control): void {
    switch (control.type) {
      case 'told':
        this.#program?.told(control.topic, control.message);
        return;
      case 'listen':
        void this.#listen(control);
        return;
      case 'unlisten': {
        const { kind } = control;
        void this.#listeners?.unlisten(kind).then(() => this.#send({ type: 'unlistened', kind }));
        return;
      }
      case 'drain':
        // A failing drain must not count as drained; it ends the thread.
        void this.#drain();
        return;
      case 'stop':
        this.#listeners?.destroy();
        this.#line.close();
        this.#port.close();
        this.#stopped();
        return;
      case 'ready':
      case 'drained':
      case 'listening':
      case 'unlistened':
      case 'sessions':
      case 'session-failed':
        throw new BazarError('internal', `only a thread says "${control.type}"`);
      default:
        unreachable(control);
    }
  }

  record(kind: Kind, session: number, batch: ArrayBuffer, start: number, length: number): void {
    if (kind === kinds.open) {
      this.#open(session, Buffer.from(batch, start, length).toString());
      return;
    }
    if (kind === kinds.answers) {
      this.#line.settle(new Uint8Array(batch, start, length));
      return;
    }
    const connection = this.#sessions.get(session);
    assert(connection, 'the owner writes to open sessions');
    switch (kind) {
      case kinds.data:
        // As a Buffer, because the frame parser would otherwise create another view.
        connection.received(Buffer.from(batch, start, length));
        return;
      case kinds.end:
        connection.peerEnded();
        return;
      case kinds.closed:
        this.#sessions.delete(session);
        connection.socketClosed(errorOf(Buffer.from(batch, start, length).toString()));
        return;
      case kinds.credit:
        connection.taken(new Uint32Array(batch, start, 1)[0] ?? 0);
        return;
      case kinds.pause:
      case kinds.resume:
      case kinds.failed:
      case kinds.calls:
        throw new BazarError('internal', 'the owner pauses and calls nothing');
      default:
        unreachable(kind);
    }
  }

  async #listen({ kind, address }: Control & { readonly type: 'listen' }): Promise<void> {
    try {
      await this.#listeners?.listen(address, kind);
      this.#send({ type: 'listening', kind });
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      this.#send({ type: 'listening', kind, problem });
    }
  }

  async #drain(): Promise<void> {
    await this.#listeners?.stopAccepting();
    await this.#program?.drain();
    await this.#listeners?.finish();
    this.#send({ type: 'drained' });
  }

  /** Reports the count once a turn, for any number of opened and closed sessions. */
  #count(): void {
    if (this.#counting) return;
    this.#counting = true;
    this.#clock.afterTurn(() => {
      this.#counting = false;
      const refused = this.#refused;
      this.#refused = 0;
      const count = this.#listeners?.sessions ?? 0;
      this.#port.sendControl({ type: 'sessions', count, refused });
    });
  }

  #open(session: number, text: string): void {
    const [kind = '', remote = ''] = text.split('\0');
    const writer = this.#writer;
    const sessions = (): number => this.#sessions.size;
    const [limits, failed] = [this.#limits, this.#failed];
    const connection = new RelayedConnection(session, remote, writer, limits, sessions, failed);
    this.#sessions.set(session, connection);
    assert(this.#program, 'sessions come to a ready program');
    try {
      this.#program.open(connection, kind);
    } catch (error) {
      this.#failed(connection, error);
    }
  }

  readonly #failed = (connection: RelayedConnection, error: unknown): void => {
    // A broken invariant may affect the whole thread, so it is not handled here.
    if (error instanceof AssertionError) throw error;
    const failure = error instanceof Error ? error : new Error(String(error));
    connection.abort(failure);
    if (!this.#sessions.has(connection.id)) return;
    this.#writer.record(kinds.failed, connection.id, Buffer.from(failure.stack ?? failure.message));
  };

  #send(control: Control): void {
    this.#writer.flush();
    this.#port.sendControl(control);
  }
}

function errorOf(text: string): Error | undefined {
  return text === '' ? undefined : new Error(text);
}
