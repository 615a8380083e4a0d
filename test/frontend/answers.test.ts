import t from 'tap';
import { toBazarError } from '../../src/base/errors.js';
import { toPlaced } from '../../src/frontend/answers.js';
import type { Outcome } from '../../src/wire/internal.js';

function errorOf(outcome: Outcome): string {
  try {
    return String(toPlaced(outcome));
  } catch (error) {
    const { code, message } = toBazarError(error);
    return `${code}: ${message}`;
  }
}

t.test('a purchase without room names what is full, if the catalog does', async (t) => {
  const keys = 'the store keeps too many purchase keys to accept a new one';
  const sales = 'too many sales wait to become orders';
  t.equal(errorOf(['full', 'keys']), `overloaded: ${keys}`);
  t.equal(errorOf(['full', 'sales']), `overloaded: ${sales}`);
  t.equal(errorOf(['full']), `overloaded: ${keys}, or ${sales}`);
});
