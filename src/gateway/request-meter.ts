/**
 * Counts requests and their latency by listener, operation and code. A count is a few additions to
 * one array, because the raw listener answers a hundred thousand requests a second. Threads count,
 * their owner adds up. Does not depend on request contents. Invariant: a count that the owner has
 * taken is no longer in the thread.
 */
import { assert } from '../base/assert.js';
import { type ErrorCode, errorCodes } from '../base/errors.js';
import { bucketOf } from '../base/histogram.js';
import { latencyBounds, type MetricSample } from '../base/metric-table.js';
import { methodParams, type PublicMethod } from '../wire/schemas.js';

/** The kinds of listeners. */
export const listeners = ['raw', 'http', 'dialect'] as const;
export type ListenerKind = (typeof listeners)[number];

/** `other` stands for requests without an operation: probes, the page, unknown paths. */
export type MeteredOperation = PublicMethod | 'other';
export type MeteredCode = ErrorCode | 'ok';

const operations = [...(Object.keys(methodParams) as PublicMethod[]), 'other'] as const;
const codes = ['ok', ...errorCodes] as const;
const listenerIndex = indexOf<ListenerKind>(listeners);
const operationIndex = indexOf<MeteredOperation>(operations);
const codeIndex = indexOf<MeteredCode>(codes);

const bucketsStart = codes.length;
const sumAt = bucketsStart + latencyBounds.length + 1;
/**
 * For an operation at a listener: a count for each code and each bucket, and the sum of the times.
 */
const cellsPerOperation = sumAt + 1;
const delayStart = listeners.length * operations.length * cellsPerOperation;
/** The last cells hold the delays of the thread's timers. */
const cellsTotal = delayStart + latencyBounds.length + 2;

/** Pairs of a changed cell and its increase. */
export type MeterNews = readonly number[];

export interface RequestSum {
  readonly answered: number;
  readonly succeeded: number;
  /** Requests that the store was unable to serve. */
  readonly failed: number;
  /** Requests in each bucket of `latencyBounds`, the unbounded one last. */
  readonly times: readonly number[];
}

const failures = ['unavailable', 'overloaded', 'deadline_exceeded', 'internal'] as const;

export class RequestMeter {
  readonly #cells = new Float64Array(cellsTotal);

  /** A request was answered `seconds` after its arrival. */
  count(
    listener: ListenerKind,
    operation: MeteredOperation,
    code: MeteredCode,
    seconds: number,
  ): void {
    const start = startOf(listener, operation);
    this.#add(start + (codeIndex[code] ?? 0), 1);
    this.#add(start + bucketsStart + bucketOf(latencyBounds, seconds), 1);
    this.#add(start + sumAt, seconds);
  }

  /** A request was answered in its own turn; reading a clock would cost more than the answer. */
  countNow(listener: ListenerKind, operation: MeteredOperation, code: MeteredCode): void {
    const start = startOf(listener, operation);
    this.#add(start + (codeIndex[code] ?? 0), 1);
    this.#add(start + bucketsStart, 1);
  }

  countDelay(seconds: number): void {
    this.#add(delayStart + bucketOf(latencyBounds, seconds), 1);
    this.#add(cellsTotal - 1, seconds);
  }

  /** The counts since the last call; undefined if there are none. */
  take(): MeterNews | undefined {
    const news: number[] = [];
    for (let at = 0; at < cellsTotal; at++) {
      const count = this.#cells[at] ?? 0;
      if (count !== 0) news.push(at, count);
    }
    this.#cells.fill(0);
    return news.length === 0 ? undefined : news;
  }

  /** Adds the counts of a thread. */
  add(news: MeterNews): void {
    for (let i = 0; i < news.length; i += 2) this.#add(news[i] ?? 0, news[i + 1] ?? 0);
  }

  /** The sum over all operations or one, at all listeners. */
  sum(operation?: MeteredOperation): RequestSum {
    const wanted = operation === undefined ? operations : [operation];
    const counts = new Array<number>(cellsPerOperation).fill(0);
    for (const listener of listeners) {
      for (const one of wanted) {
        const start = startOf(listener, one);
        for (let at = 0; at < sumAt; at++)
          counts[at] = (counts[at] ?? 0) + (this.#cells[start + at] ?? 0);
      }
    }
    const byCode = (code: MeteredCode): number => counts[codeIndex[code]] ?? 0;
    return {
      answered: codes.reduce((total, code) => total + byCode(code), 0),
      succeeded: byCode('ok'),
      failed: failures.reduce((total, code) => total + byCode(code), 0),
      times: counts.slice(bucketsStart, sumAt),
    };
  }

  samples(service: string): MetricSample[] {
    const samples: MetricSample[] = [];
    for (const listener of listeners) {
      for (const operation of operations) {
        const start = startOf(listener, operation);
        const cells = this.#cells.subarray(start, start + cellsPerOperation);
        for (const [at, code] of codes.entries()) {
          const count = cells[at] ?? 0;
          if (count === 0) continue;
          samples.push(['bazar_requests_total', [service, listener, operation, code], count]);
        }
        const times = [...cells.subarray(bucketsStart)];
        if (times.every((count) => count === 0)) continue;
        samples.push(['bazar_request_duration_seconds', [service, listener, operation], times]);
      }
    }
    const delays = [...this.#cells.subarray(delayStart)];
    samples.push(['bazar_event_loop_delay_seconds', [service, 'sessions'], delays]);
    return samples;
  }

  #add(at: number, count: number): void {
    assert(at < cellsTotal, 'a cell of the meter');
    this.#cells[at] = (this.#cells[at] ?? 0) + count;
  }
}

function startOf(listener: ListenerKind, operation: MeteredOperation): number {
  const place =
    (listenerIndex[listener] ?? 0) * operations.length + (operationIndex[operation] ?? 0);
  return place * cellsPerOperation;
}

function indexOf<K extends string>(names: readonly K[]): Readonly<Record<K, number>> {
  return Object.fromEntries(names.map((name, index) => [name, index])) as Record<K, number>;
}
