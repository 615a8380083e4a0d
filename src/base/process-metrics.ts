/** The metrics of a process: memory, processor time, and how late its main thread's timers are. */
import { type Clock, every, type Timer } from './clock.js';
import { Histogram } from './histogram.js';
import { latencyBounds, type MetricSample } from './metric-table.js';

const lookEveryMs = 500;

export class ProcessMetrics {
  readonly #service: string;
  readonly #startSeconds: number;
  readonly #delays = new Histogram(latencyBounds);
  readonly #timer: Timer;

  constructor(service: string, clock: Clock) {
    this.#service = service;
    this.#startSeconds = clock.wallMs() / 1_000 - process.uptime();
    this.#timer = watchDelay(clock, (seconds) => this.#delays.observe(seconds));
  }

  samples(): MetricSample[] {
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const labels = [this.#service];
    return [
      ['bazar_process_resident_memory_bytes', labels, rss],
      ['bazar_process_heap_used_bytes', labels, heapUsed],
      ['bazar_process_cpu_seconds_total', labels, (user + system) / 1e6],
      ['bazar_process_start_time_seconds', labels, this.#startSeconds],
      ['bazar_event_loop_delay_seconds', [this.#service, 'owner'], this.#delays.values()],
    ];
  }

  stop(): void {
    this.#timer.cancel();
  }
}

/** Measures, at intervals, how much later than planned a timer fires. */
export function watchDelay(clock: Clock, observe: (seconds: number) => void): Timer {
  let dueMs = clock.nowMs() + lookEveryMs;
  return every(clock, lookEveryMs, () => {
    const nowMs = clock.nowMs();
    observe(Math.max(0, nowMs - dueMs) / 1_000);
    dueMs = nowMs + lookEveryMs;
  });
}
