/**
 * What a route is: a line of a table that says where it stands, who may use it, which operation's
 * parameters it takes from where, and how it answers. It knows no HTTP framework and no rule for
 * values, so that the root API, dialects and the API description are made from the same tables.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { BazarError } from '../base/errors.js';
import type { RequestContext } from '../frontend/types.js';
import { methodParams, type Params, type PublicMethod } from '../wire/schemas.js';
import { validateParams } from '../wire/validate.js';
import type { HttpAnswer } from './http-errors.js';
import { readQuery } from './query-text.js';
import type { RouteDoc } from './route-doc.js';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A request as it arrived: nothing in it has been checked. */
export interface HttpCall {
  /** The path's parameters, percent-decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly queryText: string;
  /** The JSON value; undefined where there was none. */
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
  readonly context: RequestContext;
}

export interface HttpRoute {
  readonly method: HttpMethod;
  /** With parameters as `/products/:product`. */
  readonly url: string;
  readonly summary: string;
  readonly access: 'public' | 'admin';
  readonly operation?: PublicMethod;
  /** A GET that changes something, as older clients have it: HEAD must not do that unasked. */
  readonly changes?: boolean;
  /** For the API's description; what has none is not described. */
  readonly doc?: RouteDoc;
  /** Where the operation's parameters stand. */
  readonly input?: RouteInput;
  /** How long its answer may take, where that is not as usual; at most the session's patience. */
  readonly patienceMs?: number;
  /** Rejects with a BazarError. */
  readonly answer: (call: HttpCall) => Promise<HttpAnswer>;
}

/** Where an operation's parameters stand in a request. */
export interface RouteInput {
  /** Where most of them stand; what is nowhere else comes from path and headers. */
  readonly from: 'body' | 'query' | 'path';
  /** Names of those that path or headers give, and therefore the body may not. */
  readonly elsewhere?: readonly string[];
}

export interface OperationRoute<M extends PublicMethod>
  extends Omit<HttpRoute, 'answer' | 'input'>,
    RouteInput {
  readonly operation: M;
  /** The parameters that path and headers give. */
  readonly read?: (call: HttpCall) => Readonly<Record<string, unknown>>;
  readonly answer: (params: Params<M>, call: HttpCall) => Promise<HttpAnswer>;
}

/** Gathers the operation's parameters and holds them to the one set of schemas. */
export function operationRoute<M extends PublicMethod>(spec: OperationRoute<M>): HttpRoute {
  const { from, elsewhere = [], read, answer, ...head } = spec;
  return {
    ...head,
    input: { from, elsewhere },
    async answer(call) {
      const params = { ...sent(spec.operation, from, elsewhere, call), ...read?.(call) };
      return answer(validateParams(spec.operation, params), call);
    },
  };
}

function sent(
  operation: PublicMethod,
  from: 'body' | 'query' | 'path',
  elsewhere: readonly string[],
  call: HttpCall,
): Readonly<Record<string, unknown>> {
  if (from === 'path') return {};
  if (from === 'query') return readQuery(call.queryText, methodParams[operation]);
  const { body } = call;
  if (!isFields(body)) throw new BazarError('invalid_argument', 'the body must be a JSON object');
  const misplaced = elsewhere.find((name) => Object.hasOwn(body, name));
  if (misplaced === undefined) return body;
  throw new BazarError('invalid_argument', `${misplaced} does not belong in the body`);
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The methods under which some route answers this path; empty for an unknown one. */
export function methodsAt(routes: readonly HttpRoute[], path: string): string[] {
  const segments = path.split('/');
  return methodsOf(routes.filter(({ url }) => fits(url.split('/'), segments)));
}

/** In the order of the alphabet; none where there is no route. */
export function methodsOf(routes: readonly HttpRoute[]): string[] {
  const methods = new Set<string>();
  for (const route of routes) {
    methods.add(route.method);
    if (route.method === 'GET' && !route.changes) methods.add('HEAD');
  }
  if (methods.size > 0) methods.add('OPTIONS');
  return [...methods].sort();
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  if (pattern.length !== segments.length) return false;
  return pattern.every((part, index) => part.startsWith(':') || part === segments[index]);
}
