/**
 * Encodes what members report of themselves and of admissions (docs/PROTOCOL.md, R3). Each report
 * is one field at the end of a message, a list by position, so that older builds ignore it.
 */
import type { Giver, Standing } from '../consensus/messages.js';
import type { Admissions, Doubt, Stamp } from '../consensus/types.js';
import type { FieldReader, Fields } from './field-reader.js';

export function packAdmissions(admitted: Admissions): Fields {
  return [...admitted].flatMap(([voter, { epoch, version }]) => [voter, epoch, version]);
}

export function admissionsOf(r: FieldReader): Admissions {
  const fields = r.nested();
  const admitted = new Map<string, Stamp>();
  while (!fields.ended) admitted.set(fields.text(), stampOf(fields));
  return admitted;
}

export function packStanding({ learner, doubt, last }: Standing): Fields {
  return [learner, ...packDoubt(doubt), last.epoch, last.seq, doubt?.accepted ?? false];
}

export function standingOf(r: FieldReader): Standing {
  const [learner, doubt, last] = [r.boolean(), doubtOf(r), r.position()];
  return { learner, doubt: acceptedOf(r, doubt), last };
}

export function packGiver({ learner, doubt, stamp, admitted }: Giver): Fields {
  const { epoch, version } = stamp;
  const accepted = doubt?.accepted ?? false;
  return [learner, ...packDoubt(doubt), epoch, version, packAdmissions(admitted), accepted];
}

export function giverOf(r: FieldReader): Giver {
  const learner = r.boolean();
  const doubt = doubtOf(r);
  const [stamp, admitted] = [stampOf(r), admissionsOf(r)];
  return { learner, doubt: acceptedOf(r, doubt), stamp, admitted };
}

function stampOf(r: FieldReader): Stamp {
  return { epoch: r.integer(), version: r.integer() };
}

/** Three fields, empty if there is no doubt. */
function packDoubt(doubt: Doubt | undefined): Fields {
  return [doubt?.afterSeq ?? null, doubt?.throughSeq ?? null, doubt?.promised ?? null];
}

function doubtOf(r: FieldReader): Doubt | undefined {
  const [afterSeq, throughSeq, promised] = [
    r.optionalInteger(),
    r.optionalInteger(),
    r.optionalInteger(),
  ];
  return afterSeq === undefined ? undefined : { afterSeq, throughSeq, promised };
}

/** Reads the last field; messages of older builds end before it. */
function acceptedOf(r: FieldReader, doubt: Doubt | undefined): Doubt | undefined {
  const accepted = !r.ended && r.boolean();
  return doubt && accepted ? { ...doubt, accepted } : doubt;
}
