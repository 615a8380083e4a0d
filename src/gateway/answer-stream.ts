/**
 * An answer whose body goes on as long as both sides want: a sink over Node's response. It knows
 * nothing of what is written. Invariant: after `onClosed` has called back nothing is written.
 */
import type { ServerResponse } from 'node:http';

/** Emitted on a response from which on no answer is waited for. */
export const streamBegins = 'bazar-stream';

/** Where a body without end goes, as it comes. */
export interface AnswerSink {
  /** Written here and not yet taken by the network. */
  readonly pendingBytes: number;
  write(text: string): void;
  end(): void;
  destroy(): void;
  /** Calls back once, when nothing more can be written. */
  onClosed(callback: () => void): void;
}

export function answerSink(response: ServerResponse): AnswerSink {
  return {
    get pendingBytes() {
      return response.writableLength;
    },
    write(text) {
      if (!response.writableEnded && !response.destroyed) response.write(text);
    },
    end: () => void response.end(),
    destroy: () => void response.destroy(),
    onClosed(callback) {
      const { socket } = response.req;
      if (response.closed || socket.destroyed) {
        callback();
        return;
      }
      const closed = (): void => {
        response.off('close', closed);
        socket.off('close', closed);
        callback();
      };
      response.once('close', closed);
      // A response that waits behind others of its connection does not learn of its end.
      socket.once('close', closed);
    },
  };
}
