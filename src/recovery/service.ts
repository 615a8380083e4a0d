/**
 * A recovery server: a voter that keeps the log of each of its groups for members that are down, and
 * sends it to them when they return (docs/PROTOCOL.md, 1). It applies no entries, serves no customers,
 * never leads, and treats snapshots as bytes. Each group has its own state.
 */
import { join } from 'node:path';
import { required } from '../base/assert.js';
import { type Clock, systemClock } from '../base/clock.js';
import type { RecoveryConfig, RunningService } from '../base/config.js';
import { wireLimits } from '../base/limits.js';
import { createLogger } from '../base/logging.js';
import { sessionPlaces } from '../base/open-files.js';
import { ProcessMetrics } from '../base/process-metrics.js';
import { type LogFolder, openLog, openOwnFolder } from '../group/folder.js';
import { type GroupName, groupsOf, idleWarning } from '../group/membership.js';
import { authenticatedHandler } from '../net/handshake.js';
import { RpcServer } from '../net/rpc-server.js';
import { peerTransport } from '../net/tls-transport.js';
import { openRecoveryMember, type RecoveryMember } from './recovery-member.js';

export async function startRecovery(config: RecoveryConfig): Promise<RunningService> {
  const clock: Clock = systemClock;
  const logger = createLogger(config.name, config.log);
  const own = await openOwnFolder(config);
  const members = new Map<string, RecoveryMember>();
  const groups = groupsOf(config.cluster, config.name);
  // All groups share one folder and one mark: the server is a learner until the last group has admitted
  // it (A8).
  const learning = new Set(groups);
  const metrics = new ProcessMetrics(config.name, clock);
  const logs: [GroupName, LogFolder][] = [];
  for (const group of groups) {
    const keepAll = group === 'order';
    const log = own.identity.log(group);
    const options = { log, keepAll, repair: config.repair, alone: false, logger };
    logs.push([group, await openLog(join(own.path, group), options)]);
  }
  // Only now is it known whether one of them is damaged; then all take part as learners.
  for (const [group, log] of logs) {
    const admitted = async (): Promise<void> => {
      learning.delete(group);
      await (learning.size === 0 ? own.identity.admit() : own.identity.log(group).admitted());
    };
    const options = { config, group, log, own, clock, logger, admitted };
    members.set(group, await openRecoveryMember({ ...options, process: () => metrics.samples() }));
  }
  const handshakes = [...members.values()].map((member) => member.handshake);
  const server = new RpcServer({
    newHandler: () =>
      authenticatedHandler(handshakes, (_session, peer, group) =>
        required(members.get(group), `the log of ${group}`).handler(peer),
      ),
    clock,
    logger,
    trusted: false,
    frameBytesMax: wireLimits.publicFrameBytesMax,
    handshakesMax: sessionPlaces().handshakes,
  });
  const address = config.cluster.recovery.find(({ name }) => name === config.name);
  if (handshakes.length > 0) {
    const transport = peerTransport(config.clusterTls);
    await server.listen(transport, required(address, `address of ${config.name}`).peer);
  } else {
    logger.warn({}, idleWarning(config.name));
  }
  return {
    name: config.name,
    ready: Promise.resolve(),
    failed: Promise.race([...members.values()].map((member) => member.failed)),
    async stop() {
      await server.drain();
      metrics.stop();
      for (const member of members.values()) await member.close();
      own.release();
    },
  };
}
