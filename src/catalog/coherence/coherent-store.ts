/**
 * What cache coherence uses of the catalog store: its state machine, its visibility gates and leases,
 * and its role in the group. CatalogStore (src/catalog/service/store.ts) implements it.
 */
import type { GroupStatus } from '../../group/types.js';
import type { CatalogMachine } from '../machine/catalog-machine.js';
import type { Leases } from './leases.js';
import type { VisibilityGates } from './visibility-gates.js';

export interface CoherentStore {
  readonly machine: CatalogMachine;
  readonly gates: VisibilityGates;
  readonly leases: Leases;
  status(): GroupStatus;
  /** Resolves when a majority has confirmed, since the call, that this replica leads (A15). */
  confirmLead(): Promise<void>;
}
