/**
 * A route's part of the API description: its answers and its own failures. The description derives
 * the common failures and the parameters itself.
 */
import type { TSchema } from '#typebox';

export type Tag = 'products' | 'orders' | 'holds' | 'administration' | 'operations';

/** Request headers that only some routes use. */
export type OwnHeader = 'idempotency-key' | 'if-match' | 'if-none-match' | 'last-event-id';

export type AnswerHeader = 'etag' | 'location' | 'idempotency-replayed';

export interface AnswerDoc {
  readonly text: string;
  /** Schema of `data`; without it there is no body. */
  readonly data?: TSchema;
  /** `data` is a list of these, optionally with a cursor. */
  readonly isPage?: boolean;
  /** Another media type than JSON; its body is not described further. */
  readonly media?: string;
  readonly headers?: readonly AnswerHeader[];
}

export interface RouteDoc {
  readonly tag: Tag;
  /** The path's parameters. */
  readonly path?: Readonly<Record<string, TSchema>>;
  /** Parameters that are not the operation's. */
  readonly query?: Readonly<Record<string, TSchema>>;
  readonly headers?: readonly OwnHeader[];
  /** Successful answers, by status. */
  readonly answers: Readonly<Record<number, AnswerDoc>>;
  /** Failures by status, in addition to those of every route. */
  readonly failures?: Readonly<Record<number, string>>;
}
