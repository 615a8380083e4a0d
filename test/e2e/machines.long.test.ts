/** The commands of MACHINES run, as far as one machine allows. Starts a store. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Machine, readPage, shellBlocks } from './page-commands.js';
import { until } from './until.js';

const testTimeoutMs = 240_000;
const openMs = 120_000;

/** Elsewhere loopback has one address alone. */
const skip = process.platform !== 'linux';

t.test('a store on three machines starts by the commands of its page', { skip }, async (t) => {
  t.setTimeout(testTimeoutMs);
  const machine = new Machine(t, '127.44.17');
  const blocks = shellBlocks(readPage('operations/MACHINES.md'));
  const look = blocks.findIndex((block) => block.includes('bazar status'));
  for (const block of blocks.slice(0, look)) {
    if (block.includes('rm -r /root/founded')) bringToOthers(machine);
    const { code, out, err } = await machine.run(block);
    t.equal(code, 0, `${block}${out}${err}`);
  }
  await startOthers(machine);
  const { out } = await until(
    'the store is open',
    async () => {
      const ran = await machine.run(blocks[look] ?? '');
      const isOpen = ran.code === 0 && /order-\d +order +replica +leader/.test(ran.out);
      if (!isOpen) throw new Error(`exit code ${ran.code}: ${ran.out}${ran.err}`);
      return ran;
    },
    openMs,
  );
  for (const name of ['catalog-1', 'catalog-2', 'order-1', 'order-2', 'order-3', 'recovery-1']) {
    t.match(out, new RegExp(`^${name} `, 'm'));
  }
  t.match(out, /is ready to serve/, 'the journal has the logs');
  const bought = await machine.run('bazar buy Tux --address 10.0.0.1:8181');
  t.match(bought, { code: 0, out: /ORDER/ }, bought.err);
});

/** Does what the commands with scp do. */
function bringToOthers({ folder }: Machine): void {
  for (const n of [2, 3]) {
    cpSync(join(folder, `root/founded/m${n}`), join(folder, `machine-${n}`), { recursive: true });
  }
}

async function startOthers(machine: Machine): Promise<void> {
  const unit = join(machine.folder, 'etc/systemd/system/bazar@.service');
  const config = readFileSync(join(machine.folder, 'etc/bazar/store.json'), 'utf8');
  const own = readFileSync(unit, 'utf8');
  for (const [n, names] of [
    [2, 'bazar@catalog-2 bazar@order-2 bazar@frontend-2'],
    [3, 'bazar@recovery-1 bazar@order-3'],
  ] as const) {
    const path = join(machine.folder, `store-${n}.json`);
    const host = (of: number): string => machine.place(`"host": "10.0.0.${of}"`);
    writeFileSync(path, config.replace(host(1), host(n)));
    const data = join(machine.folder, `machine-${n}`);
    const ofOther = own
      .replaceAll('/etc/bazar/store.json', path)
      .replaceAll('/var/lib/bazar', data);
    writeFileSync(unit, ofOther);
    await machine.run(`systemctl enable --now ${names}`);
  }
}
