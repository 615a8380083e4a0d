/**
 * From the schemas of operations to what a route takes: its query's parameters, its body without
 * what stands elsewhere, and references in the place of schemas that have a name. Pure.
 */
import type { TSchema } from '#typebox';
import { methodParams } from '../../wire/schemas.js';
import type { HttpRoute } from '../http-route.js';
import { type Json, namedSchemas } from './parts.js';

/** The schema as JSON; what has a name, but for `root` itself, is referred to by it. */
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

/** What the body holds: the operation's parameters but for those that path and headers give. */
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
