/**
 * Repeats a request with a key until it is decided, as customers and administrators do, and reports
 * answers that they must not get.
 */
import type { Answer, WireError } from '../test/e2e/raw-client.js';
import type { CustomerConnection } from './customer-connection.js';
import type { Recorder } from './recorder.js';

const retryMs = 40;
const retriesSlower = 8;
/** Far above the longest fault: a longer wait never ends. */
const decidedWithinMs = 150_000;

export interface Visitor {
  readonly name: string;
  readonly connection: CustomerConnection;
  readonly recorder: Recorder;
  readonly random: () => number;
  readonly leaving: () => boolean;
  /** The run is given up: the visitor stops waiting. */
  readonly abandoned: () => boolean;
}

/** Errors in `codes` are answers, too. Undefined if the request was never decided. */
export async function insist<R>(
  { connection, recorder, random, abandoned }: Visitor,
  method: string,
  params: object,
  codes: readonly string[],
): Promise<Answer<R> | undefined> {
  const beganMs = recorder.nowMs();
  for (let tries = 1; ; tries++) {
    const answer = await connection.ask<R>(method, params);
    expectOnly(recorder, answer?.error, method, codes);
    if (answer && !tryAgain(answer.error)) return answer;
    if (!answer || answer.error?.code === 'deadline_exceeded') recorder.attemptsLost += 1;
    if (abandoned()) return undefined;
    if (recorder.nowMs() - beganMs > decidedWithinMs) {
      recorder.problem(
        `${method} ${JSON.stringify(params)} was not decided in ${decidedWithinMs} ms`,
      );
      return undefined;
    }
    if (answer && random() < 0.5) connection.leave();
    await pause(random() * retryMs * Math.min(tries, retriesSlower));
  }
}

/** Any other error that does not allow a retry is a problem. */
export function expectOnly(
  recorder: Recorder,
  error: WireError | null | undefined,
  what: string,
  codes: readonly string[],
): void {
  if (!error || tryAgain(error) || codes.includes(error.code)) return;
  recorder.problem(`${what} met ${error.code}: ${error.message}`);
}

export function tryAgain(error: WireError | null): boolean {
  return error !== null && (error.retryable || error.code === 'deadline_exceeded');
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function pick<T>(all: readonly T[], random: () => number): T | undefined {
  return all[Math.floor(random() * all.length)];
}
