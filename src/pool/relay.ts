/**
 * The owner's end of one session thread: its sockets and its calls. Each turn's traffic is sent in
 * one piece, delayed by one turn while there are answers to write. Does not start or replace
 * threads. Invariant: after `abandon` nothing is sent, and every socket is closed.
 */
import { unreachable } from '../base/assert.js';
import type { Clock } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import type { Logger } from '../base/logging.js';
import { systemTurn } from '../base/turn.js';
import type { Connection } from '../net/types.js';
import { type BatchReader, BatchWriter, type Kind, kinds, readBatch } from './batch.js';
import { CallHandler, type CallHandlers } from './call-handler.js';
import type { RelayLimits } from './limits.js';
import { SocketEnd } from './socket-end.js';
import type { Control, ThreadPort } from './thread-port.js';

export interface RelayOptions {
  readonly port: ThreadPort;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: RelayLimits;
  readonly handlers: CallHandlers;
  readonly onControl: (control: Control) => void;
  readonly onSessionClosed: (remote: string) => void;
}

export class Relay implements BatchReader {
  readonly #options: RelayOptions;
  readonly #writer: BatchWriter;
  readonly #handler: CallHandler;
  readonly #sockets = new Map<number, SocketEnd>();
  /** Sockets with unflushed input of this turn. */
  readonly #touched: SocketEnd[] = [];
  /** Records of the calls in the batch that is being read. */
  #calls: Uint8Array[] = [];
  #lastId = 0;
  /** True while answers of the thread wait to be written in this turn. */
  #isAnswering = false;
  #abandoned = false;

  constructor(options: RelayOptions) {
    this.#options = options;
    const { port, handlers, onControl } = options;
    this.#writer = new BatchWriter(
      { afterTurn: (flush) => this.#afterTurn(flush) },
      (batch) => {
        if (!this.#abandoned) port.sendBatch(batch);
      },
      () => {
        const answers = this.#handler.gather();
        if (answers) this.#writer.record(kinds.answers, 0, answers);
      },
    );
    this.#handler = new CallHandler(handlers, () => this.#writer.schedule());
    port.receive({ batch: (batch) => this.#receive(batch), control: onControl });
  }

  get sessions(): number {
    return this.#sockets.size;
  }

  get callsOutstanding(): number {
    return this.#abandoned ? 0 : this.#handler.outstanding;
  }

  get inputBytes(): number {
    let sum = 0;
    for (const socket of this.#sockets.values()) sum += socket.inputBytes;
    return sum;
  }

  get outputBytes(): number {
    let sum = 0;
    for (const socket of this.#sockets.values()) sum += socket.outputBytes;
    return sum;
  }

  /**
   * Makes the connection a session of this thread. Call it in the turn in which it was accepted.
   */
  accept(connection: Connection, kind: string): void {
    const id = this.#nextId();
    const { limits } = this.#options;
    const sessions = (): number => this.#sockets.size;
    const socket = new SocketEnd(id, connection, this.#writer, limits, sessions, this.#closed);
    this.#sockets.set(id, socket);
    this.#writer.record(kinds.open, id, Buffer.from(`${kind}\0${connection.remote}`));
    connection.start(socket);
  }

  /** Sends a control message after all earlier traffic. */
  send(control: Control): void {
    this.#writer.flush();
    if (!this.#abandoned) this.#options.port.sendControl(control);
  }

  /** Sends what is pending and closes every socket. */
  finishAll(): void {
    for (const socket of [...this.#sockets.values()]) socket.finish();
  }

  destroyAll(error?: Error): void {
    for (const socket of [...this.#sockets.values()]) socket.destroy(error);
  }

  /** The thread has ended: closes its sockets and drops its calls. */
  abandon(): void {
    if (this.#abandoned) return;
    this.#abandoned = true;
    this.#options.port.close();
    this.destroyAll(new BazarError('unavailable', 'the session thread ended'));
  }

  record(kind: Kind, session: number, batch: ArrayBuffer, start: number, length: number): void {
    if (kind === kinds.calls) {
      this.#calls.push(new Uint8Array(batch, start, length));
      return;
    }
    const socket = this.#sockets.get(session);
    // The socket may have closed before the thread's record arrived.
    if (!socket) return;
    switch (kind) {
      case kinds.data:
        if (socket.write(Buffer.from(batch, start, length))) this.#touched.push(socket);
        return;
      case kinds.credit:
        socket.consumed(new Uint32Array(batch, start, 1)[0] ?? 0);
        return;
      case kinds.pause:
        socket.pause();
        return;
      case kinds.resume:
        socket.resume();
        return;
      case kinds.end:
        socket.finish();
        return;
      case kinds.closed:
        socket.destroy();
        return;
      case kinds.failed:
        this.#failed(socket, Buffer.from(batch, start, length).toString());
        return;
      case kinds.open:
      case kinds.answers:
        throw new BazarError('internal', 'a thread opens and answers nothing');
      default:
        unreachable(kind);
    }
  }

  /**
   * While there are answers to write, the input waits for that of the next turn: some of the
   * answered clients will have sent another request by then, and waking the thread costs as much as
   * reading three requests.
   */
  #afterTurn(flush: () => void): void {
    this.#options.clock.afterTurn(() => {
      if (this.#isAnswering) systemTurn.nextTurn(flush);
      else flush();
    });
  }

  #receive(batch: ArrayBuffer): void {
    readBatch(batch, this);
    if (this.#touched.length > 0 && !this.#isAnswering) {
      this.#isAnswering = true;
      systemTurn.afterOutput(() => {
        this.#isAnswering = false;
      });
    }
    for (const socket of this.#touched) socket.flush();
    this.#touched.length = 0;
    if (this.#calls.length > 0) this.#handler.take(this.#calls.splice(0));
  }

  #failed(socket: SocketEnd, text: string): void {
    this.#options.logger.error({ remote: socket.remote, err: text }, 'a session failed');
    socket.destroy(new BazarError('internal', 'the session failed'));
  }

  readonly #closed = (id: number): void => {
    const remote = this.#sockets.get(id)?.remote ?? '';
    this.#sockets.delete(id);
    this.#options.onSessionClosed(remote);
  };

  #nextId(): number {
    do {
      this.#lastId = (this.#lastId + 1) >>> 0;
    } while (this.#sockets.has(this.#lastId) || this.#lastId === 0);
    return this.#lastId;
  }
}
