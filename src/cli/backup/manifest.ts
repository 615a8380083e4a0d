/**
 * The manifest of a copy: its contents, and the length and the digest of each file. It is written
 * last, so a folder without a manifest is an incomplete copy.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { BazarError } from '../../base/errors.js';
import { createNodeDisk } from '../../storage/node-disk.js';

export const manifestName = 'backup.json';
const format = 1;

export interface BackupFile {
  /** Relative to the copy, with `/` on every system. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface BackupContent {
  /** Wall-clock time, for display. */
  readonly made_at: string;
  readonly catalog: {
    readonly from: string;
    readonly seq: number;
    readonly epoch: number;
    readonly products: number;
    readonly sales: number;
    readonly state: string;
  };
  readonly order: {
    readonly from: string;
    readonly seq: number;
    readonly orders: number;
    readonly cancellations?: number;
  };
}

export interface BackupManifest extends BackupContent {
  readonly format: typeof format;
  readonly files: readonly BackupFile[];
}

/** Resolves when the manifest is durable. */
export async function writeManifest(
  folder: string,
  content: BackupContent,
): Promise<BackupManifest> {
  const files: BackupFile[] = [];
  for (const path of filesIn(folder)) files.push(await describe(folder, path));
  const manifest: BackupManifest = { format, ...content, files };
  const text = `${JSON.stringify(manifest, undefined, 2)}\n`;
  await createNodeDisk().replace(join(folder, manifestName), Buffer.from(text));
  return manifest;
}

/** Rejects if the folder is not a copy or a file differs from the manifest; names the file. */
export async function readManifest(folder: string): Promise<BackupManifest> {
  const path = join(folder, manifestName);
  if (!existsSync(path)) {
    throw new BazarError(
      'not_found',
      `${folder} is not a copy of a store: it has no ${manifestName}`,
    );
  }
  const manifest = parse(path);
  const there = new Set(filesIn(folder));
  for (const file of manifest.files) {
    if (!there.has(file.path)) throw damaged(folder, file.path, 'is missing');
    const found = await describe(folder, file.path);
    if (found.sha256 !== file.sha256) throw damaged(folder, file.path, 'has been changed');
  }
  return manifest;
}

function parse(path: string): BackupManifest {
  let value: Partial<BackupManifest>;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new BazarError('internal', `${path} cannot be read`, { cause });
  }
  if (value.format !== format || !Array.isArray(value.files)) {
    throw new BazarError('internal', `${path} has another version`);
  }
  return value as BackupManifest;
}

function damaged(folder: string, path: string, how: string): BazarError {
  return new BazarError('internal', `${join(folder, path)} ${how}: this copy cannot be restored`);
}

/** All files but the manifest itself. */
function filesIn(folder: string): string[] {
  const names = readdirSync(folder, { withFileTypes: true, recursive: true });
  return names
    .filter((name) => name.isFile())
    .map((name) => relative(folder, join(name.parentPath, name.name)).split(sep).join('/'))
    .filter((path) => path !== manifestName)
    .sort();
}

async function describe(folder: string, path: string): Promise<BackupFile> {
  const full = join(folder, path);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(full)) hash.update(chunk as Buffer);
  return { path, bytes: statSync(full).size, sha256: hash.digest('hex') };
}
