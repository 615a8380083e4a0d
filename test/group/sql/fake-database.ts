/** A log database whose answers a test gives by hand, one call after the other. */
import { required } from '../../../src/base/assert.js';
import type { Entry } from '../../../src/consensus/types.js';
import type { Lead, LogDatabase, LogWrite, WriteResult } from '../../../src/database/types.js';

interface Asked<Question, Answer> {
  readonly question: Question;
  readonly answer: (answer: Answer) => void;
  readonly fail: (error: Error) => void;
}

export interface Read {
  readonly afterSeq: number;
  readonly session: number | undefined;
}

export class FakeDatabase implements LogDatabase {
  readonly takeovers: Asked<string, Lead>[] = [];
  readonly reads: Asked<Read, readonly Entry[]>[] = [];
  readonly writes: Asked<LogWrite, WriteResult>[] = [];

  takeLead(leader: string): Promise<Lead> {
    return asked(this.takeovers, leader);
  }

  readEntries(afterSeq: number, _maxBytes: number, session?: number): Promise<readonly Entry[]> {
    return asked(this.reads, { afterSeq, session });
  }

  write(write: LogWrite): Promise<WriteResult> {
    return asked(this.writes, write);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The write under way. */
  get lastWrite(): LogWrite {
    return required(this.writes.at(-1), 'a write').question;
  }

  /** Answers the write under way. */
  async answer(result: WriteResult): Promise<void> {
    required(this.writes.at(-1), 'a write').answer(result);
    await turn();
  }
}

function asked<Question, Answer>(
  list: Asked<Question, Answer>[],
  question: Question,
): Promise<Answer> {
  return new Promise((answer, fail) => list.push({ question, answer, fail }));
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function entryAt(seq: number, epoch = 1, bytes = 1): Entry {
  return { seq, epoch, time: 0, command: new Uint8Array(bytes).fill(7) };
}

export const written: WriteResult = { kind: 'written' };
export const notWritten: WriteResult = { kind: 'not_written', reason: 'the row is locked' };
export const fenced: WriteResult = { kind: 'fenced' };
export const unknown: WriteResult = { kind: 'unknown', reason: 'the answer is lost' };
export const refused: WriteResult = { kind: 'refused', reason: 'products: quantity of 7 is -1' };
