/** `bazar doctor`: checks whether a store can run here. */
import { resolve } from 'node:path';
import type { ClusterConfig, DatabaseConfig, MemberAddresses } from '../../base/config.js';
import type { Finding } from '../doctor/finding.js';
import type { Member } from '../doctor/peers.js';
import type { ListenPoint } from '../doctor/ports.js';
import { printFindings } from '../doctor/print-findings.js';
import { checkStoreOptions, databaseConfig } from '../options/database-options.js';
import { oneServiceSpecs } from '../options/one-service-options.js';
import { integer, readValues, type Values } from '../options/options.js';
import { outputSpecs } from '../options/output-options.js';
import { membershipSpecs, upSpecs } from '../options/store-options.js';
import { defineCommand } from '../parsing/command.js';

/** Timeout of each request to a running store. */
const timeoutMs = 2_000;

/** The options of `bazar up`. The numbers of members default to those of an existing store. */
const doctorSpecs = {
  ...upSpecs,
  catalogs: asFounded('Catalog replicas'),
  orders: asFounded('Order replicas'),
  recovery: asFounded('Recovery servers'),
  peers: oneServiceSpecs.peers,
  ...outputSpecs,
} as const;

/** `knownOptions`: the options of all commands, to find misspelled environment variables. */
export const doctor = (knownOptions: () => ReadonlySet<string>) =>
  defineCommand({
    usage: 'doctor',
    describe: 'Check the machine, ports, disk and settings of a store',
    examples: [
      ['$0 doctor', 'before the first start'],
      ['$0 doctor --data-dir /srv/bazar --port-offset 1000', 'with the options of `bazar up`'],
      ['$0 doctor --store postgres://me@db/shop', 'the database, too'],
      ['$0 doctor --config /etc/bazar/store.json', 'one of several machines, which `peers` lists'],
    ],
    specs: doctorSpecs,
    async run(options, io) {
      checkStoreOptions(options);
      return printFindings(await examine(options, io.env, knownOptions()), options.json, io);
    },
  });

type DoctorOptions = Values<typeof doctorSpecs>;

function asFounded(describe: string) {
  const settings = { group: 'Store:', defaultDescription: 'as founded, or as for `bazar up`' };
  return integer(describe, { min: 0, max: 9, default: undefined }, settings);
}

async function examine(
  options: DoctorOptions,
  env: Readonly<Record<string, string | undefined>>,
  knownOptions: ReadonlySet<string>,
): Promise<Finding[]> {
  const { waitingClock } = await import('../../base/clock.js');
  const { checkClock, checkKeys, checkMemory, checkNode, checkOpenFiles } = await import(
    '../doctor/machine.js'
  );
  const { checkDisk, checkFolder } = await import('../doctor/disk.js');
  const { checkPortRange, checkPorts } = await import('../doctor/ports.js');
  const { checkPeers } = await import('../doctor/peers.js');
  const { checkDoubts } = await import('../doctor/doubts.js');
  const settings = await import('../doctor/settings.js');
  const { PidFiles } = await import('../launcher/pid-files.js');
  const { findLeftovers } = await import('../launcher/leftovers.js');
  const { askControl } = await import('../launcher/control.js');
  const dataDir = resolve(options.dataDir);
  const pids = new PidFiles(dataDir);
  const services = findLeftovers(pids).map(({ name }) => name);
  const launcher = await askControl(dataDir, { command: 'ping' }).catch(() => undefined);
  const { listenPoints, members, cluster, others } = await plan(options);
  const openFiles = checkOpenFiles();
  const database = databaseConfig(options, env);
  const elsewhere = new Set(others.map(({ name }) => name));
  const here = members.filter((name) => !elsewhere.has(name));
  const catalogs = here.filter((name) => name.startsWith('catalog-')).length;
  return [
    checkNode(process.version),
    checkMemory(members.length - others.length + options.frontends),
    ...(catalogs > 0 ? [checkKeys(options.clientKeysMax, catalogs)] : []),
    ...(openFiles ? [openFiles] : []),
    await checkClock(waitingClock),
    ...(database ? checkFolder(dataDir) : checkDisk(dataDir, waitingClock)),
    ...(database ? await examineDatabase(options, database, cluster) : []),
    ...(await checkPorts(listenPoints, (name) => services.includes(name))),
    ...(await checkPeers(others)),
    ...checkPortRange(listenPoints),
    ...settings.checkVariables(env, knownOptions),
    ...(database
      ? []
      : [
          settings.checkMembers(dataDir, members),
          ...settings.checkVoters(cluster),
          ...checkDoubts(dataDir, cluster),
        ]),
    ...settings.checkTokens(dataDir),
    settings.checkLeftovers(services, launcher !== undefined),
    await settings.checkProducts(options.productsFile),
    ...(services.length > 0 ? await examineProducts(options) : []),
  ];
}

/** A data folder may be tied to a store already. */
async function examineDatabase(
  options: DoctorOptions,
  database: DatabaseConfig,
  { catalogs, orders }: ClusterConfig,
): Promise<Finding[]> {
  const { waitingClock } = await import('../../base/clock.js');
  const { toBazarError } = await import('../../base/errors.js');
  const { problem } = await import('../doctor/finding.js');
  const { findClusterId } = await import('../../storage/identity.js');
  const { createNodeDisk } = await import('../../storage/node-disk.js');
  const { checkDatabase } = await import('../store/store-checks.js');
  const { sessionOptions } = await import('../store/target.js');
  try {
    return await checkDatabase({
      ...sessionOptions(database, waitingClock),
      replicas: { catalogs: catalogs.length, orders: orders.length },
      clusterId: await findClusterId(createNodeDisk(), resolve(options.dataDir)),
      mayInit: options.initStore,
    });
  } catch (error) {
    return [problem('database', toBazarError(error).message)];
  }
}

/** Reads the products of the running store from its first frontend. */
async function examineProducts(options: DoctorOptions): Promise<Finding[]> {
  const { BazarClient } = await import('../../client/bazar-client.js');
  const { checkStoreProducts } = await import('../doctor/products.js');
  const { frontendAddresses } = await import('../launcher/store-plan.js');
  const { waitingClock: clock } = await import('../../base/clock.js');
  const { readTrust } = await import('../options/tls-options.js');
  // Trusts the certificate itself; a certificate of another authority gives a finding.
  const tls = readTrust({ tls: false, tlsCa: options.tlsCert });
  const addresses = [frontendAddresses(1, options).raw];
  const client = new BazarClient({ addresses, timeoutMs, clock, ...(tls ? { tls } : {}) });
  return checkStoreProducts(client);
}

interface Plan {
  readonly cluster: ClusterConfig;
  /** Every port of the store on this machine. */
  readonly listenPoints: ListenPoint[];
  readonly members: string[];
  /** Members that `peers` places on other machines. */
  readonly others: readonly Member[];
}

async function plan(options: DoctorOptions): Promise<Plan> {
  const { frontendAddresses, planCluster } = await import('../launcher/store-plan.js');
  const { dialectPorts } = await import('../options/dialect-ports.js');
  const { readPeers } = await import('../options/peer-addresses.js');
  const { isHere } = await import('../doctor/peers.js');
  const peers = readPeers(options.peers);
  const cluster = planCluster({ ...options, ...(await membership(options)) }, peers);
  const { catalogs, orders, recovery } = cluster;
  const all = [...catalogs, ...orders, ...recovery];
  const isOther = ({ name, peer }: MemberAddresses): boolean => peers.has(name) && !isHere(peer);
  const others = all.filter(isOther).map(({ name, peer }) => ({ name, address: peer }));
  const listenPoints: ListenPoint[] = all
    .filter((member) => !isOther(member))
    .flatMap(({ name, service, peer }) => [
      // A recovery server has one port alone.
      ...(service === peer ? [] : [{ name, address: service }]),
      { name, address: peer },
    ]);
  for (let n = 1; n <= options.frontends; n++) {
    const { http, raw } = frontendAddresses(n, options);
    const dialects = dialectPorts(options.dialectPort, options.host, n);
    const addresses = [http, raw, ...dialects.map(({ address }) => address)];
    listenPoints.push(...addresses.map((address) => ({ name: `frontend-${n}`, address })));
  }
  return { cluster, listenPoints, members: all.map(({ name }) => name), others };
}

/** Numbers of members: from the options, else of the existing store, else the defaults of `up`. */
async function membership(options: DoctorOptions): Promise<Values<typeof membershipSpecs>> {
  const { foundedMembers } = await import('../doctor/settings.js');
  const inFolder = foundedMembers(resolve(options.dataDir));
  // The members of a store in a database are not fixed.
  const founded = options.store === undefined ? inFolder : 'none yet';
  const byDefault = readValues(membershipSpecs, []);
  const founders = (kind: string): number | undefined =>
    typeof founded === 'string'
      ? undefined
      : founded.filter((name) => name.startsWith(`${kind}-`)).length;
  return {
    catalogs: options.catalogs ?? founders('catalog') ?? byDefault.catalogs,
    orders: options.orders ?? founders('order') ?? byDefault.orders,
    recovery: options.recovery ?? founders('recovery'),
  };
}
