/**
 * Migrates the products when a `rules` entry is applied, from the state and the entry alone
 * (docs/PROTOCOL.md, section 5). Rules 1: each product has its own restock target; names and topics
 * are trimmed, in Unicode normal form C, without control characters. Invariant: a migration runs
 * once, in the entry that starts its version.
 */
import { requestLimits as limits } from '../../base/limits.js';
import { cleanText } from '../../base/product-text.js';
import type { RulesSettings } from '../../wire/internal.js';
import { isName, isTopic } from './product-rules.js';
import type { Products } from './products.js';

/** Starts a version higher than the current one. Returns the ids of the changed products. */
export function startRules(
  products: Products,
  version: number,
  settings: RulesSettings,
  at: number,
): number[] {
  const touched = new Set<number>();
  const before = products.rules;
  products.adopt(version);
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
