/**
 * The engines of a group, for tests that run over each of them: journals in memory, the model of a
 * database, and PostgreSQL. Each makes a group of three members: a, b and c.
 */
import type { Test } from 'tap';
import { DatabaseModel } from '../../sim/sql/database-model.js';
import { ModelLog } from '../../sim/sql/model-log.js';
import { required } from '../../src/base/assert.js';
import { type Clock, systemClock } from '../../src/base/clock.js';
import { silentLogger } from '../../src/base/logging.js';
import { type Random, seededRandom } from '../../src/base/random.js';
import type { LogDatabase } from '../../src/database/types.js';
import type { LeaderLink } from '../../src/group/sql/following.js';
import { SqlGroup } from '../../src/group/sql/sql-group.js';
import type { Group } from '../../src/group/types.js';
import { logOf } from '../database/faults.js';
import { testStore } from '../support/postgres-server.js';
import { Register } from './register.js';
import { SettlingClock } from './settling-clock.js';
import { Trio } from './trio.js';

const ids = ['a', 'b', 'c'];
const stepMs = 10;
const deadlineMs = 20_000;
const pollMs = 2;

export interface TestMember {
  readonly group: Group<string>;
  readonly machine: Register;
}

export interface TestGroup {
  member(id: string): TestMember;
  /** The process ends. */
  stop(id: string): Promise<void>;
  /** Lets time pass until the condition holds; fails if it never does. */
  until(condition: () => boolean): Promise<void>;
}

export interface Engine {
  readonly name: string;
  open(test: Test, gated: boolean): Promise<TestGroup>;
}

export const engines: readonly Engine[] = [
  { name: 'journals', open: openJournals },
  { name: 'a model of a database', open: openModel },
  { name: 'PostgreSQL', open: openPostgres },
];

/** Lets time pass until the promise is settled. */
export async function settled<T>({ until }: TestGroup, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const end = (): void => {
    isSettled = true;
  };
  promise.then(end, end);
  await until(() => isSettled);
  return promise;
}

/** The named member leads; with gates it serves only when they open. */
export async function elect(group: TestGroup, id: string): Promise<TestMember> {
  const leader = group.member(id);
  leader.group.nominate(id);
  await group.until(() => leader.group.status().role === 'leader');
  return leader;
}

/** It leads, and its gates are open through its opening entry. */
export async function serve(group: TestGroup, id: string): Promise<TestMember> {
  const leader = await elect(group, id);
  leader.group.openGates(leader.group.status().logEnd.seq);
  await group.until(() => leader.group.status().serving);
  return leader;
}

async function openJournals(test: Test, gated: boolean): Promise<TestGroup> {
  const trio = new Trio([], gated);
  test.teardown(() => trio.close());
  await trio.open();
  return {
    member: (id) => ({ group: trio.member(id).host, machine: trio.member(id).machine }),
    stop: (id) => trio.crash(id),
    until: (condition) => untilSettled(trio.clock, condition),
  };
}

/** No accidents. */
const steady: Random = { ...seededRandom(1), integer: () => 1, fraction: () => 0.5 };

async function openModel(test: Test, gated: boolean): Promise<TestGroup> {
  const clock = new SettlingClock();
  const model = new DatabaseModel(clock, steady);
  const until = (condition: () => boolean) => untilSettled(clock, condition);
  return openSql(test, gated, clock, () => new ModelLog(model, clock, steady), until);
}

async function openPostgres(test: Test, gated: boolean): Promise<TestGroup> {
  const store = await testStore(test);
  return openSql(test, gated, systemClock, () => logOf(test, store), untilReal);
}

async function openSql(
  test: Test,
  gated: boolean,
  clock: Clock,
  newLog: () => LogDatabase,
  until: TestGroup['until'],
): Promise<TestGroup> {
  const members = new Map<string, TestMember & { readonly group: SqlGroup<string> }>();
  const member = (id: string) => required(members.get(id), `member ${id}`);
  const link: LeaderLink = {
    follow: (to, params) => member(to).group.follow(params),
    position: (to) => member(to).group.position(),
  };
  for (const id of ids) {
    const machine = new Register();
    const group = new SqlGroup<string>({
      ...{ id, members: ids, incarnation: 'first', clock, logger: silentLogger, link, gated },
      ...{ machine, database: newLog(), base: { seq: 0, epoch: 0, time: 0 } },
    });
    members.set(id, { group, machine });
  }
  for (const { group } of members.values()) await group.start();
  test.teardown(() => {
    for (const { group } of members.values()) group.stop();
  });
  return { member, stop: async (id) => member(id).group.stop(), until };
}

async function untilSettled(clock: SettlingClock, condition: () => boolean): Promise<void> {
  const endMs = clock.nowMs() + deadlineMs;
  await clock.settle();
  while (!condition()) {
    if (clock.nowMs() > endMs) throw new Error(`not within ${deadlineMs} ms: ${condition}`);
    await clock.advance(stepMs);
  }
}

async function untilReal(condition: () => boolean): Promise<void> {
  const endMs = systemClock.nowMs() + deadlineMs;
  while (!condition()) {
    if (systemClock.nowMs() > endMs) throw new Error(`not within ${deadlineMs} ms: ${condition}`);
    await new Promise<void>((resolve) => systemClock.after(pollMs, resolve));
  }
}
