/** What many runs covered, as a table. Pure. */
import type { RunResult } from './simulation.js';

export class Summary {
  readonly failures: RunResult[] = [];
  #runs = 0;
  #events = 0;
  #simulatedMs = 0;
  #electedMs = 0;
  #electedMaxMs = 0;
  #settledMaxMs = 0;
  #outageMaxMs = 0;
  readonly #counts = new Map<string, number>();

  get runs(): number {
    return this.#runs;
  }

  add(result: RunResult): void {
    this.#runs += 1;
    this.#events += result.events;
    this.#simulatedMs += result.simulatedMs;
    if (result.problems.length > 0) {
      this.failures.push(result);
      return;
    }
    this.#electedMs += result.electedMs;
    this.#electedMaxMs = Math.max(this.#electedMaxMs, result.electedMs);
    this.#outageMaxMs = Math.max(this.#outageMaxMs, result.outageMs);
    this.#settledMaxMs = Math.max(this.#settledMaxMs, result.settledMs);
    for (const [what, times] of result.counts) {
      this.#counts.set(what, (this.#counts.get(what) ?? 0) + times);
    }
  }

  lines(tookMs: number): string[] {
    const rows: (readonly [string, string])[] = [
      ['seeds', `${this.#runs}`],
      ['violations', `${this.failures.length}`],
      ['milliseconds a seed', (tookMs / Math.max(1, this.#runs)).toFixed(1)],
      ['seeds a minute', ((60_000 * this.#runs) / Math.max(1, tookMs)).toFixed(0)],
      ['simulated hours', (this.#simulatedMs / 3_600_000).toFixed(2)],
      ['events', `${this.#events}`],
      ['leader after healing, mean ms', (this.#electedMs / Math.max(1, this.#runs)).toFixed(0)],
      ['leader after healing, longest ms', this.#electedMaxMs.toFixed(0)],
      ['outage during chaos, longest ms', this.#outageMaxMs.toFixed(0)],
      ['at rest after healing, longest ms', this.#settledMaxMs.toFixed(0)],
      ...[...this.#counts].sort().map(([what, times]) => [what, `${times}`] as const),
    ];
    const width = Math.max(...rows.map(([what]) => what.length));
    return rows.map(([what, value]) => `${what.padEnd(width)}  ${value.padStart(12)}`);
  }
}
