/**
 * Converts an administrator's change between a frontend's call and the log: from call to command,
 * and from result to answer. Refuses features of newer rules until these apply. Uses no log and no
 * socket.
 */
import { BazarError, toBazarError } from '../../base/errors.js';
import type { OwnerCall } from '../../pool/types.js';
import type { ChangeCommand, NewProduct, ProductChange } from '../../wire/internal.js';
import type {
  ChangeAnswer,
  ChangeKey,
  ChangeParams,
  ChangeRequest,
} from '../../wire/thread-requests.js';
import type { CatalogResult } from '../machine/results.js';
import { requireRules } from './require-rules.js';
import type { CatalogStore } from './store.js';

const changeOperations: ReadonlySet<unknown> = new Set(['add', 'update', 'remove', 'adjust']);
/** With a key; the later ones are unknown to builds that would ignore what is new in them. */
const keyedOperations: ReadonlySet<string> = new Set([
  'change',
  'change_with_limit',
  'change_stock',
]);

/** Returns false if the call is not a change. */
export function answerChange(store: CatalogStore, { operation, args, reply }: OwnerCall): boolean {
  const isNew = keyedOperations.has(operation);
  const request = isNew ? (args as ChangeParams)[0] : [operation, args];
  if (!isChange(request)) return false;
  const key = isNew ? (args as ChangeParams)[1] : undefined;
  propose(store, commandOf(request), key).then(
    (result) => {
      const outcome = changed(result);
      if (outcome instanceof BazarError) reply(outcome);
      else reply(undefined, isNew ? outcome : outcome[0]);
    },
    (error: unknown) => reply(toBazarError(error)),
  );
  return true;
}

function isChange(request: readonly unknown[]): request is ChangeRequest {
  const [operation] = request;
  return changeOperations.has(operation);
}

async function propose(
  store: CatalogStore,
  command: ChangeCommand,
  key: ChangeKey | undefined,
): Promise<CatalogResult> {
  if (fieldsOf(command)?.restockTo !== undefined) requireRules(store, 1, 'restock_to');
  if (command[0] === 'adjust') requireRules(store, 3, 'an adjustment');
  if (fieldsOf(command)?.limit !== undefined) requireRules(store, 3, 'purchase_limit');
  if (key === undefined) return store.propose(command);
  requireRules(store, 1, 'a key for a change');
  const [digest, requestHash, seen] = key;
  // No frontend can have seen a later log time than the one applied here.
  const { lastLogTime } = store.machine;
  const seenTime = Math.min(seen ?? lastLogTime, lastLogTime);
  return store.propose(['keyed', digest, requestHash, seenTime, command]);
}

function commandOf([operation, params]: ChangeRequest): ChangeCommand {
  switch (operation) {
    case 'add':
      return ['add', ...params];
    case 'update':
      return ['update', ...params];
    case 'remove':
      return ['remove', ...params];
    case 'adjust':
      return ['adjust', ...params];
  }
}

function fieldsOf(command: ChangeCommand): NewProduct | ProductChange | undefined {
  if (command[0] === 'add') return command[1];
  return command[0] === 'update' ? command[2] : undefined;
}

function changed(result: CatalogResult): ChangeAnswer | BazarError {
  if (result.kind === 'stored' || result.kind === 'removed') {
    return [result.record, result.replayed === true];
  }
  if (result.kind === 'adjusted') {
    return [result.record, result.replayed === true, result.reserved, result.delta];
  }
  if (result.kind !== 'refused') return new BazarError('internal', 'a change had another result');
  const { current, replayed } = result;
  const details = { ...(current && { current }), ...(replayed && { replayed }) };
  return new BazarError(result.code, result.message, { details });
}
