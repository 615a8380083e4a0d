/** The customer of this browser, for purchase limits: a random text that it keeps. */
import { freshKey } from './api.js';
import { keepText, keptText } from './kept.js';

const name = 'customer';
let customer: string | undefined;

export function ownCustomer(): string {
  customer ??= keptText(name) ?? freshKey();
  keepText(name, customer);
  return customer;
}
