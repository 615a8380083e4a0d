/**
 * The ways in which sessions reach a frontend's threads, side by side: the relay, and, if possible,
 * threads with their own listeners. For comparison: Redis, with a GET of a value as long as a product on
 * one thread of C.
 */
import { threadsListen } from '../../../src/gateway/listeners.js';
import type { Scenario } from '../bench.js';
import { type Measured, measureInTurn, type Subject } from '../measure.js';
import { Picks } from '../picks.js';
import { redisVersion, startRedis } from '../redis.js';
import { echoes, gets, lookups, ownProducts, productBytes, readShapes } from '../workloads.js';
import { together } from './echo.js';

/** Separates all ports of two stores that run at once. */
const secondOffset = 2_000;

export const listeners: Scenario = {
  name: 'listeners',
  about: 'cached look-ups by the relay and by threads that listen themselves, beside Redis GET',
  async run(bench) {
    const { portOffset, workers } = bench.settings.store;
    const picks = Picks.uniform(ownProducts);
    const echoTarget = await bench.helper('echo-server');
    const subjects: Subject[] = [{ what: 'byte echo', target: echoTarget, workload: echoes() }];
    const version = redisVersion();
    if (version === undefined) bench.progress('redis-server is not installed: left out');
    else {
      const redis = await bench.started(startRedis(ownProducts, 'x'.repeat(productBytes)));
      subjects.push({ what: `Redis ${version} GET`, target: redis, workload: gets(picks) });
    }
    const relay = await bench.store({ flags: ['--no-reuse-port'] });
    subjects.push({ what: 'look-up, relay', target: relay.target, workload: lookups(picks) });
    if (!threadsListen({ workers, reusePort: true }, 'raw')) {
      bench.progress('no thread listens by itself here');
    } else {
      const own = await bench.store({ portOffset: portOffset + secondOffset });
      subjects.push({ what: 'look-up, own port', target: own.target, workload: lookups(picks) });
    }
    const parts: Measured[] = [];
    for (const shape of readShapes) {
      parts.push(await measureInTurn(bench, shape, subjects, 'echo'));
    }
    return together(parts);
  },
};
