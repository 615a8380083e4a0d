/** The faults of a simulated life of the SQL engine: one after the other, at random times. */
import type { Clock } from '../../src/base/clock.js';
import type { Random } from '../../src/base/random.js';
import type { DatabaseModel } from './database-model.js';
import type { SqlReplica } from './sql-replica.js';

const pauseMinMs = 50;
const pauseSpreadMs = 500;
/** Below the time after which a session gives up. */
const stallMaxMs = 1_400;
const strandedMs = 500;
const requestDelayMaxMs = 400;

/** What the faults harm. */
export interface Harmed {
  readonly clock: Clock;
  readonly random: Random;
  readonly database: DatabaseModel;
  /** Replicas and frontends whose messages to the others are lost. */
  readonly cutLinks: Set<string>;
  /** Replicas that the electing frontends do not see. */
  readonly hidden: Set<string>;
  /** Replicas that no customer reaches. */
  readonly deserted: Set<string>;
  readonly holders: readonly string[];
  readonly replicas: () => readonly SqlReplica[];
  /** A replica, the leader more often than not. */
  readonly victim: () => SqlReplica;
  readonly restart: (id: string) => void;
  /** Customers write at the same time. */
  readonly burst: () => void;
  readonly isOver: () => boolean;
}

export function startFaults(harmed: Harmed): void {
  const { clock, random, isOver } = harmed;
  clock.after(pauseMinMs + random.fraction() * pauseSpreadMs, () => {
    if (isOver()) return;
    harm(harmed);
    startFaults(harmed);
  });
}

function harm(harmed: Harmed): void {
  const { clock, random, cutLinks, holders, restart, victim } = harmed;
  const replica = victim();
  const { log } = replica;
  const ms = pauseMinMs + random.fraction() * 2_500;
  const { id } = replica.group.status();
  switch (random.integer(10)) {
    case 0:
      log.isCut = true;
      // With luck the transaction under way still gets its answer.
      if (random.integer(2) === 0) log.cut();
      clock.after(ms, () => {
        log.isCut = false;
      });
      break;
    case 1:
    case 2:
      failOver(harmed, ms);
      break;
    case 3:
      replica.crash();
      clock.after(ms, () => restart(id));
      break;
    case 4:
      cutFor(harmed, cutLinks, id, ms);
      break;
    case 5:
      cutFor(harmed, cutLinks, holders[random.integer(holders.length)] ?? '', ms);
      break;
    case 6:
    case 7:
      isolate(harmed, replica, ms);
      break;
    case 8:
      strand(harmed);
      break;
    default:
      log.cut();
  }
}

/** The other replicas and the electing frontends lose a leader that goes on to answer customers. */
function isolate(harmed: Harmed, { group, log }: SqlReplica, ms: number): void {
  const { clock, random, cutLinks, hidden, deserted, replicas } = harmed;
  const { id } = group.status();
  cutFor(harmed, cutLinks, id, ms);
  cutFor(harmed, hidden, id, ms);
  if (random.integer(2) === 0) cutFor(harmed, deserted, id, ms);
  if (random.integer(2) === 0) {
    // The answers come late, so that what was asked meanwhile waits for an old transaction.
    clock.after(random.fraction() * 500, () => log.stall(random.fraction() * stallMaxMs));
    return;
  }
  // The takeover reaches the database late, and the former leader goes on until then.
  for (const other of replicas()) {
    if (other.log !== log) other.log.delay(random.fraction() * requestDelayMaxMs);
  }
}

/**
 * A follower loses the others for long, the primary its standby, and then the standby is promoted. The
 * follower then reads at the former primary, which has entries that no other server has.
 */
function strand(harmed: Harmed): void {
  const { clock, random, cutLinks, database, replicas, burst } = harmed;
  const followers = replicas().filter(({ group }) => group.status().role === 'follower');
  const follower = followers[random.integer(Math.max(1, followers.length))];
  if (follower === undefined) return;
  const { group, log } = follower;
  const { primary } = database;
  const ms = strandedMs + random.fraction() * 2_000;
  cutFor(harmed, cutLinks, group.status().id, ms);
  log.cut();
  log.reaches = primary;
  primary.isCutOff = true;
  burst();
  clock.after(5 + random.fraction() * 50, () => {
    if (database.primary === primary) failOver(harmed, ms + strandedMs);
  });
}

function cutFor({ clock }: Harmed, cut: Set<string>, id: string, ms: number): void {
  cut.add(id);
  clock.after(ms, () => cut.delete(id));
}

/** Some replicas still reach the former primary for a while. */
function failOver({ clock, random, database, replicas }: Harmed, ms: number): void {
  const former = database.primary;
  database.failOver();
  for (const { log } of replicas()) {
    if (random.integer(2) === 0) log.cut();
    if (log.reaches !== former && random.integer(2) === 0) continue;
    log.reaches = former;
    clock.after(ms, () => {
      if (log.reaches === former) log.reaches = undefined;
      log.cut();
    });
  }
}
