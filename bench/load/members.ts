/** The store's members and books as its frontend reports them; fault scenarios wait for these states. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BazarClient } from '../../src/client/bazar-client.js';
import type { MemberStatus } from '../../src/frontend/types.js';
import { ask } from './ask.js';
import type { RunningStore } from './store.js';

const pollMs = 20;
const wholeTimeoutMs = 60_000;
const auditTimeoutMs = 120_000;
/** A follower of a store that sells always lags slightly. */
const lagMax = 500;

export async function members(store: RunningStore): Promise<readonly MemberStatus[]> {
  const { members } = await ask(store.target, 'status');
  if (!Array.isArray(members)) throw new Error('a status without members');
  return members as MemberStatus[];
}

export async function memberOf(
  store: RunningStore,
  name: string,
): Promise<MemberStatus | undefined> {
  return (await members(store)).find((member) => member.name === name);
}

export async function leaderOf(
  store: RunningStore,
  group: MemberStatus['group'],
): Promise<MemberStatus> {
  for (;;) {
    const all = await members(store);
    const leader = all.find((member) => member.group === group && member.role === 'leader');
    if (leader) return leader;
    await sleep(pollMs);
  }
}

/** Resolves when both groups have a leader and all other members follow closely. */
export async function whole(store: RunningStore): Promise<void> {
  const untilMs = performance.now() + wholeTimeoutMs;
  for (;;) {
    const all = await members(store);
    const ends = new Map<string, number>();
    for (const { group, role, log_end } of all) if (role === 'leader') ends.set(group, log_end);
    const isWhole = all.every(
      ({ group, role, commit }) =>
        (role === 'leader' || role === 'follower') &&
        (ends.get(group) ?? Number.POSITIVE_INFINITY) - commit <= lagMax,
    );
    if (isWhole) return;
    if (performance.now() > untilMs) throw new Error(`not whole: ${JSON.stringify(all)}`);
    await sleep(pollMs);
  }
}

/** Returns one sentence for each imbalance. */
export async function audit(store: RunningStore): Promise<readonly string[]> {
  const token = readFileSync(join(store.dataDir, 'admin.token'), 'utf8').trim();
  const { host, port } = store.target;
  const client = new BazarClient({ addresses: [{ host, port }], token });
  try {
    return (await client.audit({ timeoutMs: auditTimeoutMs })).problems;
  } finally {
    client.close();
  }
}
