/** `bazar up`: starts the whole store on this machine, in the foreground or in the background. */
import { join, resolve } from 'node:path';
import { formatAddress } from '../../base/address.js';
import { BazarError, toBazarError } from '../../base/errors.js';
import { withoutPasswords } from '../../database/connection-url.js';
import type { StoreOptions } from '../launcher/store-plan.js';
import { checkStoreOptions, databaseConfig } from '../options/database-options.js';
import { environmentName, type Values } from '../options/options.js';
import { outputSpecs } from '../options/output-options.js';
import { logDirOf, logSettings, upSpecs } from '../options/store-options.js';
import { exitCodes, UsageError } from '../output/exit-codes.js';
import type { Io } from '../output/io.js';
import { defineCommand } from '../parsing/command.js';

/** Marks the launcher that `--detach` starts in the background. */
const inFront = '--no-detach';

/** Warnings that the launcher passes on to the command that started it. */
const warningsMax = 100;

type UpOptions = StoreOptions & Values<typeof outputSpecs>;

export const up = defineCommand({
  usage: 'up',
  describe: 'Start the whole store on this machine',
  examples: [
    ['$0 up', 'two catalogs, three orders, one recovery server, one frontend'],
    ['$0 up --detach --frontends 2', 'in the background; `bazar down` stops it'],
    ['$0 up --data-dir /srv/bazar --restock-every 0', 'another data folder, no restocks'],
    ['$0 up --store postgres://me@db/shop --init-store', 'in PostgreSQL instead of journals'],
  ],
  specs: { ...upSpecs, ...outputSpecs },
  stays: true,
  async run(options, io) {
    checkStoreOptions(options);
    const store = { ...options, logDir: options.logDir ?? logDirOf(options.dataDir) };
    if (store.fresh && !(await mayForget(store, io))) return exitCodes.error;
    return store.detach ? startBehind(store, io) : startInFront(store, io);
  },
});

async function startInFront(store: UpOptions, io: Io): Promise<number> {
  const { launch } = await import('../launcher/launcher.js');
  const { tellParent } = await import('../launcher/detach.js');
  const { withoutWarnings } = await import('../launcher/start-failure.js');
  const { waitingClock } = await import('../../base/clock.js');
  const log = await launcherLog(store, io);
  try {
    const openings = await addresses(store);
    await launch({
      store,
      database: databaseConfig(store, io.env),
      clock: waitingClock,
      interrupted: io.interrupted(),
      report: log.report,
      onReady() {
        if (!log.isBehind) io.out(openings);
        tellParent({ type: 'ready', warnings: log.warnings() });
      },
    });
    return exitCodes.ok;
  } catch (thrown) {
    const error = toBazarError(thrown);
    const message = error.cause instanceof Error ? error.cause.message : error.message;
    tellParent({ type: 'failed', code: error.code, message });
    log.failed(message);
    // A JSON error has all reasons. In text, the warnings have already been printed.
    if (store.json || log.isBehind || !(thrown instanceof BazarError)) throw thrown;
    const { code, details } = thrown;
    throw new BazarError(code, withoutWarnings(message, log.warnings()), { details });
  } finally {
    log.close();
  }
}

interface LauncherLog {
  /** The launcher runs in the background; it sends messages to the command that started it. */
  readonly isBehind: boolean;
  report(line: string, level?: 'warn'): void;
  /** The warnings so far. */
  warnings(): readonly string[];
  /** Only logs the reason: the caller prints it. */
  failed(reason: string): void;
  close(): void;
}

/** The launcher writes to its own log, and in the foreground to standard error as well. */
async function launcherLog(store: UpOptions, io: Io): Promise<LauncherLog> {
  const { keepSmall } = await import('../../base/log-file.js');
  const { createLogger } = await import('../../base/logging.js');
  const { systemClock } = await import('../../base/clock.js');
  const settings = logSettings(store, join(resolve(store.logDir), 'launcher.log'));
  const logger = createLogger('launcher', settings);
  const turning = settings.file && keepSmall(settings.file, systemClock);
  // Another program may also start `bazar up` with a channel, hence the second condition.
  const isBehind = process.connected === true && process.argv.includes(inFront);
  const warnings: string[] = [];
  return {
    isBehind,
    warnings: () => warnings,
    report(line, level) {
      logger[level ?? 'info']({}, line);
      if (level === 'warn' && warnings.length < warningsMax) warnings.push(line);
      if (!isBehind) io.err(`${line}\n`);
    },
    failed: (reason) => logger.error({}, reason),
    close: () => turning?.cancel(),
  };
}

async function startBehind(store: UpOptions, io: Io): Promise<number> {
  const { detach } = await import('../launcher/detach.js');
  const [, entry = '', ...args] = process.argv;
  // A later flag overrides an earlier one. The URL may have a password, which a process list would show.
  const again = args.filter((arg, at) => {
    return !/^--(?:detach\b|store(?:=|$))/.test(arg) && args[at - 1] !== '--store';
  });
  const url = store.store === undefined ? {} : { [environmentName('store')]: store.store };
  const { pid, warnings } = await detach(entry, [...again, inFront, '--yes'], {
    logDir: store.logDir,
    env: { ...process.env, ...url },
  });
  for (const line of warnings) io.err(`${line}\n`);
  io.out(await addresses(store));
  io.err(`the launcher runs in the background (pid ${pid}); bazar down stops the store\n`);
  return exitCodes.ok;
}

async function addresses(store: UpOptions): Promise<string> {
  const { frontendAddresses } = await import('../launcher/store-plan.js');
  const { frontends, dataDir, logDir, json } = store;
  const shown = Array.from({ length: frontends }, (_none, i) => {
    const { http, raw } = frontendAddresses(i + 1, store);
    const [url, address] = [`http://${formatAddress(http)}`, formatAddress(raw)];
    return { name: `frontend-${i + 1}`, http: url, raw: address };
  });
  const url = store.store && withoutPasswords(store.store);
  if (json) {
    const database = url === undefined ? {} : { store: url, store_schema: store.storeSchema };
    const opened = { frontends: shown, data_dir: dataDir, log_dir: logDir, ...database };
    return `${JSON.stringify(opened)}\n`;
  }
  const lines = shown.map(({ name, http, raw }) => `  ${name}  ${http}  raw ${raw}`);
  if (url !== undefined) lines.push(`  store ${url}  schema ${store.storeSchema}`);
  return ['the store is open', ...lines, `  data ${dataDir}  logs ${logDir}`, ''].join('\n');
}

/** Asks for confirmation on a terminal. Without a terminal --yes is required. */
async function mayForget(store: StoreOptions, io: Io): Promise<boolean> {
  const { storedData } = await import('../launcher/fresh.js');
  if (store.yes || storedData(store.dataDir).length === 0) return true;
  if (!io.terminal || io.stdin.isTTY !== true) {
    throw new UsageError(`--fresh deletes all data in ${store.dataDir}: add --yes to confirm`);
  }
  const { confirm } = await import('@clack/prompts');
  const answer = await confirm({
    message: `Delete all products, stock and orders in ${store.dataDir}?`,
    initialValue: false,
  });
  return answer === true;
}
