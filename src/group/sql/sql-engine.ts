/**
 * The engine over a database: connects a group's log to the other members and to its metrics
 * (docs/SQL-ENGINE.md). A process has an incarnation of its own, because it has no disk.
 */
import type { Clock } from '../../base/clock.js';
import { BazarError, toBazarError } from '../../base/errors.js';
import { Histogram } from '../../base/histogram.js';
import { latencyBounds } from '../../base/metric-table.js';
import type { LogDatabase, LogEnd } from '../../database/types.js';
import { isInteger } from '../../wire/shapes.js';
import type { Engine, EngineParts } from '../engine.js';
import type { RpcPeers } from '../rpc-peers.js';
import type { PeerReply } from '../types.js';
import { followMethod, isFollowAnswer, isFollowParams, positionMethod } from './follow-messages.js';
import type { LeaderLink } from './following.js';
import { type GroupTables, SqlGroup } from './sql-group.js';

export interface SqlEngineOptions<Result> {
  readonly database: LogDatabase;
  readonly incarnation: string;
  readonly clusterId: string;
  readonly clock: Clock;
  /** The entry after which the machine was restored. */
  readonly base: LogEnd;
  readonly tables: GroupTables<Result>;
}

export interface SqlEngine<Result> extends Engine<Result> {
  /** At the leader: brings the tables to the applied entries at once. */
  flushTables(): void;
}

export function sqlEngine<Result>(options: SqlEngineOptions<Result>): SqlEngine<Result> {
  const { incarnation, clusterId, clock, base, tables } = options;
  const writes = new Histogram(latencyBounds);
  const database = metered(options.database, clock, writes);
  let group: SqlGroup<Result> | undefined;
  return {
    ...{ incarnation, clusterId, writes },
    newGroup({ config, membership, peers, ...parts }: EngineParts<Result>) {
      group = new SqlGroup<Result>({
        ...{ ...parts, id: config.name, incarnation, database, base, tables },
        members: membership.replicas.map(({ name }) => name),
        link: linkOver(peers),
      });
      return group;
    },
    request(method, params, reply) {
      if (method !== followMethod && method !== positionMethod) return false;
      if (group === undefined) throw new BazarError('unavailable', 'this replica starts');
      if (method === positionMethod) settle(group.position(), reply);
      else if (isFollowParams(params)) settle(group.follow(params), reply);
      else throw new BazarError('invalid_argument', `bad params of ${method}`);
      return true;
    },
    flushTables: () => group?.flushTables(),
    close: () => database.close(),
  };
}

function settle(answer: Promise<unknown>, reply: PeerReply): void {
  answer.then(
    (value) => reply.result(value),
    (error: unknown) => reply.fail(toBazarError(error)),
  );
}

function linkOver(peers: RpcPeers): LeaderLink {
  return {
    // All that is sent between members are these two requests.
    start: () => peers.start({ received: () => {}, closed: () => {} }),
    async follow(member, params, timeoutMs) {
      const answer = await peers.ask(member, followMethod, params, timeoutMs);
      if (isFollowAnswer(answer)) return answer;
      throw new BazarError('internal', `bad answer to ${followMethod}`);
    },
    async position(member, timeoutMs) {
      const position = await peers.ask(member, positionMethod, null, timeoutMs);
      if (isInteger(position)) return position;
      throw new BazarError('internal', `bad answer to ${positionMethod}`);
    },
  };
}

/** Measures how long transactions with entries take. */
function metered(database: LogDatabase, clock: Clock, writes: Histogram): LogDatabase {
  return {
    takeLead: (leader) => database.takeLead(leader),
    readEntries: (...range) => database.readEntries(...range),
    async write(write) {
      const beganMs = clock.nowMs();
      const result = await database.write(write);
      if (write.entries.length > 0) writes.observe((clock.nowMs() - beganMs) / 1_000);
      return result;
    },
    close: () => database.close(),
  };
}
