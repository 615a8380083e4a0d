/**
 * A route: an entry of a table with its path, the required rights, the source of the operation's
 * parameters, and its answer. Does not depend on the HTTP framework or on value rules. The root
 * API, the dialects and the API description are built from the same tables.
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

/** A request as received; nothing in it is checked. */
export interface HttpCall {
  /** The path's parameters, percent-decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly queryText: string;
  /** The JSON value; undefined if there was none. */
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
  readonly context: RequestContext;
}

export interface HttpRoute {
  readonly method: HttpMethod;
  /** With parameters in the form `/products/:product`. */
  readonly url: string;
  readonly summary: string;
  readonly access: 'public' | 'admin';
  readonly operation?: PublicMethod;
  /** A GET that changes something, for older clients: HEAD must not run it. */
  readonly isUnsafe?: boolean;
  /** For the API description; a route without it is not described. */
  readonly doc?: RouteDoc;
  /** Source of the operation's parameters. */
  readonly input?: RouteInput;
  /** Maximum time of its answer, if not the default; at most that of the session. */
  readonly patienceMs?: number;
  /** Rejects with a BazarError. */
  readonly answer: (call: HttpCall) => Promise<HttpAnswer>;
}

/** Where an operation's parameters are in a request. */
export interface RouteInput {
  /** Source of most parameters; the others come from path and headers. */
  readonly from: 'body' | 'query' | 'path';
  /** Names of parameters in path or headers, which body and query may not contain. */
  readonly elsewhere?: readonly string[];
  /** A request without a body is one with an empty object. */
  readonly mayBeEmpty?: boolean;
}

export interface OperationRoute<M extends PublicMethod>
  extends Omit<HttpRoute, 'answer' | 'input'>,
    RouteInput {
  readonly operation: M;
  /** Reads the parameters from path and headers. */
  readonly read?: (call: HttpCall) => Readonly<Record<string, unknown>>;
  readonly answer: (params: Params<M>, call: HttpCall) => Promise<HttpAnswer>;
}

/** Collects the operation's parameters and checks them with the shared schemas. */
export function operationRoute<M extends PublicMethod>(spec: OperationRoute<M>): HttpRoute {
  const { from, elsewhere = [], mayBeEmpty = false, read, answer, ...head } = spec;
  return {
    ...head,
    input: { from, elsewhere, mayBeEmpty },
    async answer(call) {
      const isEmpty = mayBeEmpty && call.body === undefined;
      const given = isEmpty ? {} : sent(spec.operation, from, elsewhere, call);
      const params = { ...given, ...read?.(call) };
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
  if (from === 'path') {
    requireNoFields(call.body);
    return {};
  }
  const given = from === 'query' ? readQuery(call.queryText, methodParams[operation]) : call.body;
  if (!isFields(given)) throw notAnObject();
  const misplaced = elsewhere.find((name) => Object.hasOwn(given, name));
  if (misplaced === undefined) return given;
  throw new BazarError('invalid_argument', `${misplaced} does not belong in the ${from}`);
}

/** Refuses fields, because they would have no effect, and the client expects one. */
function requireNoFields(body: unknown): void {
  if (body === undefined) return;
  if (!isFields(body)) throw notAnObject();
  const [field] = Object.keys(body);
  if (field === undefined) return;
  throw new BazarError('invalid_argument', `unknown field "${field.slice(0, 64)}"`);
}

function notAnObject(): BazarError {
  return new BazarError('invalid_argument', 'the body must be a JSON object');
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The methods for which a route has this path; empty for an unknown path. */
export function methodsAt(routes: readonly HttpRoute[], path: string): string[] {
  const segments = path.split('/');
  return methodsOf(routes.filter(({ url }) => fits(url.split('/'), segments)));
}

/** In alphabetical order; empty without a route. */
export function methodsOf(routes: readonly HttpRoute[]): string[] {
  const methods = new Set<string>();
  for (const route of routes) {
    methods.add(route.method);
    if (route.method === 'GET' && !route.isUnsafe) methods.add('HEAD');
  }
  if (methods.size > 0) methods.add('OPTIONS');
  return [...methods].sort();
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  if (pattern.length !== segments.length) return false;
  return pattern.every((part, index) => part.startsWith(':') || part === segments[index]);
}
