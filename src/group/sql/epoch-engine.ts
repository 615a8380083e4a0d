/** The engine of a group that has an epoch in the database and no log (docs/SQL-ENGINE.md). */
import type { Clock } from '../../base/clock.js';
import { Histogram } from '../../base/histogram.js';
import { latencyBounds } from '../../base/metric-table.js';
import type { Engine } from '../engine.js';
import { type EpochDatabase, EpochGroup } from './epoch-group.js';

export interface EpochEngineOptions {
  readonly database: EpochDatabase;
  readonly incarnation: string;
  readonly clusterId: string;
  readonly clock: Clock;
}

export function epochEngine<Result>(options: EpochEngineOptions): Engine<Result> {
  const { incarnation, clusterId, clock } = options;
  const writes = new Histogram(latencyBounds);
  const database: EpochDatabase = {
    takeLead: (leader) => options.database.takeLead(leader),
    readLeader: () => options.database.readLeader(),
    async write(write) {
      const beganMs = clock.nowMs();
      const result = await options.database.write(write);
      writes.observe((clock.nowMs() - beganMs) / 1_000);
      return result;
    },
    close: () => options.database.close(),
  };
  return {
    ...{ incarnation, clusterId, writes },
    newGroup: ({ config, membership, logger }) =>
      new EpochGroup({
        ...{ id: config.name, incarnation, clock, logger, database },
        members: membership.replicas.map(({ name }) => name),
      }),
    request: () => false,
    close: () => database.close(),
  };
}
