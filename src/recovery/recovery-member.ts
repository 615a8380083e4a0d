/**
 * One group's log at a recovery server: the group's host without a state machine, over its own journal.
 * The leader sends snapshots as bytes, and the log before them is dropped.
 */
import { type Clock, every } from '../base/clock.js';
import type { RecoveryConfig } from '../base/config.js';
import { BazarError } from '../base/errors.js';
import type { Logger } from '../base/logging.js';
import type { MetricSample } from '../base/metric-table.js';
import { systemRandom } from '../base/random.js';
import { advised, doubtOf, type LogFolder, type OwnFolder, refuseGap } from '../group/folder.js';
import { GroupHost } from '../group/host.js';
import { MemberHandler } from '../group/member-handler.js';
import { MemberMetrics } from '../group/member-metrics.js';
import { type GroupName, membership } from '../group/membership.js';
import { MeteredJournal } from '../group/metered-journal.js';
import { RpcPeers } from '../group/rpc-peers.js';
import { newestMark } from '../group/snapshot-files.js';
import type { HandshakeOptions, Identity } from '../net/handshake.js';
import type { RpcHandler } from '../net/rpc-session.js';
import { peerTransport } from '../net/tls-transport.js';
import { shorten } from './shortening.js';

const lookEveryMs = 10_000;

export interface RecoveryMemberOptions {
  readonly config: RecoveryConfig;
  readonly group: GroupName;
  /** This group's part of the folder. */
  readonly log: LogFolder;
  readonly own: OwnFolder;
  /** This group has admitted the learner; durable when it resolves. */
  readonly admitted: () => Promise<void>;
  /** The metrics of the process, which are shared by all its groups. */
  readonly process: () => readonly MetricSample[];
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface RecoveryMember {
  readonly handshake: HandshakeOptions;
  readonly failed: Promise<Error>;
  handler(peer: Identity): RpcHandler;
  close(): Promise<void>;
}

export async function openRecoveryMember(options: RecoveryMemberOptions): Promise<RecoveryMember> {
  const { config, group, log, own, clock, logger } = options;
  const { name, cluster, clusterToken, minCopies } = config;
  const { clusterId, incarnation, learner } = own.identity;
  const handshake: HandshakeOptions = {
    identity: { role: 'recovery', id: name, incarnation },
    cluster: clusterId,
    group,
    token: clusterToken,
    clock,
    random: systemRandom,
  };
  const { replicas, recoveryServers } = membership(cluster, group);
  const members = [...replicas, ...recoveryServers].map(({ name: id, peer: address }) => ({
    id,
    address,
  }));
  const peers = new RpcPeers({
    ...{ id: name, members, handshake, clock, logger },
    transport: peerTransport(config.clusterTls),
    random: systemRandom,
  });
  const base = await advised(log, newestMark(log.snapshots));
  refuseGap(log, base);
  const shortening = shorten(log, { base, everyBytes: config.snapshotEveryBytes });
  const journal = new MeteredJournal(log.journal, clock);
  const metrics = new MemberMetrics(name, group, journal.syncs);
  const host = new GroupHost<never>({
    id: name,
    voters: replicas.map((replica) => replica.name),
    recoveryServers: recoveryServers.map((recoveryServer) => recoveryServer.name),
    learner,
    doubt: doubtOf(log, base),
    journal,
    machine: undefined,
    gated: false,
    admitted: options.admitted,
    snapshots: group === 'catalog' ? shortening.port : undefined,
    ...{ base, incarnation, clock, logger, peers, minCopies },
  });
  await host.start();
  const looking = every(clock, lookEveryMs, () => {
    if (group === 'catalog' && shortening.isDue()) host.fetchSnapshot();
  });
  const handler = new MemberHandler({
    status: () => host.status(),
    nominate: (leader) => host.nominate(leader),
    // A recovery server never leads.
    attended: () => {},
    pid: process.pid,
    clock,
    metrics: () => [...metrics.samples(host.status()), ...options.process()],
  });
  return {
    handshake,
    failed: host.failed,
    handler: (peer) => ({
      request(_session, method, params, reply) {
        if (handler.request(method, params, reply)) return;
        throw new BazarError('unknown_method', `a recovery server does not answer "${method}"`);
      },
      notification: (session, method, params) => {
        peers.notification(session, peer, method, params);
      },
      closed: (session) => peers.closed(session, peer),
    }),
    async close() {
      looking.cancel();
      peers.close();
      host.stop();
      await log.journal.close();
    },
  };
}
