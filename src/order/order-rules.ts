/**
 * Starts new versions of the order group's rules. The leader logs a version once every order and
 * catalog replica supports it (docs/PROTOCOL.md, A40, A42). Invariant: at most one proposal is in
 * progress.
 */
import { type Clock, every, type Timer } from '../base/clock.js';
import type { Logger } from '../base/logging.js';
import { encode } from '../wire/codec.js';
import { type OrderCommand, rulesVersion } from '../wire/internal.js';

/** Polls, because a replica may connect or a proposal may fail without an event. */
const checkEveryMs = 250;

/** Older versions are started by older builds only. */
const oldestStarted = 3;

export interface OrderRulesOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly serving: () => boolean;
  /** The version that applies here. */
  readonly current: () => number;
  /** The newest version that all replicas of both groups support. */
  readonly supported: () => number;
  readonly propose: (command: Uint8Array) => Promise<unknown>;
}

/** Polls until the newest version applies. */
export function startOrderRules(options: OrderRulesOptions): Timer {
  const { clock, logger, serving, current, supported, propose } = options;
  let underWay = false;
  const timer = every(clock, checkEveryMs, () => {
    const version = Math.min(supported(), rulesVersion);
    const isNew = version > current() && version >= oldestStarted;
    if (current() >= rulesVersion) timer.cancel();
    else if (!underWay && serving() && isNew) start(version);
  });
  const start = (version: number): void => {
    underWay = true;
    const command: OrderCommand = ['rules', version];
    propose(encode(command))
      .then(() => logger.info({ rules: current() }, 'new rules apply'))
      .catch((error: unknown) => logger.debug({ error: String(error) }, 'new rules not logged'))
      .finally(() => {
        underWay = false;
      });
  };
  return timer;
}
