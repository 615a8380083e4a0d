/**
 * The common counters of a load's connections. While `running`, each answer is followed by the next
 * request; while `recording`, answers count towards the rate and the latencies.
 */
import { LatencyHistogram } from './histogram.js';

export class Tally {
  running = false;
  recording = false;
  /** Answers while recording. */
  answers = 0;
  inFlight = 0;
  /** Answers without an error since the connections were opened, warm-up included. */
  accepted = 0;
  readonly latencies = new LatencyHistogram();
  readonly errors = new Map<string, number>();

  /** Counts a refusal by its code, or a failed connection by a word for it. */
  countError(code: string): void {
    this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
  }

  beginRun(): void {
    this.running = true;
    this.recording = false;
    this.answers = 0;
    this.latencies.clear();
    this.errors.clear();
  }
}
