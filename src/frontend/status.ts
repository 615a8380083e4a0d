/** From what a frontend knows of the replicas to the public status. Pure. */

import type { CacheCounters } from './counters.js';
import type { Health } from './elector.js';
import type { Stamps } from './stamps.js';
import type { FrontendStatus, MemberStatus } from './types.js';
import type { ReplicaLine } from './watch.js';

export function memberStatus(line: ReplicaLine, health: Health | undefined): MemberStatus {
  return {
    name: line.name,
    group: line.group,
    kind: line.witness ? 'recovery' : 'replica',
    role: health?.role ?? 'down',
    epoch: health?.epoch ?? 0,
    log_end: health?.logEnd.seq ?? 0,
    commit: health?.commit ?? 0,
    pid: health?.pid ?? 0,
  };
}

export function frontendStatus(
  name: string,
  counters: CacheCounters,
  stamps: Stamps,
): FrontendStatus {
  const asked = counters.hits + counters.misses;
  return {
    name,
    pid: process.pid,
    cache: { ...counters, hit_rate: asked === 0 ? 0 : counters.hits / asked },
    lease: {
      held: stamps.inSession && stamps.isLeased,
      generation: stamps.generation,
      epoch: stamps.epoch,
    },
  };
}
