/**
 * Counts requests by door, operation and code, and how long they took: a few additions to one array
 * each, for the raw door answers a hundred thousand times a second. A thread counts, its owner adds
 * up. Knows no request. Invariant: what was taken from a thread is counted there no more.
 */
import { assert } from '../base/assert.js';
import { type ErrorCode, errorCodes } from '../base/errors.js';
import { bucketOf } from '../base/histogram.js';
import { latencyBounds, type MetricSample } from '../base/metric-table.js';
import { methodParams, type PublicMethod } from '../wire/schemas.js';

/** Where a request came in. */
export const listeners = ['raw', 'http', 'dialect'] as const;
export type ListenerKind = (typeof listeners)[number];

/** `other`: what is no operation, as probes, the page, unknown paths. */
export type MeteredOperation = PublicMethod | 'other';
export type MeteredCode = ErrorCode | 'ok';

const operations = [...(Object.keys(methodParams) as PublicMethod[]), 'other'] as const;
const codes = ['ok', ...errorCodes] as const;
const listenerIndex = indexOf<ListenerKind>(listeners);
const operationIndex = indexOf<MeteredOperation>(operations);
const codeIndex = indexOf<MeteredCode>(codes);

const bucketsStart = codes.length;
const sumAt = bucketsStart + latencyBounds.length + 1;
/** Of one operation at one door: a count a code, a count a bucket, and the sum of the times. */
const cellsPerOperation = sumAt + 1;
const delayStart = listeners.length * operations.length * cellsPerOperation;
/** At the end: how late the thread's timers were. */
const cellsTotal = delayStart + latencyBounds.length + 2;

/** Cells that changed and by how much, one after the other. */
export type MeterNews = readonly number[];

export interface RequestSum {
  readonly answered: number;
  readonly succeeded: number;
  /** The store was not able to do what was asked. */
  readonly failed: number;
  /** Requests in each bucket of `latencyBounds`, the open one last. */
  readonly times: readonly number[];
}

const failures = ['unavailable', 'overloaded', 'deadline_exceeded', 'internal'] as const;

export class RequestMeter {
  readonly #cells = new Float64Array(cellsTotal);

  /** A request was answered, `seconds` after it came. */
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

  /** One that was answered in the turn in which it came; reading a clock would cost more than that. */
  countNow(listener: ListenerKind, operation: MeteredOperation, code: MeteredCode): void {
    const start = startOf(listener, operation);
    this.#add(start + (codeIndex[code] ?? 0), 1);
    this.#add(start + bucketsStart, 1);
  }

  countDelay(seconds: number): void {
    this.#add(delayStart + bucketOf(latencyBounds, seconds), 1);
    this.#add(cellsTotal - 1, seconds);
  }

  /** What was counted since the last time; undefined where that is nothing. */
  take(): MeterNews | undefined {
    const news: number[] = [];
    for (let at = 0; at < cellsTotal; at++) {
      const count = this.#cells[at] ?? 0;
      if (count !== 0) news.push(at, count);
    }
    this.#cells.fill(0);
    return news.length === 0 ? undefined : news;
  }

  /** What a thread has counted. */
  add(news: MeterNews): void {
    for (let i = 0; i < news.length; i += 2) this.#add(news[i] ?? 0, news[i + 1] ?? 0);
  }

  /** All operations or one of them, at all doors. */
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
