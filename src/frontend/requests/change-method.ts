/** The method by which a change of a product is sent to the catalog leader. */
import type { ChangeRequest } from '../../wire/thread-requests.js';

/** The oldest method whose builds know everything in the change. */
export function methodOf(request: ChangeRequest, key: string | undefined): string {
  if (request[0] === 'adjust') return 'change_stock';
  if (usesLimit(request)) return 'change_with_limit';
  return key !== undefined || usesTarget(request) ? 'change' : request[0];
}

/**
 * True if the change sets a restock target. Catalogs of the previous build would ignore the target,
 * but they refuse the newer method.
 */
function usesTarget([operation, params]: ChangeRequest): boolean {
  if (operation === 'add') return params[0].restockTo !== undefined;
  return operation === 'update' && params[1].restockTo !== undefined;
}

function usesLimit([operation, params]: ChangeRequest): boolean {
  if (operation === 'add') return params[0].limit !== undefined;
  return operation === 'update' && params[1].limit !== undefined;
}
