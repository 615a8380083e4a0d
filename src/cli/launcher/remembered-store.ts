/**
 * The addresses of the last start of a data folder: `run/store.json`, written by the launcher. With
 * it, commands that get only the data folder find the frontends and the logs.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Address, formatAddress, parseAddress } from '../../base/address.js';
import { makePrivateFolder } from '../../base/folders.js';
import { withoutPasswords } from '../../database/connection-url.js';
import { folderId } from './pid-files.js';
import { frontendAddresses, type StoreOptions } from './store-plan.js';

export interface RememberedStore {
  readonly host: string;
  readonly portOffset: number;
  readonly logDir: string;
  /** Addresses by frontend name. */
  readonly frontends: ReadonlyMap<string, Address>;
  /** Without the password. */
  readonly database?: { readonly url: string; readonly schema: string } | undefined;
}

/** Replaces a wildcard listen address by a loopback address, to which a client can connect. */
const reachable: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

export function rememberStore(dataDir: string, options: StoreOptions): void {
  const { host, portOffset, logDir, store, storeSchema: schema } = options;
  const frontends = Array.from({ length: options.frontends }, (_none, i) => {
    return { name: `frontend-${i + 1}`, raw: formatAddress(frontendAddresses(i + 1, options).raw) };
  });
  makePrivateFolder(join(dataDir, 'run'));
  const place = { host, port_offset: portOffset, log_dir: resolve(logDir) };
  const database =
    store === undefined ? {} : { database: { url: withoutPasswords(store), schema } };
  // The folder id makes the file invalid in a copy of the data folder.
  const content = { ...place, frontends, folder: folderId(dataDir), ...database };
  const draft = `${fileIn(dataDir)}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  renameSync(draft, fileIn(dataDir));
}

/** Undefined if no launcher of this build ran on the folder, or if the file cannot be read. */
export function rememberedStore(dataDir: string): RememberedStore | undefined {
  try {
    const { host, port_offset, log_dir, frontends, folder, database } = JSON.parse(
      readFileSync(fileIn(dataDir), 'utf8'),
    );
    if (folder !== folderId(dataDir)) return undefined;
    const known = new Map<string, Address>();
    for (const { name, raw } of frontends) {
      const address = parseAddress(raw);
      if (address) known.set(String(name), reached(address));
    }
    const own = reachable[host] ?? String(host);
    return {
      host: own,
      portOffset: Number(port_offset),
      logDir: String(log_dir),
      frontends: known,
      ...(database ? { database: { url: `${database.url}`, schema: `${database.schema}` } } : {}),
    };
  } catch {
    return undefined;
  }
}

function reached({ host, port }: Address): Address {
  return { host: reachable[host] ?? host, port };
}

function fileIn(dataDir: string): string {
  return join(dataDir, 'run', 'store.json');
}
