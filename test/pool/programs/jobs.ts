/** Jobs for the tests. */
import { BroadcastChannel, threadId } from 'node:worker_threads';
import { BazarError } from '../../../src/base/errors.js';

export function add([left, right]: readonly [number, number]): number {
  return left + right;
}

export function whichThread(): number {
  return threadId;
}

export function refuse(): never {
  throw new BazarError('conflict', 'somebody was faster', { details: { seq: 7 } });
}

export function crash(): never {
  process.exit(1);
}

export function fail(): never {
  throw new TypeError('a bug');
}

export interface Hold {
  readonly word: Int32Array;
  readonly channel: string;
}

/** Says on the channel that it has begun, and runs until the owner writes to the shared word. */
export function hold({ word, channel }: Hold): string {
  const line = new BroadcastChannel(channel);
  line.postMessage('begun');
  Atomics.wait(word, 0, 0);
  line.close();
  return 'done';
}

/** Answers, and crashes its thread when something comes on the channel. */
export function crashLater(channel: string): string {
  const line = new BroadcastChannel(channel);
  line.onmessage = () => {
    throw new Error('after the job');
  };
  return 'answered before';
}
