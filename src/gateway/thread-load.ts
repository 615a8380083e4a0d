/**
 * What all sessions of one frontend thread share: its turns, its memory budget, its rate limit, and
 * the meter whose counts go to the owner a few times a second.
 */
import { every, systemClock } from '../base/clock.js';
import { sessionLimits } from '../base/limits.js';
import type { Logger, LogSettings } from '../base/logging.js';
import { MemoryBudget } from '../base/memory-budget.js';
import { watchDelay } from '../base/process-metrics.js';
import { WorkTurns } from '../base/work-turns.js';
import type { OwnerLink } from '../pool/types.js';
import { RateLimit } from './rate-limit.js';
import { RequestMeter } from './request-meter.js';

/** Interval at which the counts are sent to the owner. */
const meterEveryMs = 250;

export interface ThreadLoadData {
  readonly log: LogSettings;
  /** Session threads of this process. */
  readonly threads: number;
  /** Requests a second that an address may make, counted for all threads; undefined: any number. */
  readonly rateLimit:
    | { readonly memory: SharedArrayBuffer; readonly perSecond: number }
    | undefined;
}

/** Options that the raw gateway and the HTTP gateways have in common. */
export function threadLoad(data: ThreadLoadData, logger: Logger) {
  const { log, threads, rateLimit } = data;
  return {
    turns: new WorkTurns(),
    budget: new MemoryBudget(sessionLimits.heldBytesMax / Math.max(1, threads)),
    clock: systemClock,
    meter: new RequestMeter(),
    logger,
    logsRequests: log.level === 'debug',
    rateLimit: rateLimit && new RateLimit(rateLimit.memory, rateLimit.perSecond),
  };
}

export type ThreadLoad = ReturnType<typeof threadLoad>;

/** Sends the counts to the owner regularly; returns the function that stops this. */
export function startMetering(owner: OwnerLink, { clock, meter }: ThreadLoad): () => void {
  const timers = [
    every(clock, meterEveryMs, () => {
      const news = meter.take();
      if (news) owner.tell('meter', news);
    }),
    watchDelay(clock, (seconds) => meter.countDelay(seconds)),
  ];
  return () => {
    for (const timer of timers) timer.cancel();
  };
}
