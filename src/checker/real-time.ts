/**
 * Compares real time with the order in the answers: a product's version, an order's number, a position
 * in the log. Everything that any answer contained before a request is visible in that request's answer,
 * at any client and any process (docs/PROTOCOL.md, I9; A12, A18). One pass over time.
 */
import { describe } from './describe.js';
import type { History, Operation, Seen } from './types.js';

/** The greatest value answered so far, and the operation that received it. */
interface Told {
  readonly value: number;
  readonly by: Operation;
}

interface Moment {
  readonly atMs: number;
  readonly isReturn: boolean;
  readonly operation: Operation;
}

/** The minimum values at the start of one operation. */
interface Minimum {
  readonly versions: readonly (Told | undefined)[];
  readonly order: Told | undefined;
  readonly position: Told | undefined;
}

export function checkRealTime(history: History): string[] {
  return new Walk().through(history);
}

class Walk {
  readonly #problems: string[] = [];
  readonly #versions = new Map<number, Told>();
  readonly #values = new Map<string, Told & { readonly seen: Seen }>();
  readonly #minimums = new Map<Operation, Minimum>();
  #order: Told | undefined;
  #position: Told | undefined;

  through({ operations, first }: History): string[] {
    for (const seen of first) this.#values.set(`${seen.id} ${seen.version}`, initial(seen));
    for (const { isReturn, operation } of momentsOf(operations)) {
      if (isReturn) this.#returned(operation);
      else this.#invoked(operation);
    }
    return this.#problems;
  }

  #invoked(operation: Operation): void {
    this.#minimums.set(operation, {
      versions: seenBy(operation).map(({ id }) => this.#versions.get(id)),
      order: this.#order,
      position: this.#position,
    });
  }

  #returned(operation: Operation): void {
    const minimum = this.#minimums.get(operation);
    this.#minimums.delete(operation);
    for (const [place, seen] of seenBy(operation).entries()) {
      this.#seen(operation, seen, minimum?.versions[place]);
    }
    this.#ordered(operation, minimum?.order);
    this.#placed(operation, minimum?.position);
  }

  #seen(operation: Operation, seen: Seen, minimum: Told | undefined): void {
    const { id, version, quantity, priceCents } = seen;
    if (minimum && version < minimum.value) {
      this.#report(`I9: product ${id} had version ${minimum.value} already`, minimum.by, operation);
    }
    if (version > (this.#versions.get(id)?.value ?? 0)) {
      this.#versions.set(id, { value: version, by: operation });
    }
    const other = this.#values.get(`${id} ${version}`);
    if (other === undefined) {
      this.#values.set(`${id} ${version}`, { value: version, by: operation, seen });
    } else if (other.seen.quantity !== quantity || other.seen.priceCents !== priceCents) {
      const text = `I9: product ${id} is two things in version ${version}`;
      this.#report(text, other.by, operation);
    }
  }

  /** Orders get consecutive numbers, and stay. */
  #ordered(operation: Operation, minimum: Told | undefined): void {
    if (operation.ending !== 'ok') return;
    if (operation.kind === 'order') {
      const { number, result } = operation;
      if (result === 'not_found' && minimum && number <= minimum.value) {
        this.#report(`I8: order ${number} was there`, minimum.by, operation);
      }
      if (typeof result === 'object') this.#reached(number, operation);
      return;
    }
    if (operation.kind !== 'purchase' || !operation.result || !('sold' in operation.result)) return;
    const { sold } = operation.result;
    if (minimum && sold <= minimum.value) {
      this.#report(`I9: order ${sold} came after ${minimum.value}`, minimum.by, operation);
    }
    this.#reached(sold, operation);
  }

  #reached(value: number, by: Operation): void {
    if (value > (this.#order?.value ?? 0)) this.#order = { value, by };
  }

  #placed(operation: Operation, minimum: Told | undefined): void {
    const { position } = operation;
    if (position === undefined) return;
    if (minimum && position < minimum.value) {
      this.#report(`I9: the log was at ${minimum.value} already`, minimum.by, operation);
    }
    if (position > (this.#position?.value ?? 0))
      this.#position = { value: position, by: operation };
  }

  #report(what: string, before: Operation, now: Operation): void {
    this.#problems.push(`${what}: ${describe(before)}; then ${describe(now)}`);
  }
}

/** Calls before returns at the same time: such operations overlap. */
function momentsOf(operations: readonly Operation[]): Moment[] {
  const moments: Moment[] = [];
  for (const operation of operations) {
    if (operation.ending !== 'ok') continue;
    moments.push({ atMs: operation.invokedMs, isReturn: false, operation });
    moments.push({ atMs: operation.returnedMs, isReturn: true, operation });
  }
  return moments.sort((a, b) => a.atMs - b.atMs || Number(a.isReturn) - Number(b.isReturn));
}

/** The records in an answer. */
function seenBy(operation: Operation): readonly Seen[] {
  const { result } = operation;
  if (typeof result !== 'object') return [];
  if (operation.kind === 'search') return operation.result ?? [];
  if ('conflict' in result) return [result.conflict];
  return 'priceCents' in result ? [result] : [];
}

function initial(seen: Seen): Told & { readonly seen: Seen } {
  const { id, version, quantity, priceCents } = seen;
  const by: Operation = {
    kind: 'add',
    process: 'the first stock',
    ...{ id, quantity, priceCents, result: seen },
    ...{ invokedMs: 0, returnedMs: 0, ending: 'ok' },
  };
  return { value: version, by, seen };
}
