import { execFileSync } from 'node:child_process';
import t from 'tap';
import { inliningOptions } from '../../src/base/inlining.js';

t.test('the V8 of this Node knows the options, and inlines less by itself', async (t) => {
  const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  for (const [name, bytes] of Object.entries(inliningOptions)) {
    const [, usual] =
      new RegExp(`--${name} \\([^]*?default: (?:--${name}=)?(\\d+)`).exec(known) ?? [];
    t.ok(Number(usual) < bytes, `${name}: ${usual}`);
  }
});
