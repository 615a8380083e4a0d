/**
 * The parts of the API description that many operations share: headers, failures, and named
 * schemas.
 */
import { type TSchema, Type } from '#typebox';
import { errorCodes } from '../../base/errors.js';
import { requestLimits } from '../../base/limits.js';
import { Line } from '../../wire/schemas.js';
import { AuditReport, StoreStatus } from '../../wire/status-schemas.js';
import {
  Exact,
  ExactHeld,
  ExactHold,
  ExactOrder,
  ExactPlaced,
  ExactProduct,
  PricedProduct,
} from '../exact-money.js';
import type { AnswerHeader, OwnHeader, Tag } from '../route-doc.js';

export type Json = Readonly<Record<string, unknown>>;

export const tags: Readonly<Record<Tag, string>> = {
  products: 'Look products up and search them',
  orders: 'Buy, and read an order',
  holds: 'Reserve stock while a customer pays',
  administration: "For the bearer of the administrator's token",
  operations: 'For operators of the store',
};

/** The shape of every failure. */
const Failure = Type.Object(
  {
    error: Type.Object({
      code: Type.Integer({ minimum: 400, maximum: 599, description: 'The status.' }),
      type: Type.Enum([...errorCodes], { description: 'The same code as on the wire.' }),
      message: Type.String(),
      request_id: Type.String(),
      retry_after_ms: Type.Optional(Type.Integer({ minimum: 0 })),
      available: Type.Optional(
        Type.Integer({ minimum: 0, description: 'With out_of_stock: how many there were.' }),
      ),
      id: Type.Optional(
        Type.Integer({
          description:
            'With out_of_stock, customer_required, limit_exceeded, and conflict of a confirmation or cancellation: of which product.',
        }),
      ),
      line: Type.Optional(
        Type.Integer({ minimum: 0, description: 'With not_found: which of the `lines`, from 0.' }),
      ),
      held: Type.Optional(
        Type.Integer({ minimum: 0, description: 'With conflict: units of `id` in the hold.' }),
      ),
      left: Type.Optional(
        Type.Integer({
          minimum: 0,
          description: 'With conflict of a cancellation: units of `id`, or of all, that are left.',
        }),
      ),
      remaining: Type.Optional(
        Type.Integer({
          minimum: 0,
          description: 'With limit_exceeded: units of `id` that the customer may still buy.',
        }),
      ),
      total: Type.Optional(
        Type.Number({ minimum: 0, description: 'With price_changed: the total by now.' }),
      ),
      total_exact: Type.Optional(Exact),
      unknown: Type.Optional(Type.Boolean({ description: 'The change may have happened.' })),
      current: Type.Optional(PricedProduct),
    }),
  },
  { additionalProperties: false },
);

export const namedSchemas: ReadonlyMap<TSchema, string> = new Map<TSchema, string>([
  [ExactProduct, 'Product'],
  [Line, 'Line'],
  [ExactPlaced, 'Placed'],
  [ExactOrder, 'Order'],
  [ExactHeld, 'Held'],
  [ExactHold, 'Hold'],
  [StoreStatus, 'StoreStatus'],
  [AuditReport, 'AuditReport'],
  [Failure, 'Failure'],
]);

export const failureTexts: Readonly<Record<number, string>> = {
  400: 'the message says what is wrong with the request.',
  401: 'this needs the token.',
  403: 'this is another token, or a request for the page of another site.',
  404: 'the resource does not exist.',
  409: 'the request conflicts with the current state.',
  412: 'the precondition is false.',
  413: 'the body is larger than 1 MiB.',
  415: 'the Content-Type or Content-Encoding of the body is not supported.',
  422: 'the key was used for another request.',
  429: 'too many requests; Retry-After says when to retry.',
  500: 'an internal error.',
  503: 'no service can answer now; Retry-After says when to retry.',
  504: 'no answer in time; a change may have happened.',
};

const text = { type: 'string' };

function requestHeader(name: string, description: string, schema: Json = text): Json {
  return { name, in: 'header', required: false, description, schema };
}

export const requestHeaders: Readonly<Record<OwnHeader | 'x-request-id' | 'traceparent', Json>> = {
  'x-request-id': requestHeader(
    'X-Request-Id',
    'Names the request in the answer and in logs; without one, or with a strange one, it gets one.',
    { type: 'string', pattern: '^[\\w.:+/=@-]{1,100}$' },
  ),
  traceparent: requestHeader(
    'traceparent',
    'W3C Trace Context; its trace id stands in the logs of every service that works on the request.',
  ),
  'idempotency-key': requestHeader(
    'Idempotency-Key',
    'The same key and the same body: bought once, however often it is sent. At most 200 bytes; `"k"` is the key `k`.',
    // Between quotes each byte may need an escape.
    { type: 'string', minLength: 1, maxLength: 2 * requestLimits.keyBytesMax + 2 },
  ),
  'if-match': requestHeader('If-Match', 'Entity tags, one of which the product must have, or *.'),
  'if-none-match': requestHeader('If-None-Match', 'Entity tags of copies that the client holds.'),
  'last-event-id': requestHeader('Last-Event-ID', 'Goes on after this event.'),
};

function answerHeader(description: string, schema: Json = text): Json {
  return { description, schema };
}

export const answerHeaders: Readonly<Record<AnswerHeader | 'x-request-id' | 'retry-after', Json>> =
  {
    'x-request-id': answerHeader('As sent, or a new one.'),
    etag: answerHeader("The product's version, and a digest of its content.", {
      type: 'string',
      pattern: '^"\\d+-[\\w-]{8}"$',
    }),
    location: answerHeader('Where the new product or order is.'),
    'idempotency-replayed': answerHeader('There where this is the first answer again.', {
      const: 'true',
    }),
    'retry-after': answerHeader('Seconds.', { type: 'string', pattern: '^[1-9]\\d*$' }),
  };
