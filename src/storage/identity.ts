/**
 * The identity of a member (docs/PROTOCOL.md, 1, Birth). `cluster.json` in the store's data folder names
 * the cluster and its members. `identity.json` in the service's own folder names the incarnation.
 * Invariant: a folder that was lost never returns as its former voter [A8].
 */
import path from 'node:path';
import { BazarError } from '../base/errors.js';
import type { Random } from '../base/random.js';
import { isOnlyVoter } from '../base/voters.js';
import { CorruptionError, orUnreadable } from './corruption.js';
import { decodeJson, encodeJson, JsonFile } from './json-file.js';
import { type LearnerFile, type LogIdentity, logIdentity } from './log-identity.js';
import type { Disk } from './types.js';

interface Cluster {
  readonly clusterId: string;
  readonly members: readonly string[];
  /** The store is in a database: its members have no folders, and are not fixed. */
  readonly inDatabase?: boolean;
}

/**
 * The plan of a founding. It exists from the first file to the last, so that an interrupted founding can
 * continue.
 */
interface Founding extends Cluster {
  readonly incarnations: Readonly<Record<string, string>>;
}

interface IdentityFile extends LearnerFile {
  readonly id: string;
  readonly clusterId: string;
  readonly incarnation: string;
}

export interface Identity {
  readonly clusterId: string;
  readonly incarnation: string;
  /** A learner has lost its disk: it promises, but does not count as an intact voter (R3). */
  readonly learner: boolean;
  /** The log of the group with this name. */
  log(group: string): LogIdentity;
  /** Records that a learner has caught up in all its groups; durable when it resolves. */
  admit(): Promise<void>;
}

export interface FoundingOptions {
  /** The ids of all replicas and recovery servers. */
  readonly members: readonly string[];
  readonly random: Random;
  /** If several machines found one cluster, they must get the same id. */
  readonly clusterId?: string;
}

export interface IdentityOptions extends FoundingOptions {
  readonly id: string;
  /** Founds a missing cluster, and lets a group's only voter start with an empty log. */
  readonly init: boolean;
}

/** A 32-bit number distinguishes journals. */
const journalIdMax = 2 ** 32 - 2;

const clusterFile = (dataDir: string): string => path.join(dataDir, 'cluster.json');
const foundingFile = (dataDir: string): string => path.join(dataDir, 'founding.json');
const identityFile = (folder: string): string => path.join(folder, 'identity.json');

/**
 * Founds a cluster: formats the folders of all members as voters, then writes `cluster.json`. Does
 * nothing if that is done, continues an interrupted founding, and may run in several processes at once.
 */
export async function formatCluster(
  disk: Disk,
  dataDir: string,
  { members, random, clusterId = random.uuid() }: FoundingOptions,
): Promise<string> {
  await disk.makeFolder(dataDir);
  const there = await readCluster(disk, dataDir, members);
  if (there) return there.clusterId;
  const plan: Founding = {
    clusterId,
    members: [...members].sort(),
    incarnations: Object.fromEntries(members.map((id) => [id, random.uuid()])),
  };
  await disk.create(foundingFile(dataDir), encodeJson(plan, 2));
  const founding = await readJson<Founding>(disk, foundingFile(dataDir));
  const founded = await readCluster(disk, dataDir, members);
  if (founded) {
    // Another process finished first, and the plan here, if any, came after that.
    await disk.remove(foundingFile(dataDir));
    return founded.clusterId;
  }
  if (!founding) return readClusterId(disk, dataDir);
  refuseOtherMembers(foundingFile(dataDir), founding.members, members);
  for (const id of founding.members) await formatMember(disk, dataDir, id, founding);
  const cluster: Cluster = { clusterId: founding.clusterId, members: founding.members };
  await disk.create(clusterFile(dataDir), encodeJson(cluster, 2));
  await disk.remove(foundingFile(dataDir));
  return founding.clusterId;
}

/** The cluster that a data folder belongs to; undefined: none yet. */
export async function findClusterId(disk: Disk, dataDir: string): Promise<string | undefined> {
  return (await readCluster(disk, dataDir))?.clusterId;
}

/** Whether the store of this data folder is in a database. */
export async function isInDatabase(disk: Disk, dataDir: string): Promise<boolean> {
  return (await readCluster(disk, dataDir))?.inDatabase === true;
}

/** The cluster that a data folder belongs to; throws if there is none. */
export async function readClusterId(disk: Disk, dataDir: string): Promise<string> {
  const clusterId = await findClusterId(disk, dataDir);
  if (clusterId !== undefined) return clusterId;
  throw new BazarError('conflict', `${clusterFile(dataDir)} is missing: the store is not founded`);
}

/**
 * Writes `cluster.json` for a store in a database. Refuses a folder of another store, and one with
 * journals.
 */
export async function joinDatabaseCluster(
  disk: Disk,
  dataDir: string,
  clusterId: string,
): Promise<void> {
  await disk.makeFolder(dataDir);
  const there = await readCluster(disk, dataDir);
  if (!there) {
    const cluster: Cluster = { clusterId, members: [], inDatabase: true };
    if (await disk.create(clusterFile(dataDir), encodeJson(cluster, 2))) return;
    return joinDatabaseCluster(disk, dataDir, clusterId);
  }
  const file = clusterFile(dataDir);
  if (there.clusterId !== clusterId) {
    const ids = `${there.clusterId}, but the database holds the store ${clusterId}`;
    throw new BazarError(
      'conflict',
      `${file} is of the store ${ids}; choose another --data-dir or --store`,
    );
  }
  if (there.inDatabase !== true) {
    const message = `${file} is of a store with journals; choose another --data-dir for the database`;
    throw new BazarError('conflict', message);
  }
}

/** Opens the identity of the service that owns this folder; `cluster.json` lies beside the folder. */
export async function openIdentity(
  disk: Disk,
  folder: string,
  options: IdentityOptions,
): Promise<Identity> {
  const { id, members, init, random } = options;
  const dataDir = path.dirname(folder);
  if (!members.includes(id)) throw new BazarError('conflict', `${id} is no member of its cluster`);
  if (init) await formatCluster(disk, dataDir, options);
  const cluster = await readCluster(disk, dataDir, members);
  if (!cluster) {
    const message = `${clusterFile(dataDir)} is missing: found the store first, by --init or bazar up`;
    throw new BazarError('conflict', message);
  }
  const { clusterId } = cluster;
  const found = await readJson<IdentityFile>(disk, identityFile(folder));
  if (found) refuseOther(identityFile(folder), found, id, clusterId);
  // The rest of another founding must not found a cluster again.
  await disk.remove(foundingFile(dataDir));
  const lost: IdentityFile = { id, clusterId, incarnation: random.uuid(), learner: true, logs: {} };
  if (!found && isOnlyVoter(id, members)) {
    if (!init) throw new BazarError('conflict', aloneMessage(folder, id));
    lost.learner = false;
  }
  await disk.makeFolder(folder);
  const file = await JsonFile.open<IdentityFile>(disk, identityFile(folder), lost);
  if (!found) await file.update(() => {});
  return {
    clusterId,
    incarnation: file.data.incarnation,
    get learner() {
      return file.data.learner;
    },
    log: (group) => logIdentity(file, group, 1 + random.integer(journalIdMax)),
    admit: () =>
      file.update((data) => {
        data.learner = false;
        for (const fields of Object.values(data.logs ?? {})) delete fields.doubt;
      }),
  };
}

async function formatMember(
  disk: Disk,
  dataDir: string,
  id: string,
  { clusterId, incarnations }: Founding,
): Promise<void> {
  const folder = path.join(dataDir, id);
  const incarnation = incarnations[id] ?? '';
  await disk.makeFolder(folder);
  const identity: IdentityFile = { id, clusterId, incarnation, learner: false, logs: {} };
  await disk.create(identityFile(folder), encodeJson(identity, 2));
  const found = await readJson<IdentityFile>(disk, identityFile(folder));
  if (found) refuseOther(identityFile(folder), found, id, clusterId);
}

function aloneMessage(folder: string, id: string): string {
  return `${identityFile(folder)} is missing, and no other member holds what ${id} held: bring the folder back, or begin with nothing by --init`;
}

async function readCluster(
  disk: Disk,
  dataDir: string,
  members?: readonly string[],
): Promise<Cluster | undefined> {
  const cluster = await readJson<Cluster>(disk, clusterFile(dataDir)).catch((error: unknown) => {
    if (!(error instanceof CorruptionError)) throw error;
    throw error.advising('bring it back from a copy: it does not change after the founding');
  });
  if (cluster?.inDatabase && members) {
    const message = `${clusterFile(dataDir)} is of a store in a database; start it with --store`;
    throw new BazarError('conflict', message);
  }
  if (cluster && members) refuseOtherMembers(clusterFile(dataDir), cluster.members, members);
  return cluster;
}

async function readJson<T>(disk: Disk, file: string): Promise<T | undefined> {
  const bytes = await orUnreadable(file, 0, disk.readFile(file));
  return bytes && (decodeJson(file, bytes) as T);
}

function refuseOtherMembers(
  file: string,
  recorded: readonly string[],
  members: readonly string[],
): void {
  const then = [...recorded].sort().join(', ');
  const now = [...members].sort().join(', ');
  if (then === now) return;
  throw new BazarError('conflict', `${file} is of a store with other members: ${then}, not ${now}`);
}

function refuseOther(file: string, found: IdentityFile, id: string, clusterId: string): void {
  if (found.id !== id) throw new BazarError('conflict', `${file} is of ${found.id}, not of ${id}`);
  if (found.clusterId !== clusterId) {
    throw new BazarError('conflict', `${file} is of another cluster: ${found.clusterId}`);
  }
}
