/**
 * The one stream of events of this page, shared by all its views: product changes and events of the
 * services. It reconnects, pauses while the page is hidden, and reports whether it is reliable, so that
 * views read again if it is not.
 */
import type {
  FaultEvent,
  FrontendEvent,
  LeaderEvent,
  MemberEvent,
  ProductEvent,
  StockEvent,
} from '../model/shapes.js';
import {
  emptyTimeline,
  withFault,
  withFrontend,
  withLeader,
  withMember,
} from '../model/timeline.js';
import { type Cell, cell } from './cell.js';
import { lookNow } from './gauges.js';

export type Connection = 'connecting' | 'live' | 'lost';

export interface ProductListener {
  stock(event: StockEvent): void;
  product(event: ProductEvent): void;
  /** Events were missed, so views must read again. */
  reset(): void;
}

const reopenMs = 3_000;

export const connection: Cell<Connection> = cell<Connection>('connecting');
export const timeline = cell(emptyTimeline);

const listeners = new Set<ProductListener>();
let source: EventSource | undefined;
let reopening: ReturnType<typeof setTimeout> | undefined;

export function listen(listener: ProductListener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Must be called once. */
export function startFeed(): void {
  open();
  // A browser allows six connections to a store; a page in the background frees its connection.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') close();
    else if (!source) open();
  });
}

function open(): void {
  clearTimeout(reopening);
  const stream = new EventSource('/events?history');
  source = stream;
  stream.onopen = () => {
    const isAnew = connection.get() !== 'connecting';
    connection.set('live');
    // Events between two streams are lost.
    if (isAnew) tell((one) => one.reset());
  };
  stream.onerror = () => {
    connection.set('lost');
    if (stream.readyState !== EventSource.CLOSED || source !== stream) return;
    source = undefined;
    reopening = setTimeout(open, reopenMs);
  };
  hear(stream);
}

function close(): void {
  clearTimeout(reopening);
  source?.close();
  source = undefined;
  if (connection.get() === 'live') connection.set('lost');
}

function hear(stream: EventSource): void {
  const on = <T>(name: string, take: (data: T, id: string) => void): void => {
    stream.addEventListener(name, (event: MessageEvent<string>) => {
      take(JSON.parse(event.data) as T, event.lastEventId);
    });
  };
  on<StockEvent>('stock', (data) => tell((one) => one.stock(data)));
  on<ProductEvent>('product', (data) => tell((one) => one.product(data)));
  on('reset', () => tell((one) => one.reset()));
  on<LeaderEvent>('leader', (data, id) => timeline.set(withLeader(timeline.get(), id, data)));
  on<MemberEvent>('member', (data, id) => timeline.set(withMember(timeline.get(), id, data)));
  on<FrontendEvent>('frontend', (data, id) => {
    timeline.set(withFrontend(timeline.get(), id, data));
    lookNow();
  });
  on<FaultEvent>('fault', (data, id) => timeline.set(withFault(timeline.get(), id, data)));
}

function tell(what: (listener: ProductListener) => void): void {
  for (const listener of listeners) what(listener);
}
