/** The systemd unit on the page about several machines. */
import t from 'tap';
import { Machine, readPage } from './page-commands.js';

t.test('the unit restricts what a service may do, and never gives up', async (t) => {
  const unit = readPage('operations/systemd/bazar@.service');
  t.match(unit, /^StartLimitIntervalSec=0$/m);
  t.match(unit, /^Restart=always$/m);
  const machine = new Machine(t, '127.44.19');
  const asked = await machine.run('command -v systemd-analyze || true');
  if (asked.out === '') return t.comment('there is no systemd-analyze here');
  const path = 'modules/bazar/docs/operations/systemd/bazar@.service';
  const { out, err } = await machine.run(`systemd-analyze security --offline=true ${path}`);
  const [, exposure] = /Overall exposure level for \S+: ([\d.]+)/.exec(out) ?? [];
  if (exposure === undefined) return t.comment(`an older systemd: ${err}`);
  t.ok(Number(exposure) <= 3, `${exposure}`);
});
