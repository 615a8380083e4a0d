/**
 * Examines the members' `identity.json` for journals with a damaged last batch in doubt
 * (docs/PROTOCOL.md, R10), and says what to do if the group cannot resolve it. It reads only the
 * members on this machine, and changes nothing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterConfig } from '../../base/config.js';
import { groupNames, votersOf } from '../../group/membership.js';
import { placesText } from '../../group/places-text.js';
import { doubt, type Finding, ok } from './finding.js';

const help = '"A group that cannot resolve a doubt" in docs/OPERATIONS.md';

export function checkDoubts(dataDir: string, cluster: ClusterConfig): Finding[] {
  const findings = groupNames.flatMap((group): Finding[] => {
    const voters = votersOf(cluster, group);
    const doubtful = voters.flatMap((name) => doubtfulText(dataDir, name, group) ?? []);
    if (doubtful.length === 0) return [];
    const told = `the last batch of the ${group} journal is damaged: ${doubtful.join('; ')}`;
    const wayOut = `the ${group} group resolves this when all its members run. If it then has no leader, start each of these members once with --repair to accept the loss (${help})`;
    return [doubt('journals', `${told}; ${wayOut}`)];
  });
  return findings.length > 0 ? findings : [ok('journals', 'no member doubts its log')];
}

/** The member and what it may have lost; undefined if nothing is in doubt or known. */
function doubtfulText(dataDir: string, name: string, group: string): string | undefined {
  const found = field(field(field(identityOf(dataDir, name), 'logs'), group), 'doubt');
  const [afterSeq, throughSeq] = [field(found, 'afterSeq'), field(found, 'throughSeq')];
  if (typeof afterSeq !== 'number') return undefined;
  const places = { afterSeq, throughSeq: typeof throughSeq === 'number' ? throughSeq : undefined };
  const isAccepted = field(found, 'accepted') === true;
  return `${name} may have held ${placesText(places)}${isAccepted ? ' (loss accepted)' : ''}`;
}

function identityOf(dataDir: string, name: string): unknown {
  try {
    return JSON.parse(readFileSync(join(dataDir, name, 'identity.json'), 'utf8'));
  } catch {
    // The file is on another machine or lost. The member reports a lost file when it starts.
    return undefined;
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
