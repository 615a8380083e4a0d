/**
 * Migrates the products when a `rules` entry is applied, from the state and the entry alone
 * (docs/PROTOCOL.md, section 5). Rules 1: each product has its own restock target; names and topics
 * are trimmed, in Unicode normal form C, without control characters. Rules 3: the store has a currency.
 * Rules 4: the ledger records what each product has. Invariant: a migration runs once, in the entry that
 * starts its version.
 */
import { requestLimits as limits } from '../../base/limits.js';
import { cleanText } from '../../base/product-text.js';
import type { RulesSettings } from '../../wire/internal.js';
import { isName, isTopic } from './product-rules.js';
import type { Products } from './products.js';

const currencyCode = /^[A-Z]{3}$/;

/**
 * Starts a version higher than the current one. Returns the ids of the changed products. `isFounded`:
 * the store has its first stock, so its prices have a currency already.
 */
export function startRules(
  products: Products,
  version: number,
  settings: RulesSettings,
  at: number,
  isFounded: boolean,
): number[] {
  const touched = new Set<number>();
  const before = products.rules;
  products.adopt(version);
  const { currency } = settings;
  if (before < 3 && !isFounded && currency && currencyCode.test(currency)) {
    products.currency = currency;
  }
  if (before < 4 && version > 3) products.openLedger();
  if (before < 1) {
    for (const id of setTargets(products, settings, at)) touched.add(id);
    for (const id of cleanTexts(products, at)) touched.add(id);
  }
  return [...touched];
}

/** The bundled products keep the restock target; all others get none. */
function setTargets(products: Products, settings: RulesSettings, at: number): number[] {
  const restockTo = Math.min(settings.restockTo, limits.quantityMax);
  if (restockTo < 1) return [];
  return settings.bundled.flatMap(([id, name]) => {
    const product = products.get(id);
    if (product?.name !== name) return [];
    return products.change(product, { restockTo }, at) ? [id] : [];
  });
}

/** If two names would become equal, both products keep their text. */
function cleanTexts(products: Products, at: number): number[] {
  const twins = new Set(products.twins().flat());
  return products.all().flatMap((product) => {
    if (product.removed) return [];
    const [name, topic] = [cleanText(product.name), cleanText(product.topic)];
    const changes = {
      ...(isName(name) && !twins.has(product) ? { name } : {}),
      ...(isTopic(topic) ? { topic } : {}),
    };
    return products.change(product, changes, at) ? [product.id] : [];
  });
}
