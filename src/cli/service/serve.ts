/**
 * The entry of a service process made by the launcher: it takes its order as the first message,
 * runs the service and says when it is ready. It outlives its launcher; only signals stop it.
 */
import { runService } from './run-service.js';
import type { ServiceOrder } from './service-order.js';

// Node's inspector runs any code: no signal may open it.
process.on('SIGUSR1', () => {});
process.once('message', (order) => {
  // The launcher of the same build is the only one that has this channel.
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

/** Resolves when the launcher has the message, or cannot have it. */
function tellLauncher(message: object): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected || !process.send) resolve();
    else process.send(message, () => resolve());
  });
}
