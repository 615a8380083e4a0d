import { execFileSync, spawnSync } from 'node:child_process';
import t from 'tap';
import { inlineLongChains, inliningOptions } from '../../src/gateway/inlining.js';

t.test('the V8 of this Node knows the options, and inlines less by itself', async (t) => {
  const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  for (const [name, bytes] of Object.entries(inliningOptions)) {
    const [, usual] =
      new RegExp(`--${name} \\([^]*?default: (?:--${name}=)?(\\d+)`).exec(known) ?? [];
    t.ok(Number(usual) < bytes, `${name}: ${usual}`);
  }
});

t.test('they are set as V8 reads them', async (t) => {
  const set: string[] = [];
  inlineLongChains((option) => set.push(option));
  t.same(set, ['--max-inlined-bytecode-size-cumulative=4000', '--max-inlined-bytecode-size=1000']);
  const options = { encoding: 'utf8' } as const;
  const module = new URL('../../src/gateway/inlining.js', import.meta.url);
  const run = `import(${JSON.stringify(module.href)}).then((it) => it.inlineLongChains())`;
  t.match(spawnSync(process.execPath, ['-e', run], options), { status: 0, stderr: '' });
});
