/**
 * The text of a promise's record: the leader's name and, if it is not empty, the table of admissions as
 * JSON after a NUL (docs/PROTOCOL.md, R3). Older builds wrote only the name.
 */
import type { Admissions, PromiseRecord, Stamp } from '../consensus/types.js';

const separator = '\0';
const text = { encoder: new TextEncoder(), decoder: new TextDecoder() };

type Row = readonly [voter: string, epoch: number, version: number];

export function encodePromised({ leader, admitted }: Omit<PromiseRecord, 'epoch'>): Uint8Array {
  if (!admitted || admitted.size === 0) return text.encoder.encode(leader);
  const rows = [...admitted].map(([voter, { epoch, version }]): Row => [voter, epoch, version]);
  return text.encoder.encode(`${leader}${separator}${JSON.stringify(rows)}`);
}

/** Undefined if the text is invalid. */
export function decodePromised(bytes: Uint8Array): Omit<PromiseRecord, 'epoch'> | undefined {
  const [leader = '', table] = text.decoder.decode(bytes).split(separator);
  if (table === undefined) return { leader };
  const admitted = decodeTable(table);
  return admitted && { leader, admitted };
}

function decodeTable(table: string): Admissions | undefined {
  try {
    const rows: unknown = JSON.parse(table);
    if (!Array.isArray(rows) || !rows.every(isRow)) return undefined;
    return new Map(
      rows.map(([voter, epoch, version]): [string, Stamp] => [voter, { epoch, version }]),
    );
  } catch {
    return undefined;
  }
}

function isRow(value: unknown): value is Row {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [voter, epoch, version] = value as unknown[];
  return typeof voter === 'string' && Number.isSafeInteger(epoch) && Number.isSafeInteger(version);
}
