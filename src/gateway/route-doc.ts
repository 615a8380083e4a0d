/**
 * What a route says of itself for the API's description: what it answers, and which failures are
 * its own. What any route may answer, and what it takes, the description finds out by itself.
 */
import type { TSchema } from '#typebox';

export type Tag = 'products' | 'orders' | 'administration' | 'operations';

/** Request headers that mean something to some routes alone. */
export type OwnHeader = 'idempotency-key' | 'if-match' | 'if-none-match' | 'last-event-id';

export type AnswerHeader = 'etag' | 'location' | 'idempotency-replayed';

export interface AnswerDoc {
  readonly text: string;
  /** Of `data`; without one there is no body. */
  readonly data?: TSchema;
  /** `data` is a list of these, and a cursor may stand beside it. */
  readonly isPage?: boolean;
  /** Another media type than JSON; its body is not described further. */
  readonly media?: string;
  readonly headers?: readonly AnswerHeader[];
}

export interface RouteDoc {
  readonly tag: Tag;
  /** The path's parameters. */
  readonly path?: Readonly<Record<string, TSchema>>;
  /** Parameters that no operation knows. */
  readonly query?: Readonly<Record<string, TSchema>>;
  readonly headers?: readonly OwnHeader[];
  /** By status; where all goes well. */
  readonly answers: Readonly<Record<number, AnswerDoc>>;
  /** By status; beside those that any route has. */
  readonly failures?: Readonly<Record<number, string>>;
}
