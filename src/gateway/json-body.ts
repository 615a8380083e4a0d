/**
 * Reads a request's body as JSON. Does not depend on routes or schemas. Refuses input that parsers
 * interpret differently: duplicate keys in an object, keys that reach prototypes, invalid UTF-8,
 * and nesting above the wire's limit.
 */
import { BazarError } from '../base/errors.js';
import { wireLimits } from '../base/limits.js';

const prototypeKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Content types under which clients send JSON, including those that tools add by default. */
const tolerated: ReadonlySet<string> = new Set([
  'application/json',
  'application/octet-stream',
  'application/x-www-form-urlencoded',
  'text/json',
  'text/plain',
]);

/** False for a Content-Type that is clearly not JSON; a missing one is accepted. */
export function mayBeJson(contentType: string | undefined): boolean {
  if (contentType === undefined || contentType === 'application/json') return true;
  const [type = '', ...parameters] = contentType.toLowerCase().split(';');
  const media = type.trim();
  const charset = parameters.map((p) => p.trim()).find((p) => p.startsWith('charset='));
  const encoding = charset?.slice('charset='.length).replaceAll('"', '');
  if (encoding !== undefined && !['utf-8', 'utf8', 'us-ascii'].includes(encoding)) return false;
  return tolerated.has(media) || /^application\/[\w.+-]+\+json$/.test(media);
}

/** True if the body is not encoded; `identity` means no encoding. */
export function isPlain(contentEncoding: string | undefined): boolean {
  return contentEncoding === undefined || /^(?:identity)?$/i.test(contentEncoding.trim());
}

/** Returns undefined for an empty body; throws `invalid_argument` for invalid JSON. */
export function readJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined;
  // Checked before parsing: a parser takes half a second for the deepest body of the maximum size.
  if (isTooDeep(bytes)) throw new BazarError('invalid_argument', 'the body is nested too deeply');
  const text = decode(bytes);
  const value = parse(text);
  const hazard = findHazard(text);
  if (hazard !== undefined) throw new BazarError('invalid_argument', hazard);
  return value;
}

const [quote, backslash] = [0x22, 0x5c];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Counts brackets outside of strings; the parser rejects what is not JSON. */
function isTooDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  let inString = false;
  // A body of fewer bytes has fewer brackets.
  if (bytes.length <= wireLimits.depthMax) return false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inString) {
      if (byte === backslash) at++;
      else if (byte === quote) inString = false;
    } else if (byte === quote) {
      inString = true;
    } else if (byte === openList || byte === openObject) {
      depth++;
      if (depth > wireLimits.depthMax) return true;
    } else if (byte === closeList || byte === closeObject) {
      depth--;
    }
  }
  return false;
}

/** Stateless between calls. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new BazarError('invalid_argument', 'the body is not UTF-8', { cause });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BazarError('invalid_argument', 'the body is not JSON', { cause });
  }
}

/** Scans text that is known to be JSON and returns what is unsafe in it. */
function findHazard(text: string): string | undefined {
  /** The keys of each open object; undefined for an open list. */
  const open: (Set<string> | undefined)[] = [];
  let keyIsNext = false;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '{':
      case '[':
        keyIsNext = text[at] === '{';
        open.push(keyIsNext ? new Set() : undefined);
        break;
      case '}':
      case ']':
        open.pop();
        keyIsNext = false;
        break;
      case ',':
        keyIsNext = open.at(-1) !== undefined;
        break;
      case '"': {
        const end = stringEnd(text, at);
        if (keyIsNext) {
          const key = keyText(text.slice(at + 1, end));
          const keys = open.at(-1);
          if (prototypeKeys.has(key)) return `the body must not have the field ${key}`;
          if (keys?.has(key)) return `the body has the field ${key.slice(0, 60)} twice`;
          keys?.add(key);
          keyIsNext = false;
        }
        at = end;
        break;
      }
    }
  }
  return undefined;
}

/** Decodes the text between the quotes; most keys have no escapes. */
function keyText(text: string): string {
  return text.includes('\\') ? String(JSON.parse(`"${text}"`)) : text;
}

/** Index of the closing quote of the string that opens at `start`. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
