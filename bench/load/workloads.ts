/** The requests of the scenarios, and the shapes in which they are sent. */
import type { Workload } from './connection.js';
import { frame, packValue } from './message.js';
import { Picks } from './picks.js';
import { getRequest } from './resp.js';
import type { Shape } from './session.js';
import { echoFrame, itemRequest, sameRequest } from './template.js';

export const readShapes: readonly Shape[] = [
  { connections: 50, depth: 1 },
  { connections: 10, depth: 16 },
  { connections: 50, depth: 64 },
];

/**
 * The single client comes last: it sends only some hundred requests a second, too few to have the code
 * of seven processes compiled within a run. Its result is to show the store's latency, not the
 * compiler's.
 */
export const purchaseShapes: readonly Shape[] = [
  { connections: 50, depth: 1 },
  { connections: 200, depth: 1 },
  { connections: 1, depth: 1 },
];

/** The store's own first stock. */
export const ownProducts = 17;
export const hotProduct = 8;

export function lookups(picks: Picks): Workload {
  return { template: itemRequest('lookup'), picks };
}

/** Without a key: the frontend makes one. */
export function purchases(picks: Picks): Workload {
  return { template: itemRequest('buy', { quantity: 1 }), picks };
}

const product = { id: 8, name: 'Tux', topic: 'toys', price: 19.9, quantity: 100, version: 1 };
export const productBytes = packValue(product).length;

/** Redis' look-ups. */
export function gets(picks: Picks): Workload {
  return { template: getRequest(), picks };
}

/** More than the stock of any of the store's own products. */
export function soldOutPurchases(picks: Picks): Workload {
  return { template: itemRequest('buy', { quantity: 1_000 }), picks, expects: 'out_of_stock' };
}

/** The first page of a topic, repeatedly. */
export function topicPages(topic: string, limit: number): Workload {
  return { template: sameRequest('search', { topic, limit }), picks: Picks.always(0) };
}

/**
 * Frames half as long as a look-up's request and answer together: an echo moves the same bytes in both
 * directions as a look-up.
 */
export function echoes(): Workload {
  const answer = frame(packValue([1, 1_000_000, null, product]));
  const request = itemRequest('lookup').frame;
  const length = Math.round((request.length + answer.length) / 2);
  return { template: echoFrame(length), picks: Picks.always(0) };
}
