/**
 * The entity tags of products: `"VERSION-DIGEST"`. A version alone does not identify content, for a
 * store that was restored from a copy counts on from an older version; so the digest covers the
 * cluster's id, which every restore makes new, and the product itself, which a data folder that was
 * put back by hand needs. Invariant: equal tags mean equal content.
 */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { BazarError } from '../base/errors.js';
import type { Product } from '../wire/schemas.js';

/** 48 bits, as base64url. */
const digestLength = 8;
/** Without a digest it is a tag of an earlier build, or a version that the client read itself. */
const strongTag = /^"([1-9]\d{0,14})(?:-[\w-]{8})?"$/;
const entityTag = /(?:W\/)?"[!#-~\x80-\xff]*"/g;
/** Tags with commas between them; empty elements are allowed (RFC 9110, 5.6.1). */
const tagList =
  /^[ \t,]*(?:W\/)?"[!#-~\x80-\xff]*"(?:[ \t]*,(?:[ \t]*(?:W\/)?"[!#-~\x80-\xff]*")?)*[ \t]*$/;

export interface DemandedTag {
  readonly tag: string;
  readonly version: number;
}

export class EntityTags {
  readonly #history: string;
  /** Of products in the cache, which are asked for again and again. */
  readonly #known = new WeakMap<Product, string>();

  /** `history` tells this store from all others, and from itself before a restore. */
  constructor(history: string) {
    this.#history = history;
  }

  of(product: Product): string {
    const known = this.#known.get(product);
    if (known !== undefined) return known;
    const { id, name, topic, price, quantity, version, restock_to } = product;
    const fields = [id, name, topic, price, quantity, version, restock_to];
    const content = JSON.stringify([this.#history, ...fields]);
    const digest = createHash('sha256').update(content).digest('base64url').slice(0, digestLength);
    const tag = `"${version}-${digest}"`;
    this.#known.set(product, tag);
    return tag;
  }

  /** Whether the client's copy is still good: If-None-Match, compared weakly (RFC 9110, 13.1.2). */
  isUnchanged(headers: IncomingHttpHeaders, product: Product): boolean {
    const given = headers['if-none-match'];
    if (given === undefined) return false;
    const tags = given.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    return tags.includes('*') || tags.includes(this.of(product));
  }

  /** Whether If-Match lets the product pass; a version without a digest is taken at its word. */
  matches({ tag, version }: DemandedTag, product: Product): boolean {
    return tag === this.of(product) || (tag === `"${version}"` && version === product.version);
  }
}

/**
 * The tags that If-Match lets pass, undefined where any will do. A tag that is none of ours and a
 * weak one, which never matches (RFC 9110, 13.1.1), add none to them.
 */
export function demandedTags(headers: IncomingHttpHeaders): readonly DemandedTag[] | undefined {
  const given = headers['if-match']?.trim();
  if (given === undefined || given === '*') return undefined;
  if (!tagList.test(given)) {
    throw new BazarError('invalid_argument', 'If-Match must be entity tags in quotes, or *');
  }
  return [...new Set(given.match(entityTag) ?? [])].flatMap((tag) => {
    const version = strongTag.exec(tag)?.[1];
    return version === undefined ? [] : [{ tag, version: Number(version) }];
  });
}
