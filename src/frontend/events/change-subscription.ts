/**
 * The frontend's subscription to the catalog's changes while it has listeners. Subscribes at the
 * leader and reports when changes may have been missed. Invariant: after each `reset` no change is
 * missing until the next `reset`.
 */
import { clientLimits } from '../../base/limits.js';
import { type Change, type Changes, changeKinds } from '../../wire/internal.js';
import { toProduct } from '../answers.js';
import type { ReplicaClient } from '../replica-client.js';
import type { EventName } from './event-log.js';

export class ChangeSubscription {
  readonly #tell: (name: EventName, data: unknown) => void;
  #line: ReplicaClient | undefined;
  #wanted = false;
  #state: 'none' | 'asking' | 'open' = 'none';

  constructor(tell: (name: EventName, data: unknown) => void) {
    this.#tell = tell;
  }

  /**
   * Called often, with the client of the current catalog leader and whether there are listeners.
   */
  follow(line: ReplicaClient | undefined, wanted: boolean): void {
    if (line !== this.#line || wanted !== this.#wanted) this.#end();
    this.#line = line;
    this.#wanted = wanted;
    if (line === undefined || !wanted || this.#state !== 'none') return;
    this.#state = 'asking';
    line.call('watch_changes', [true], clientLimits.requestTimeoutMs).then(
      () => {
        if (this.#line !== line || this.#state !== 'asking') return;
        this.#state = 'open';
        // Changes during the gap are not replayed: the listeners read the products again.
        this.#tell('reset', {});
      },
      () => {
        if (this.#line === line && this.#state === 'asking') this.#state = 'none';
      },
    );
  }

  /** The connection to a replica closed. */
  lost(name: string): void {
    if (this.#line?.name === name) this.#state = 'none';
  }

  /** A replica's notification of changes. */
  changed(name: string, changes: Changes): void {
    if (this.#line?.name !== name || this.#state !== 'open') return;
    if (changes === null) this.#tell('reset', {});
    else for (const change of changes) this.#tellChange(change);
  }

  #tellChange([kind, id, record]: Change): void {
    if (record === null) {
      this.#tell('product', { change: 'remove', id });
    } else if (kind === changeKinds.stock) {
      const [, , , , quantity, version] = record;
      this.#tell('stock', { id, quantity, version });
    } else {
      const change = kind === changeKinds.add ? 'add' : 'update';
      this.#tell('product', { change, product: toProduct(record) });
    }
  }

  #end(): void {
    const wasAsked = this.#state !== 'none';
    this.#state = 'none';
    if (!wasAsked || !this.#line?.connected) return;
    this.#line.call('watch_changes', [false], clientLimits.requestTimeoutMs).catch(() => {});
  }
}
