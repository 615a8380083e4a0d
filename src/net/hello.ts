/**
 * The messages of the handshake between services, and their readers: nothing that came from an
 * unproved peer is used before it passed here. Knows nothing of proofs.
 */
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { BazarError } from '../base/errors.js';

export const challengeBytes = 32;
const proofBytes = 32;

const Name = Type.String({ minLength: 1, maxLength: 200 });
const strict = { additionalProperties: false } as const;
const place = {
  protocol: Type.Integer(),
  role: Name,
  id: Name,
  cluster: Name,
  group: Name,
  incarnation: Name,
  challenge: Type.Unknown(),
};

const Place = Type.Object(place, strict);
const helloShape = Compile(Place);
const answerShape = Compile(Type.Object({ ...place, answer: Type.Unknown() }, strict));
const proofShape = Compile(Type.Object({ answer: Type.Unknown() }, strict));

export interface Hello extends Omit<Static<typeof Place>, 'challenge'> {
  readonly challenge: Uint8Array;
}

export interface HelloAnswer extends Hello {
  readonly answer: Uint8Array;
}

export interface Proof {
  readonly answer: Uint8Array;
}

export function readHello(value: unknown): Hello {
  if (!helloShape.Check(value)) throw bad('hello');
  return { ...value, challenge: bytes(value.challenge, challengeBytes, 'challenge') };
}

export function readHelloAnswer(value: unknown): HelloAnswer {
  if (!answerShape.Check(value)) throw bad('answer to hello');
  const challenge = bytes(value.challenge, challengeBytes, 'challenge');
  return { ...value, challenge, answer: bytes(value.answer, proofBytes, 'answer') };
}

export function readProof(value: unknown): Proof {
  if (!proofShape.Check(value)) throw bad('proof');
  return { answer: bytes(value.answer, proofBytes, 'answer') };
}

function bytes(value: unknown, length: number, what: string): Uint8Array {
  if (value instanceof Uint8Array && value.length === length) return value;
  throw new BazarError('invalid_argument', `the ${what} must be ${length} bytes`);
}

function bad(what: string): BazarError {
  return new BazarError('invalid_argument', `this is no ${what}`);
}
