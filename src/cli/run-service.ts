/**
 * Runs one service in this process until it is told to stop or fails: its pid file, its signals,
 * its end. The same for a service of the launcher and for one started by hand.
 */
import { mkdir } from 'node:fs/promises';
import { systemClock } from '../base/clock.js';
import { keepSmall } from '../base/log-file.js';
import { createLogger, type Logger } from '../base/logging.js';
import { PidFiles } from './launcher/pid-files.js';
import { type ServiceOrder, startService } from './service-order.js';

export interface RunOptions {
  /** A terminal's Ctrl-C reaches the launcher too, and the launcher stops its services in order. */
  readonly ignoreInterrupt: boolean;
  onReady(): void;
}

/** Resolves to the exit code when the service has ended. */
export async function runService(order: ServiceOrder, options: RunOptions): Promise<number> {
  const { name, dataDir, log } = order.config;
  const logger = createLogger(name, log);
  tellOfCrashes(logger);
  const turning = log.file && keepSmall(log.file, systemClock);
  const asked = askedToStop(options.ignoreInterrupt);
  await mkdir(dataDir, { recursive: true });
  const pids = new PidFiles(dataDir);
  pids.claim(name, process.pid);
  process.title = `bazar ${order.kind} --id ${name}`;
  const startedMs = systemClock.nowMs();
  logger.info({ pid: process.pid, node: process.version }, 'starts');
  try {
    const service = await startService(order);
    service.ready.then(
      () => {
        const tookMs = Math.round(systemClock.nowMs() - startedMs);
        logger.info({ tookMs }, 'is ready to serve');
        options.onReady();
      },
      () => {
        // `failed` tells why.
      },
    );
    const failure = await Promise.race([service.failed, asked]);
    if (failure instanceof Error) {
      logger.error({ err: failure }, 'the service failed');
      return 1;
    }
    logger.info({ signal: failure }, 'stopping');
    await service.stop();
    logger.info({}, 'stopped');
    return 0;
  } catch (error) {
    logger.error({ err: error }, 'the service could not start');
    return 1;
  } finally {
    turning?.cancel();
    pids.release(name, process.pid);
  }
}

/** Node says why on standard error and ends the process; whoever reads the log should see it too. */
function tellOfCrashes(logger: Logger): void {
  process.on('uncaughtExceptionMonitor', (error) => {
    logger.error({ err: error }, 'the process crashes: this is a fault of the program');
  });
}

function askedToStop(ignoreInterrupt: boolean): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.on('SIGTERM', resolve);
    for (const signal of ['SIGINT', 'SIGHUP'] as const) {
      process.on(signal, ignoreInterrupt ? () => {} : resolve);
    }
  });
}
