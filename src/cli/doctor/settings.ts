/**
 * Examines the settings of a store: unknown variables, members that differ from the existing store,
 * tokens that other users may read, services without a launcher, and an unreadable first stock.
 */
import { readFileSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterConfig } from '../../base/config.js';
import { groupNames, votersOf, votingWarnings } from '../../group/membership.js';
import { environmentName } from '../options/options.js';
import { doubt, type Finding, ok, problem } from './finding.js';

const prefix = 'BAZAR_';
/** Variables that are not options. */
const otherVariables: ReadonlySet<string> = new Set(['BAZAR_CONFIG']);

export function checkVariables(
  env: Readonly<Record<string, string | undefined>>,
  known: ReadonlySet<string>,
): Finding[] {
  const names = new Set([...known].map(environmentName));
  const given = Object.keys(env).filter((name) => name.startsWith(prefix));
  const unknown = given.filter((name) => !names.has(name) && !otherVariables.has(name));
  if (unknown.length > 0) {
    return unknown.map((name) => doubt('configuration', `no option is called ${name}`));
  }
  return [
    ok(
      'configuration',
      given.length === 0 ? 'all options have their defaults' : given.sort().join(' '),
    ),
  ];
}

/** The members of the store in this folder, or why they are not known. */
export function foundedMembers(dataDir: string): readonly string[] | 'none yet' | 'unreadable' {
  try {
    const { members } = JSON.parse(readFileSync(join(dataDir, 'cluster.json'), 'utf8'));
    return Array.isArray(members) ? members.map(String) : 'unreadable';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none yet' : 'unreadable';
  }
}

/** @param members the members that the options name. */
export function checkMembers(dataDir: string, members: readonly string[]): Finding {
  const founded = foundedMembers(dataDir);
  if (founded === 'none yet') return ok('members', `${dataDir} has no store yet`);
  if (founded === 'unreadable') {
    return problem('members', `${dataDir}/cluster.json cannot be read`);
  }
  const [was, is] = [founded, members].map((list) => [...list].sort().join(' '));
  if (was === is) return ok('members', is ?? '');
  return problem('members', `the store was founded with ${was}, but the options name ${is}`);
}

/** The voters of each group; a group with one voter has no second copy of its log. */
export function checkVoters(cluster: ClusterConfig): Finding[] {
  const warnings = votingWarnings(cluster);
  if (warnings.length > 0) return warnings.map((warning) => doubt('voters', warning));
  const groups = groupNames.map((group) => `${group}: ${votersOf(cluster, group).join(' ')}`);
  return [ok('voters', groups.join(', '))];
}

export function checkTokens(dataDir: string): Finding[] {
  const findings = ['admin', 'cluster'].flatMap((name): Finding[] => {
    const path = join(dataDir, `${name}.token`);
    const stat = statOf(path);
    if (!stat) return [];
    if (stat.size === 0) return [problem('tokens', `${path} is empty: remove it, or restore it`)];
    const others = stat.mode & 0o077;
    return others === 0 ? [] : [doubt('tokens', `others may read ${path}: chmod 600`)];
  });
  return findings.length > 0 ? findings : [ok('tokens', 'readable only by their owner')];
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    // The first start makes the folder. If the path is not a folder, the disk check reports it.
    return undefined;
  }
}

export function checkLeftovers(names: readonly string[], hasLauncher: boolean): Finding {
  if (names.length === 0) return ok('services', 'none is running');
  if (hasLauncher) return ok('services', `${names.length} are running`);
  const message = `${names.join(', ')} are running without a launcher: bazar down stops them`;
  return doubt('services', message);
}

export async function checkProducts(path: string): Promise<Finding> {
  const { readFirstStock } = await import('../../catalog/service/first-stock.js');
  try {
    const products = await readFirstStock(path);
    return ok('first stock', `${products.length} products in ${path}`);
  } catch (error) {
    return problem('first stock', error instanceof Error ? error.message : String(error));
  }
}
