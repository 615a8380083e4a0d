/**
 * The administrator of the run: adds to the stock of scarce products, so that purchases are refused and
 * accepted in turn. It does not repeat a change with an unknown outcome; it records how many units may
 * have been added.
 */
import type { Change } from '../src/checker/types.js';
import type { Product } from '../test/e2e/raw-client.js';
import type { CustomerConnection } from './customer-connection.js';
import { type Recorder, seen } from './recorder.js';

const everyMs = 150;
const unitsMax = 12;

export interface ClerkOptions {
  readonly connection: CustomerConnection;
  readonly recorder: Recorder;
  readonly scarce: readonly number[];
  readonly random: () => number;
  readonly leaving: () => boolean;
}

export async function work({
  connection,
  recorder,
  scarce,
  random,
  leaving,
}: ClerkOptions): Promise<void> {
  while (!leaving()) {
    const id = scarce[Math.floor(random() * scarce.length)] ?? 0;
    const add = 1 + Math.floor(random() * unitsMax);
    const invokedMs = recorder.nowMs();
    const answer = await connection.ask<Product>('update_product', { id, add });
    const asked = { kind: 'change', process: 'clerk', invokedMs, id, add } as const;
    const returnedMs = recorder.nowMs();
    if (answer && !answer.error) {
      recorder.adds(id, add, true);
      recorder.add({ ...asked, returnedMs, ending: 'ok', result: seen(answer.result) });
    } else {
      const error = answer?.error;
      if (error && !error.retryable && error.code !== 'deadline_exceeded') {
        recorder.problem(`a change met ${error.code}: ${error.message}`);
      }
      const change: Change = { ...asked, returnedMs, ending: 'unknown' };
      recorder.adds(id, add, false);
      recorder.add(change);
    }
    await new Promise((resolve) => setTimeout(resolve, random() * 2 * everyMs));
  }
  connection.leave();
}
