/**
 * The entry of a service process that the launcher starts. It receives its order as the first
 * message, runs the service and reports when it is ready. It continues without its launcher; only
 * signals stop it.
 */
import { runService } from './run-service.js';
import type { ServiceOrder } from './service-order.js';

// Node's inspector can run any code, so a signal must not open it.
process.on('SIGUSR1', () => {});
process.once('message', (order) => {
  // Only a launcher has this channel, so the message needs no check. The launcher may be of an earlier
  // version, which restarts services after an upgrade: settings that it does not send are absent.
  void serve(order as ServiceOrder);
});
process.on('disconnect', () => {});

async function serve(order: ServiceOrder): Promise<void> {
  let told = Promise.resolve();
  const code = await runService(order, {
    ignoreInterrupt: true,
    onReady() {
      if (!process.connected || !process.send) return;
      process.send({ type: 'ready' }, () => {
        if (process.connected) process.disconnect();
      });
    },
    onFailure(reason, code) {
      told = tellLauncher({ type: 'failed', code, reason });
    },
  });
  await told;
  process.exit(code);
}

/** Resolves when the launcher has received the message, or cannot receive it. */
function tellLauncher(message: object): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected || !process.send) resolve();
    else process.send(message, () => resolve());
  });
}
