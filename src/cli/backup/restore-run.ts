/**
 * Makes a store from a copy: a new cluster whose replicas all start with the contents of the copy.
 * It builds the store in a separate folder and then moves it to the data folder. Invariant:
 * `cluster.json` is moved last, and a store with members' folders but without this file does not
 * start.
 */
import { cpSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterConfig } from '../../base/config.js';
import { BazarError } from '../../base/errors.js';
import { makePrivateFolder } from '../../base/folders.js';
import { systemRandom } from '../../base/random.js';
import { formatCluster } from '../../storage/identity.js';
import { createNodeDisk } from '../../storage/node-disk.js';
import { storedData } from '../launcher/fresh.js';
import { type BackupManifest, readManifest } from './manifest.js';
import { syncTree } from './sync-tree.js';

const unfinished = '.restoring';
const clusterFile = 'cluster.json';

export interface RestoreOptions {
  readonly folder: string;
  readonly dataDir: string;
  readonly cluster: ClusterConfig;
  readonly report: (phase: string) => void;
}

export async function restore(options: RestoreOptions): Promise<BackupManifest> {
  const { folder, dataDir, cluster, report } = options;
  const there = storedData(dataDir);
  if (there.length > 0) {
    const message = `${dataDir} already has a store (${there.join(', ')}): restore into another folder`;
    throw new BazarError('conflict', message);
  }
  report('checking the files of the copy');
  const manifest = await readManifest(folder);
  const building = join(dataDir, unfinished);
  rmSync(building, { recursive: true, force: true });
  makePrivateFolder(dataDir);
  makePrivateFolder(building);
  const { catalogs, orders, recovery } = cluster;
  for (const { name } of catalogs) place(join(folder, 'catalog'), join(building, name), report);
  for (const { name } of orders) place(join(folder, 'order'), join(building, name), report);
  const members = [...catalogs, ...orders, ...recovery].map(({ name }) => name);
  await formatCluster(createNodeDisk(), building, { members, random: systemRandom });
  report('writing all files to disk');
  syncTree(building);
  moveInto(building, dataDir);
  return manifest;
}

function place(half: string, folder: string, report: (phase: string) => void): void {
  report(`restoring ${folder}`);
  cpSync(half, folder, { recursive: true, errorOnExist: true, force: false });
}

function moveInto(building: string, dataDir: string): void {
  const names = readdirSync(building).filter((name) => name !== clusterFile);
  for (const name of names) renameSync(join(building, name), join(dataDir, name));
  syncTree(dataDir, { deep: false });
  const identity = join(building, clusterFile);
  if (existsSync(identity)) renameSync(identity, join(dataDir, clusterFile));
  rmSync(building, { recursive: true, force: true });
  syncTree(dataDir, { deep: false });
}
