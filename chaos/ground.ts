/**
 * What the store of a run keeps its logs on: the journals of its own services, or a database. A ground
 * knows what it adds to the fleet, to the faults and to the checks; everything else is the same drill.
 */
import type { Order } from '../test/e2e/raw-client.js';
import type { DatabaseFault } from './database-fault.js';
import { canSell, type View } from './sellable.js';

/** A database as a target of links. */
export interface DatabaseTarget {
  readonly name: string;
  readonly port: number;
}

/** What customers see at the end of a run. */
export interface Books {
  /** By number. */
  readonly orders: ReadonlyMap<number, Order>;
  /** Units by product. */
  readonly stock: ReadonlyMap<number, number>;
}

export interface Ground {
  readonly name: 'journal' | 'postgres';
  /** Number of recovery servers. */
  readonly recovery: number;
  readonly databases: readonly DatabaseTarget[];
  /** Whether an audit compares the state of this service. */
  hasState(service: string): boolean;
  /** Called before the first service starts. */
  open(): Promise<void>;
  /** @param ports of the links from the service to the databases, in their order. */
  flagsOf(service: string, ports: readonly number[]): readonly string[];
  /** Whether a purchase must succeed. */
  canSell(view: View): boolean;
  /** Whether a service may refuse to start for this reason, and must be started again. */
  refusesStart(reason: string): boolean;
  /** Resolves when the fault is over. */
  inject(fault: DatabaseFault): Promise<void>;
  /** Compares what the ground keeps, after all services have ended. Undefined: nothing to compare. */
  readonly compare: ((books: Books) => Promise<readonly string[]>) | undefined;
  close(): Promise<void>;
}

export const journalGround: Ground = {
  name: 'journal',
  recovery: 1,
  databases: [],
  hasState: (service) => /^(?:catalog|order)/.test(service),
  open: async () => {},
  flagsOf: () => [],
  canSell,
  refusesStart: () => false,
  inject: async ({ event }) => {
    throw new Error(`this store has no database for the fault ${event}`);
  },
  compare: undefined,
  close: async () => {},
};
