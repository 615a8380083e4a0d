/**
 * Merges the status of all frontends. A frontend's own row wins; otherwise the row from a frontend
 * that receives its reports. A frontend that does not answer is listed with the reason.
 */
import type { BazarClient } from '../../client/bazar-client.js';
import { totalsOf } from '../../frontend/requests/totals.js';
import type { FrontendStatus, StoreStatus } from '../../frontend/types.js';

/** A source of the status: a client of one frontend, or the clients of all frontends. */
export interface StatusSource {
  status(options?: { readonly timeoutMs?: number }): Promise<WholeStatus>;
}

export interface WholeStatus extends StoreStatus {
  /** Frontends that did not answer. */
  readonly unreached?: readonly { readonly address: string; readonly message: string }[];
}

/** @param clients one for each frontend. Rejects if no frontend answers, with the first reason. */
export function wholeStatus(
  clients: readonly BazarClient[],
  addresses: readonly string[],
): StatusSource {
  return {
    async status(options) {
      const asked = await Promise.allSettled(clients.map((client) => client.status(options)));
      const told = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      const [first] = told;
      if (!first) {
        for (const one of asked) if (one.status === 'rejected') throw one.reason;
        throw new Error('no frontend was asked');
      }
      const unreached = asked.flatMap((one, i) => {
        if (one.status === 'fulfilled') return [];
        const { reason } = one;
        const message = reason instanceof Error ? reason.message : String(reason);
        return [{ address: addresses[i] ?? '', message }];
      });
      const frontends = frontendsOf(told);
      const store = { ...first, frontends, totals: totalsOf(frontends) };
      return unreached.length === 0 ? store : { ...store, unreached };
    },
  };
}

function frontendsOf(told: readonly StoreStatus[]): FrontendStatus[] {
  const own = told.flatMap(({ frontends: [one] }) => (one ? [one] : []));
  const others = told.flatMap(({ frontends }) => frontends.slice(1));
  const up = others.filter(({ state }) => state !== 'down');
  const down = others.filter(({ state }) => state === 'down');
  const all = new Map<string, FrontendStatus>();
  for (const one of [...own, ...up, ...down]) {
    const process = `${one.name} ${one.pid}`;
    const isReplaced =
      one.state === 'down' && [...all.values()].some(({ name }) => name === one.name);
    if (!all.has(process) && !isReplaced) all.set(process, one);
  }
  return [...all.values()].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}
