/**
 * One request over a connection of its own, with its answer fully decoded: for checks before and after a
 * load, never for measuring.
 */
import { connect } from 'node:net';
import { frame, frameHeaderBytes, packValue, unpackValue } from './message.js';
import type { Target } from './session.js';

const timeoutMs = 10_000;

export type Result = Readonly<Record<string, unknown>>;

export async function ask(target: Target, method: string, params: object = {}): Promise<Result> {
  const value = unpackValue(await exchange(target, frame(packValue([0, 1, method, params]))));
  if (!Array.isArray(value) || value[0] !== 1) throw new Error(`${method}: not an answer`);
  const [, , error, result]: unknown[] = value;
  if (error !== null) throw new Error(`${method}: ${JSON.stringify(error)}`);
  if (typeof result !== 'object' || result === null) throw new Error(`${method}: no result`);
  return result as Result;
}

/** A field that must be a number. */
export function numberIn(result: Result, field: string): number {
  const value = result[field];
  if (typeof value !== 'number') throw new Error(`the answer has no number ${field}`);
  return value;
}

function exchange({ host, port }: Target, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let received = Buffer.alloc(0);
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(timeoutMs, () => fail(new Error(`no answer from ${host}:${port}`)));
    socket.once('error', fail);
    socket.once('close', () => fail(new Error(`${host}:${port} closed the connection`)));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < frameHeaderBytes) return;
      const end = frameHeaderBytes + received.readUInt32BE(0);
      if (received.length < end) return;
      resolve(received.subarray(frameHeaderBytes, end));
      socket.destroy();
    });
    socket.write(request);
  });
}
