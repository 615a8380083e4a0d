/**
 * The entity tags of products: `"VERSION-DIGEST"`. A version alone does not identify content,
 * because a store restored from a copy continues from an older version. The digest therefore covers
 * the cluster's id, which every restore replaces, and the product itself, in case a data folder was
 * copied back by hand. Invariant: equal tags mean equal content.
 */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { BazarError } from '../base/errors.js';
import type { Product } from '../wire/schemas.js';

/** Characters of base64url, which hold 48 bits. */
const digestLength = 8;
/**
 * A tag without a digest comes from an earlier build, or from a client that uses the version
 * itself.
 */
const strongTag = /^"([1-9]\d{0,14})(?:-[\w-]{8})?"$/;
const entityTag = /(?:W\/)?"[!#-~\x80-\xff]*"/g;
/** Comma-separated tags; empty elements are allowed (RFC 9110, 5.6.1). */
const tagList =
  /^[ \t,]*(?:W\/)?"[!#-~\x80-\xff]*"(?:[ \t]*,(?:[ \t]*(?:W\/)?"[!#-~\x80-\xff]*")?)*[ \t]*$/;

export interface DemandedTag {
  readonly tag: string;
  readonly version: number;
}

export class EntityTags {
  readonly #history: string;
  /** Tags of cached products, which are requested often. */
  readonly #known = new WeakMap<Product, string>();

  /** `history` distinguishes this store from all others, and from itself before a restore. */
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

  /** True if the client's copy is current: If-None-Match, compared weakly (RFC 9110, 13.1.2). */
  isUnchanged(headers: IncomingHttpHeaders, product: Product): boolean {
    const given = headers['if-none-match'];
    if (given === undefined) return false;
    const tags = given.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    return tags.includes('*') || tags.includes(this.of(product));
  }

  /** True if the tag matches the product; a tag without a digest is compared by version. */
  matches({ tag, version }: DemandedTag, product: Product): boolean {
    return tag === this.of(product) || (tag === `"${version}"` && version === product.version);
  }
}

/**
 * The tags of If-Match; undefined if any product matches. Ignores tags of another form, and weak
 * tags, which never match (RFC 9110, 13.1.1).
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
