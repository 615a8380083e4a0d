/**
 * A primary and its synchronous standby, each with a port and, where disks can be mounted, a small disk
 * of its own. Invariant: when a fault is over, commits on the primary wait for a connected standby.
 */
import { chmodSync, chownSync, mkdirSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serverUser } from '../bench/peers/postgres-programs.js';
import { PostgresPlace, queryAt, waitForStandby } from '../test/support/postgres-place.js';
import { mountDisk, unmountDisk } from './small-disk.js';

const names = ['database-1', 'database-2'] as const;
const diskBytes = 512 * 1024 * 1024;
/** What is left when the disk is full; the server's own files still change. */
const spareBytes = 64 * 1024;
const upWithinMs = 30_000;
const pollMs = 50;
const settings = {
  max_connections: '40',
  log_min_messages: 'warning',
  log_line_prefix: '%m ',
  min_wal_size: '32MB',
  max_wal_size: '96MB',
  wal_keep_size: '64MB',
  wal_sender_timeout: '5s',
  wal_receiver_timeout: '5s',
  wal_retrieve_retry_interval: '200ms',
  wal_receiver_status_interval: '1s',
};
/** Small files of the log, so that a full disk is noticed soon. */
const initFlags = ['--wal-segsize=1'];

export interface PairOptions {
  readonly programs: string;
  /** For data and logs of the servers. */
  readonly folder: string;
  /** Of the two servers. */
  readonly ports: readonly [number, number];
  /** Mounts a disk for each server. */
  readonly mountsDisks: boolean;
}

const promotionsMax = 5;

export class DatabasePair {
  readonly places: readonly [PostgresPlace, PostgresPlace];
  readonly #options: PairOptions;
  readonly #disks: string[] = [];
  #primary: 0 | 1 = 0;
  /** No server and no disk may outlive this process. */
  readonly #endNow = (): void => {
    for (const place of this.places) place.killNow();
    for (const disk of this.#disks.splice(0)) unmountDisk(disk);
  };

  constructor(options: PairOptions) {
    this.#options = options;
    const { programs, folder, ports } = options;
    const place = (i: 0 | 1): PostgresPlace => {
      const own = { name: names[i], port: ports[i] };
      return new PostgresPlace({ programs, folder, ...own, settings, flags: initFlags });
    };
    this.places = [place(0), place(1)];
  }

  get primary(): PostgresPlace {
    return this.places[this.#primary];
  }

  get standby(): PostgresPlace {
    return this.places[this.#primary === 0 ? 1 : 0];
  }

  async open(): Promise<void> {
    const { folder, mountsDisks } = this.#options;
    const user = serverUser();
    mkdirSync(folder);
    if (user) {
      chownSync(folder, user.uid, user.gid);
      // The servers' user may pass through, and read nothing.
      chmodSync(dirname(folder), 0o711);
    }
    process.once('exit', this.#endNow);
    for (const { dataFolder } of mountsDisks ? this.places : []) {
      mkdirSync(dataFolder);
      const owner = user ? `,uid=${user.uid},gid=${user.gid}` : '';
      const refused = mountDisk(dataFolder, `size=${diskBytes},mode=0700${owner}`);
      if (refused !== undefined) throw new Error(`no disk for the database: ${refused}`);
      this.#disks.push(dataFolder);
    }
    await this.primary.init();
    await this.primary.start();
    await this.#join();
  }

  /** The standby becomes the primary, and the former primary its standby. */
  async failover(fence: 'early' | 'late', waits: boolean, forMs: number): Promise<void> {
    const [old, next] = [this.primary, this.standby];
    const names = waits ? "'*'" : "''";
    await queryAt(next.url, `ALTER SYSTEM SET synchronous_standby_names = ${names}`);
    await queryAt(next.url, 'SELECT pg_reload_conf()');
    if (fence === 'early') {
      await old.kill();
      await sleep(forMs);
    }
    await promote(next.url);
    if (fence === 'late') {
      await sleep(forMs);
      await old.kill();
    }
    this.#primary = this.#primary === 0 ? 1 : 0;
    await this.#join();
  }

  async restart(forMs: number): Promise<void> {
    await this.primary.stop('SIGINT');
    await sleep(forMs);
    await this.primary.start();
    await waitForStandby(this.primary);
  }

  async crash(forMs: number): Promise<void> {
    await this.primary.kill();
    await sleep(forMs);
    await this.primary.start();
    await waitForStandby(this.primary);
  }

  async loseStandby(forMs: number): Promise<void> {
    await this.standby.kill();
    await sleep(forMs);
    await this.standby.start();
    await waitForStandby(this.primary);
  }

  /** The primary cannot write more than a few pages; it may end meanwhile. */
  async fillDisk(forMs: number): Promise<void> {
    const { dataFolder } = this.primary;
    const { blocks, bfree, bsize } = statfsSync(dataFolder);
    const used = (blocks - bfree) * bsize;
    this.#resizeDisk(dataFolder, used + spareBytes);
    await sleep(forMs);
    this.#resizeDisk(dataFolder, diskBytes);
    await this.#isUp();
    await waitForStandby(this.primary);
  }

  async close(): Promise<void> {
    process.off('exit', this.#endNow);
    for (const place of this.places) await place.kill();
    this.#endNow();
  }

  async #join(): Promise<void> {
    await this.standby.copy(this.primary);
    await this.standby.start();
    await waitForStandby(this.primary);
  }

  #resizeDisk(place: string, bytes: number): void {
    const refused = mountDisk(place, `remount,size=${bytes}`);
    if (refused !== undefined) throw new Error(`the disk cannot be resized: ${refused}`);
  }

  /** A server whose recovery had no space has ended; one whose process crashed recovers by itself. */
  async #isUp(): Promise<void> {
    for (const endMs = performance.now() + upWithinMs; performance.now() < endMs; ) {
      if (!this.primary.runs) return this.primary.start();
      const answers = await queryAt(this.primary.url, 'SELECT 1').catch(() => []);
      if (answers.length > 0) return;
      await sleep(pollMs);
    }
    throw new Error('the primary does not answer after its disk has space again');
  }
}

/** A standby may cancel the statement that promotes it, and is promoted all the same. */
async function promote(url: string): Promise<void> {
  const waits = async (): Promise<boolean> => {
    const [row] = await queryAt<{ waits: boolean }>(url, 'SELECT pg_is_in_recovery() AS waits');
    return row?.waits === true;
  };
  for (let attempt = 1; await waits().catch(() => true); attempt++) {
    await queryAt(url, 'SELECT pg_promote()').catch((error: unknown) => {
      if (attempt === promotionsMax) throw error;
    });
  }
}
