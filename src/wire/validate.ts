/**
 * Parameters of the public methods, held to their schemas: whatever enters the store from outside,
 * by raw socket or HTTP, passes here. The compiled check is the fast path; only where it fails is
 * the schema walked again to say in a sentence which field is wrong. Knows no operation.
 */
import { Compile } from '#typebox/schema';
import { BazarError } from '../base/errors.js';
import { cancelLimits, holdLimits, requestLimits } from '../base/limits.js';
import { hasControl, tidyText } from '../base/product-text.js';
import { explain } from './explain.js';
import { methodParams, type Params, type PublicMethod } from './schemas.js';

type Checks = { readonly [M in PublicMethod]: { Check(value: unknown): value is Params<M> } };

const checks = Object.fromEntries(
  Object.entries(methodParams).map(([method, schema]) => [method, Compile(schema)]),
) as unknown as Checks;

/** These limits are in bytes, a schema's in characters. */
const byteLimits = [
  ['key', requestLimits.keyBytesMax],
  ['customer', requestLimits.customerBytesMax],
  ['reference', holdLimits.referenceBytesMax],
  ['reason', cancelLimits.reasonBytesMax],
] as const;

const publicMethods: ReadonlySet<string> = new Set(Object.keys(methodParams));

export function isPublicMethod(method: string): method is PublicMethod {
  return publicMethods.has(method);
}

export function publicMethod(method: string): PublicMethod {
  if (isPublicMethod(method)) return method;
  throw new BazarError('unknown_method', `unknown method "${method.slice(0, 64)}"`);
}

/** The same params, now typed. Throws unknown_method, or invalid_argument naming the field. */
export function validateParams<M extends PublicMethod>(method: M, params: unknown): Params<M>;
export function validateParams(method: string, params: unknown): Params<PublicMethod>;
export function validateParams(method: string, params: unknown): Params<PublicMethod> {
  const known = publicMethod(method);
  // The schemas take binary for an object.
  if (ArrayBuffer.isView(params)) {
    throw new BazarError('invalid_argument', 'params must be a map, not binary');
  }
  if (!checks[known].Check(params)) {
    throw new BazarError('invalid_argument', explain(methodParams[known], params, ''));
  }
  checkTexts(params);
  for (const [field, bytesMax] of byteLimits) checkBytes(params, field, bytesMax);
  if (known === 'add_product') checkNewName(params as Params<'add_product'>);
  if (known === 'adjust_stock') checkAdjustment(params as Params<'adjust_stock'>);
  if (known === 'update_product') checkControls(params as Params<'update_product'>, 'topic');
  return params;
}

function checkBytes(params: object, field: string, bytesMax: number): void {
  const text = (params as Readonly<Record<string, unknown>>)[field];
  if (typeof text !== 'string' || Buffer.byteLength(text) <= bytesMax) return;
  throw new BazarError(
    'invalid_argument',
    `${field} must be a string of at most ${bytesMax} bytes`,
  );
}

function checkAdjustment({ delta, count }: Params<'adjust_stock'>): void {
  if ((delta === undefined) === (count === undefined)) {
    throw new BazarError('invalid_argument', 'an adjustment has either delta or count');
  }
}

/** All digits would be taken for an id where a name or an id may stand. */
function checkNewName(params: Params<'add_product'>): void {
  if (/^\d+$/.test(tidyText(params.name))) {
    throw new BazarError('invalid_argument', 'name must not be all digits');
  }
  checkControls(params, 'name');
  checkControls(params, 'topic');
}

function checkControls<F extends string>(
  params: { readonly [field in F]?: string | undefined },
  field: F,
): void {
  const text = params[field];
  if (text === undefined) return;
  if (hasControl(tidyText(text))) {
    throw new BazarError('invalid_argument', `${field} must have no control characters`);
  }
  if (tidyText(text) === '') {
    throw new BazarError('invalid_argument', `${field} must not be blank`);
  }
}

/** Half a surrogate pair has no UTF-8; JSON can smuggle it in, MessagePack cannot carry it. */
function checkTexts(value: object): void {
  for (const field in value) {
    const text = (value as Readonly<Record<string, unknown>>)[field];
    if (typeof text === 'string') {
      if (/\p{Surrogate}/u.test(text)) {
        throw new BazarError('invalid_argument', `${field} is not well-formed text`);
      }
    } else if (typeof text === 'object' && text !== null) {
      checkTexts(text);
    }
  }
}
