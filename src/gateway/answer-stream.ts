/**
 * An answer with a body of unlimited length: a sink over Node's response. Does not depend on the
 * content. Invariant: nothing is written after `onClosed` has called back.
 */
import type { ServerResponse } from 'node:http';

/** Emitted on a response when it becomes a stream, whose end is no longer awaited. */
export const streamBegins = 'bazar-stream';

/** Destination of a streamed body. */
export interface AnswerSink {
  /** Bytes written here and not yet sent to the network. */
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
      // A pipelined response behind others on its connection gets no close event of its own.
      socket.once('close', closed);
    },
  };
}
