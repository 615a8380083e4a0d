/**
 * The status of a store with several frontends: what the members do is told by whichever answers,
 * and each frontend tells of its own cache and lease. One that does not answer is listed with the reason.
 */
import type { BazarClient } from '../../client/bazar-client.js';
import type { StoreStatus } from '../../frontend/types.js';

/** Who can be asked for the status: a client of the store, or all its frontends. */
export interface StatusSource {
  status(options?: { readonly timeoutMs?: number }): Promise<WholeStatus>;
}

export interface WholeStatus extends StoreStatus {
  /** Frontends that did not answer. */
  readonly unreached?: readonly { readonly address: string; readonly message: string }[];
}

/** @param clients one for each frontend. Rejects where none answers, with the first's reason. */
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
      const frontends = new Map(told.flatMap((one) => one.frontends).map((one) => [one.name, one]));
      const sorted = [...frontends.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
      const unreached = asked.flatMap((one, i) => {
        if (one.status === 'fulfilled') return [];
        const { reason } = one;
        const message = reason instanceof Error ? reason.message : String(reason);
        return [{ address: addresses[i] ?? '', message }];
      });
      const store = { members: first.members, frontends: sorted };
      return unreached.length === 0 ? store : { ...store, unreached };
    },
  };
}
