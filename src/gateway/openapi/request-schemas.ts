/**
 * Derives a route's inputs from the schemas of its operation: the query parameters, the body
 * without parameters from elsewhere, and references to named schemas. Pure.
 */
import type { TSchema } from '#typebox';
import { methodParams } from '../../wire/schemas.js';
import type { HttpRoute } from '../http-route.js';
import { type Json, namedSchemas } from './parts.js';

/** The schema as JSON; named schemas except `root` become references. */
export function referring(schema: TSchema, root?: TSchema): Json {
  return refer(schema, root) as Json;
}

function refer(value: unknown, root: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => refer(each, root));
  if (typeof value !== 'object' || value === null) return value;
  const name = value === root ? undefined : namedSchemas.get(value as TSchema);
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, refer(each, root)]));
}

export function queryParameters({ operation, input, doc }: HttpRoute): Json[] {
  const given = input?.from === 'query' && operation ? methodParams[operation] : {};
  const { properties = {} } = given as { properties?: Readonly<Record<string, TSchema>> };
  return Object.entries({ ...properties, ...doc?.query }).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    allowEmptyValue: true,
    schema: referring(schema),
  }));
}

/** The body: the operation's parameters except those in path and headers. */
export function bodyOf({ operation, input }: HttpRoute): Json | undefined {
  if (input?.from !== 'body' || !operation) return undefined;
  const { elsewhere = [] } = input;
  const schema: TSchema = methodParams[operation];
  const variants = (schema as { anyOf?: readonly TSchema[] }).anyOf;
  if (!variants) return without(schema, elsewhere);
  return { anyOf: variants.map((variant) => without(variant, elsewhere)) };
}

function without(schema: TSchema, names: readonly string[]): Json {
  const {
    properties = {},
    required = [],
    ...rest
  } = schema as {
    readonly properties?: Readonly<Record<string, TSchema>>;
    readonly required?: readonly string[];
  };
  const kept = Object.entries(properties).filter(([name]) => !names.includes(name));
  return {
    ...rest,
    required: required.filter((name) => !names.includes(name)),
    properties: Object.fromEntries(kept.map(([name, each]) => [name, referring(each)])),
  };
}
