/** What purchases and the other operations of customers are made of. Fields are positional. */

/** Digest of an idempotency key: the first 16 bytes of its SHA-256, or 16 random bytes for a frontend's. */
export type KeyDigest = Uint8Array;

export const keyKinds = { frontend: 0, client: 1 } as const;
export type KeyKind = (typeof keyKinds)[keyof typeof keyKinds];

/** A line of an order. */
export type SaleLine = readonly [id: number, name: string, quantity: number, priceCents: number];

/** A line as sent: a product's id or name, and the quantity. Names are resolved at apply. */
export type PurchaseLine = readonly [item: number | string, quantity: number];
