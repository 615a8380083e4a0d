/**
 * Explains why a value does not match a schema, in one short sentence that names the field. Runs only
 * after a check has failed, and supports only the part of JSON Schema that src/wire/schemas.ts uses.
 */

import type { TSchema } from '#typebox';
import { Check } from '#typebox/schema';

interface ObjectShape {
  readonly properties: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
}

/** `path` is the field's name, or empty for the whole value. */
export function explain(schema: TSchema, value: unknown, path: string): string {
  const variants = keyword(schema, 'anyOf');
  if (Array.isArray(variants)) return explainVariants(variants, value, path);
  if (isObjectShape(schema)) return explainObject(schema, value, path);
  const items = keyword(schema, 'items');
  if (items !== undefined && Array.isArray(value)) {
    const index = value.findIndex((item) => !Check(items as TSchema, item));
    if (index >= 0) return explain(items as TSchema, value[index], `${path}[${index}]`);
  }
  return `${path} must be ${wanted(schema)}`;
}

/** Chooses the variant of a map by its first required field. */
function explainVariants(variants: readonly TSchema[], value: unknown, path: string): string {
  const objects = variants.filter(isObjectShape);
  if (objects.length === 0) return `${path} must be ${variants.map(wanted).join(', or ')}`;
  if (!isMap(value)) return `${path || 'params'} must be a map`;
  const marks = objects.map((shape) => shape.required?.[0] ?? '');
  const chosen = objects.filter((_, i) => Object.hasOwn(value, marks[i] ?? ''));
  const where = path === '' ? '' : ` in ${path}`;
  if (chosen.length > 1) return `only one of ${marks.join(', ')} may be given${where}`;
  const only = chosen[0];
  if (only === undefined) return `${marks.join(' or ')} is required${where}`;
  return explainObject(only, value, path);
}

function explainObject(schema: ObjectShape, value: unknown, path: string): string {
  if (!isMap(value)) return `${path || 'params'} must be a map`;
  for (const field of schema.required ?? []) {
    if (!Object.hasOwn(value, field)) return `${join(path, field)} is required`;
  }
  for (const [field, child] of Object.entries(value)) {
    const childSchema = Object.hasOwn(schema.properties, field)
      ? schema.properties[field]
      : undefined;
    if (childSchema === undefined) {
      if (schema.additionalProperties !== false) continue;
      return `unknown field "${join(path, field).slice(0, 64)}"`;
    }
    if (!Check(childSchema, child)) return explain(childSchema, child, join(path, field));
  }
  return `${path || 'params'} is not valid`;
}

function wanted(schema: TSchema): string {
  const values = keyword(schema, 'enum');
  if (Array.isArray(values)) return `one of ${values.join(', ')}`;
  const type = keyword(schema, 'type');
  if (type === 'null') return 'null';
  if (type === 'integer') return `an integer${between(schema, 'minimum', 'maximum')}`;
  if (type === 'number') return `a number${between(schema, 'minimum', 'maximum')}`;
  if (type === 'string') {
    const pattern = keyword(schema, 'pattern');
    if (typeof pattern === 'string') return `a string of the form ${pattern}`;
    return `a string${between(schema, 'minLength', 'maxLength', 'of', ' characters')}`;
  }
  if (type === 'array') return `a list${between(schema, 'minItems', 'maxItems', 'of', ' items')}`;
  return `a ${String(type)}`;
}

function between(
  schema: TSchema,
  lowName: string,
  highName: string,
  preposition = 'from',
  unit = '',
): string {
  const low = keyword(schema, lowName);
  const high = keyword(schema, highName);
  if (low === undefined && high === undefined) return '';
  if (high === undefined) return `, at least ${String(low)}${unit}`;
  return ` ${preposition} ${String(low ?? 0)} to ${String(high)}${unit}`;
}

function keyword(schema: TSchema, name: string): unknown {
  return (schema as Readonly<Record<string, unknown>>)[name];
}

function isObjectShape(schema: TSchema): schema is TSchema & ObjectShape {
  return keyword(schema, 'type') === 'object';
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function join(path: string, field: string): string {
  return path === '' ? field : `${path}.${field}`;
}
