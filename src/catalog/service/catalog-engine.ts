/**
 * What the catalog service needs of its engine beside the log: a restored state machine, the upkeep of
 * files or tables, and the audit of them.
 */
import type { Clock } from '../../base/clock.js';
import type { CatalogConfig } from '../../base/config.js';
import type { Logger } from '../../base/logging.js';
import type { Entry } from '../../consensus/types.js';
import type { Engine } from '../../group/engine.js';
import type { JobsPool } from '../../pool/jobs-pool.js';
import type { CatalogAudit } from '../../wire/audit-messages.js';
import type { CatalogMachine, CatalogResult } from '../machine/catalog-machine.js';
import type { Confirmed } from '../streams/projected-watermark.js';
import type { CatalogStore } from './store.js';

export interface CatalogEngineOptions {
  readonly config: CatalogConfig;
  readonly machine: CatalogMachine;
  readonly jobs: JobsPool;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface CatalogEngine {
  readonly engine: Engine<CatalogResult>;
  /** Called for each applied entry. */
  applied(entry: Entry, result: CatalogResult): void;
  /** A read waits for the newest sales to be orders, or also for the newest movements of stock. */
  flush(store: CatalogStore, withMovements: boolean): void;
  /** Starts the upkeep, once the member listens. */
  begin(store: CatalogStore): void;
  /** What is in the order book, as far as this replica knows. */
  confirmed(store: CatalogStore): Confirmed;
  /** Whether the engine takes movements without an order leader that asks for them. */
  readonly keepsLedger: boolean;
  audit(store: CatalogStore, token: string): Promise<CatalogAudit>;
  /** Resolves with the reason when the process must end. */
  readonly failed: Promise<Error>;
  /** Ends the upkeep. */
  end(): Promise<void>;
  /** Runs at a stop, when no more entries are applied. */
  beforeClose(): Promise<void>;
}
