/**
 * Connections with mostly one kind of request and sometimes another, one request at a time: for hit
 * rates, which depend on the mixture. Slower than LoadConnection, and counts only answers.
 */
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AnswerReader } from './answers.js';
import type { Workload } from './connection.js';
import { errorCodeOf } from './message.js';
import type { Target } from './session.js';
import { type RpcTemplate, storeUint32 } from './template.js';

export interface Mixture {
  readonly mostly: Workload & { readonly template: RpcTemplate };
  readonly rarely: Workload & { readonly template: RpcTemplate };
  /** Every n-th request is the rare one. */
  readonly every: number;
}

export interface MixedResult {
  readonly answers: number;
  readonly errors: ReadonlyMap<string, number>;
}

export interface MixedShape {
  readonly connections: number;
  /** The run ends after this many answers, or when its time is up. */
  readonly answersMin: number;
  readonly runMsMax: number;
}

const drainMs = 200;
const pollMs = 20;

export async function runMixture(
  { host, port }: Target,
  mixture: Mixture,
  { connections, answersMin, runMsMax }: MixedShape,
): Promise<MixedResult> {
  const errors = new Map<string, number>();
  let answers = 0;
  let requests = 0;
  let running = true;
  const ask = (socket: Socket): void => {
    requests++;
    const isRare = requests % mixture.every === 0;
    const { template, picks } = isRare ? mixture.rarely : mixture.mostly;
    const frame = Buffer.from(template.frame);
    storeUint32(frame, template.idAt, requests);
    if (template.itemAt !== undefined) storeUint32(frame, template.itemAt, picks.next());
    socket.write(frame);
  };
  const sockets = Array.from({ length: connections }, () => {
    const socket = createConnection({ host, port, noDelay: true });
    const answered = (): void => {
      answers++;
      if (running) ask(socket);
    };
    const reader = new AnswerReader({
      accepted: answered,
      refused: (_id, answer) => {
        const code = errorCodeOf(answer);
        errors.set(code, (errors.get(code) ?? 0) + 1);
        answered();
      },
    });
    socket.on('data', (chunk) => reader.feed(chunk, chunk.length));
    socket.once('connect', () => ask(socket));
    socket.on('error', (error) => errors.set(error.message, 1));
    return socket;
  });
  const untilMs = performance.now() + runMsMax;
  while (answers < answersMin && performance.now() < untilMs) await sleep(pollMs);
  running = false;
  await sleep(drainMs);
  for (const socket of sockets) socket.destroy();
  return { answers, errors };
}
