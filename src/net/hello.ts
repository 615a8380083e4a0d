/**
 * The messages of the handshake between services, and their readers. Every field from an unproved peer
 * is checked here before use. Proofs are computed elsewhere.
 */
import { BazarError } from '../base/errors.js';
import { isInteger, isRecord, isText } from '../wire/shapes.js';

export const challengeBytes = 32;
const proofBytes = 32;
const nameLengthMax = 200;
const helloFields = 7;

export interface Hello {
  readonly protocol: number;
  readonly role: string;
  readonly id: string;
  readonly cluster: string;
  readonly group: string;
  readonly incarnation: string;
  readonly challenge: Uint8Array;
}

export interface HelloAnswer extends Hello {
  readonly answer: Uint8Array;
}

export interface Proof {
  readonly answer: Uint8Array;
}

export function readHello(value: unknown): Hello {
  return readFields(value, helloFields);
}

export function readHelloAnswer(value: unknown): HelloAnswer {
  const hello = readFields(value, helloFields + 1);
  const { answer } = value as { readonly answer?: unknown };
  return { ...hello, answer: bytes(answer, proofBytes, 'answer') };
}

export function readProof(value: unknown): Proof {
  if (!isRecord(value)) throw bad('proof');
  return { answer: bytes(value.answer, proofBytes, 'answer') };
}

/** Throws if a field is missing, wrong or unexpected. */
function readFields(value: unknown, count: number): Hello {
  if (!isRecord(value) || !isInteger(value.protocol)) throw bad('hello');
  if (Object.keys(value).length !== count) throw bad('hello');
  return {
    protocol: value.protocol,
    role: name(value.role),
    id: name(value.id),
    cluster: name(value.cluster),
    group: name(value.group),
    incarnation: name(value.incarnation),
    challenge: bytes(value.challenge, challengeBytes, 'challenge'),
  };
}

function name(value: unknown): string {
  if (isText(value) && value.length > 0 && value.length <= nameLengthMax) return value;
  throw bad('hello');
}

function bytes(value: unknown, length: number, what: string): Uint8Array {
  if (value instanceof Uint8Array && value.length === length) return value;
  throw new BazarError('invalid_argument', `the ${what} must be ${length} bytes`);
}

function bad(what: string): BazarError {
  return new BazarError('invalid_argument', `this is no ${what}`);
}
