/**
 * `--check` of the load client: records the calls of its customers, resolves unknown outcomes, and
 * has the history checked. It can also check histories from files. Opens no connection.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { required } from '../../base/assert.js';
import type { Clock } from '../../base/clock.js';
import { checkHistory, type Verdict } from '../../checker/check.js';
import { historyLines, readHistory } from '../../checker/history-file.js';
import type { History } from '../../checker/types.js';
import type { BazarClient } from '../../client/bazar-client.js';
import { UsageError } from '../output/exit-codes.js';
import { HistoryRecorder } from './history-recorder.js';
import type { Shopper } from './load-run.js';

/** All of them stay in memory until the end. */
const requestsMax = 2_000_000;

export interface CheckOptions {
  readonly requests: number;
  /** 0: the store never restocks. */
  readonly restockTo: number;
  /** Path to write the history to. */
  readonly history: string | undefined;
}

export class LoadCheck {
  readonly #recorder: HistoryRecorder;
  readonly #options: CheckOptions;

  constructor(clock: Clock, options: CheckOptions) {
    if (options.requests > requestsMax) {
      throw new UsageError(`--check takes at most ${requestsMax} requests`);
    }
    this.#recorder = new HistoryRecorder(clock);
    this.#options = options;
  }

  listenTo(clients: readonly BazarClient[]): Shopper[] {
    return clients.map((client, i) => this.#recorder.listenTo(client, `customer ${i + 1}`));
  }

  /** Runs after all customers have left. */
  async check(clients: readonly BazarClient[]): Promise<Verdict> {
    await this.#recorder.finish(required(clients[0], 'a client'));
    const { restockTo, history: path } = this.#options;
    const history = this.#recorder.history(restockTo === 0 ? null : restockTo);
    if (path !== undefined) write(path, history);
    return checkHistory(history);
  }
}

export function checkRecorded(path: string): Verdict {
  try {
    return checkHistory(readHistory(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${error instanceof Error ? error.message : error}`);
  }
}

function write(path: string, history: History): void {
  const file = openSync(path, 'w');
  try {
    for (const line of historyLines(history)) writeSync(file, line);
  } finally {
    closeSync(file);
  }
}
