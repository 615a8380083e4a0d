/**
 * Runs one service in this process until it gets a stop signal or fails: handles its pid file, its
 * signals and its exit. The launcher's services and manually started services use the same code.
 */
import { systemClock } from '../../base/clock.js';
import { makePrivateFolder } from '../../base/folders.js';
import { keepSmall } from '../../base/log-file.js';
import { createLogger, type Logger } from '../../base/logging.js';
import { switchOff } from '../../base/optimisations.js';
import { setStorePorts } from '../../net/store-ports.js';
import { PidFiles } from '../launcher/pid-files.js';
import { keepPrivate } from './keep-private.js';
import type { ServiceOrder } from './service-order.js';
import { startService } from './start-service.js';

export interface RunOptions {
  /** On a terminal Ctrl-C also reaches the launcher, which stops its services in order. */
  readonly ignoreInterrupt: boolean;
  /** Runs before the service starts; its failure is that of the start. */
  prepare?(logger: Logger): Promise<void>;
  onReady(): void;
  /** The reason of a failure in one line, and the error's code. The log has both, too. */
  onFailure?(reason: string, code: string): void;
}

/** Resolves to the exit code when the service has ended. */
export async function runService(order: ServiceOrder, options: RunOptions): Promise<number> {
  const { name, dataDir, log } = order.config;
  const logger = createLogger(name, log);
  tellOfCrashes(logger);
  const turning = log.file && keepSmall(log.file, systemClock);
  const asked = askedToStop(options.ignoreInterrupt);
  const pids = new PidFiles(dataDir);
  const failed = (error: unknown, message: string): number => {
    logger.error(isExpected(error) ? brief(error) : { err: error }, message);
    const code = isExpected(error) ? String(error.code) : 'internal';
    options.onFailure?.(error instanceof Error ? error.message : String(error), code);
    return 1;
  };
  const startedMs = systemClock.nowMs();
  try {
    makePrivateFolder(dataDir);
    keepPrivate(dataDir, name);
    switchOff(order.config.without ?? []);
    setStorePorts(order.config.storePorts ?? []);
    pids.claim(name, process.pid);
    process.title = `bazar ${order.kind} --id ${name}`;
    const { without = [] } = order.config;
    logger.info({ node: process.version, ...(without.length > 0 ? { without } : {}) }, 'starts');
    await options.prepare?.(logger);
    const service = await startService(order);
    service.ready.then(
      () => {
        const tookMs = Math.round(systemClock.nowMs() - startedMs);
        logger.info({ tookMs }, 'is ready to serve');
        options.onReady();
      },
      () => {
        // `failed` has the reason.
      },
    );
    const failure = await Promise.race([service.failed, asked]);
    if (failure instanceof Error) return failed(failure, 'the service failed');
    logger.info({ signal: failure }, 'stopping');
    await service.stop();
    logger.info({}, 'stopped');
    return 0;
  } catch (error) {
    return failed(error, 'the service could not start');
  } finally {
    turning?.cancel();
    pids.release(name, process.pid);
  }
}

/** Errors of the system have a code and a clear message; a program fault also needs its stack. */
function isExpected(error: unknown): error is Error & { readonly code: unknown } {
  return error instanceof Error && 'code' in error;
}

function brief({ code, message }: Error & { readonly code: unknown }): Record<string, unknown> {
  return { code, reason: message };
}

/** Node prints the reason to standard error and ends the process. This adds it to the log. */
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
