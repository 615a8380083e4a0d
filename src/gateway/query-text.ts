/**
 * Reads a query string for a schema. The only place where text is converted to a number, and only
 * if the schema requires an integer; the schema checks everything else. Invariant: a parameter
 * occurs once, and an empty one counts as absent.
 */
import type { TSchema } from '#typebox';
import { BazarError } from '../base/errors.js';

const integerText = /^-?\d{1,16}$/;

/** The part of a request target after the question mark; empty if there is none. */
export function queryOf(target: string): string {
  const start = target.indexOf('?');
  return start < 0 ? '' : target.slice(start + 1);
}

export function readQuery(text: string, schema: TSchema): Readonly<Record<string, unknown>> {
  // A map, so that no parameter name has a special meaning.
  const values = new Map<string, unknown>();
  for (const pair of text.split('&')) {
    const [rawName = '', ...rest] = pair.split('=');
    const name = decode(rawName);
    const value = decode(rest.join('='));
    if (name === '' || value === '') continue;
    if (values.has(name)) {
      throw new BazarError('invalid_argument', `${name.slice(0, 60)} stands twice in the query`);
    }
    const isNumber = wantsInteger(schema, name) && integerText.test(value);
    values.set(name, isNumber ? Number(value) : value);
  }
  return Object.fromEntries(values);
}

function wantsInteger(schema: TSchema, name: string): boolean {
  return fieldOf(fieldOf(fieldOf(schema, 'properties'), name), 'type') === 'integer';
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    const message = 'the query is not well-formed percent-encoding';
    throw new BazarError('invalid_argument', message, { cause });
  }
}
