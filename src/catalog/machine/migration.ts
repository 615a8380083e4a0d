/**
 * What a `rules` entry changes in the products when it is applied, from the state and the entry
 * alone (docs/PROTOCOL.md, section 5). Rules 1: each product has a restock target of its own, and
 * names and topics are trimmed, in normal form C and without control characters.
 * Invariant: the migration to a version runs once, in the entry that starts the version.
 */
import { requestLimits as limits } from '../../base/limits.js';
import { cleanText } from '../../base/product-text.js';
import type { RulesSettings } from '../../wire/internal.js';
import { isName, isTopic } from './product-rules.js';
import type { Products } from './products.js';

/** Starts a version that is higher than the one before. Returns the ids of the changed products. */
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

/** The bundled products keep their restock; all others have none from here on. */
function setTargets(products: Products, settings: RulesSettings, at: number): number[] {
  const restockTo = Math.min(settings.restockTo, limits.quantityMax);
  if (restockTo < 1) return [];
  return settings.bundled.flatMap(([id, name]) => {
    const product = products.get(id);
    if (product?.name !== name) return [];
    return products.change(product, { restockTo }, at) ? [id] : [];
  });
}

/** A name that counts as the same as another product's stays as it is, and so does the other. */
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
