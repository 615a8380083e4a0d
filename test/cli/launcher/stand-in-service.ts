/**
 * Stands in for a service process: takes its order, writes down what happens to it in
 * `DATA/life.log`, and behaves as `DATA/NAME.behaviour` says.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Order {
  readonly kind: string;
  readonly config: { readonly name: string; readonly dataDir: string; readonly repair?: boolean };
}

process.on('SIGINT', () => {});
process.on('disconnect', () => {});
process.once('message', (message) => {
  const { name, dataDir, repair } = (message as Order).config;
  const note = (event: string): void => {
    appendFileSync(join(dataDir, 'life.log'), `${event} ${name}\n`);
  };
  const behaviour = readBehaviour(join(dataDir, `${name}.behaviour`));
  note('start');
  console.error(`hello from ${name}`);
  process.on('SIGTERM', () => {
    note('stop');
    process.exit(0);
  });
  // Keeps the process alive as a listener would.
  setInterval(() => {}, 60_000);
  if (behaviour === 'heap is full') {
    console.error(
      'FATAL ERROR: Reached heap limit Allocation failed - heap out of memory\n 1: 0xb7',
    );
    process.abort();
  }
  if (behaviour === 'die') {
    const err = { message: 'no reason', stack: 'Error: no reason\n    at nowhere' };
    console.error(JSON.stringify({ level: 50, msg: 'cannot go on', err }));
    process.exit(3);
  }
  const [, reason] = /^fail: (.*)$/s.exec(behaviour) ?? [];
  if (reason !== undefined) {
    const code = reason.includes('corrupt') ? 'corruption' : 'unavailable';
    process.send?.({ type: 'failed', code, reason }, () => process.exit(1));
  } else if (behaviour !== 'never ready') {
    note('ready');
    if (repair) appendFileSync(join(dataDir, 'life.log'), `ready ${name} with repair\n`);
    process.send?.({ type: 'ready' }, () => process.disconnect());
  }
});

function readBehaviour(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
