import t from 'tap';
import { Waiters } from '../../src/group/waiters.js';

function build() {
  const waiters = new Waiters<string>();
  const told: string[] = [];
  const proposal = (name: string) => ({
    command: new Uint8Array(),
    appended: undefined,
    resolve: ({ seq, result }: { seq: number; result: string }) =>
      told.push(`${name}: ${seq} ${result}`),
    reject: () => told.push(`${name}: lost`),
  });
  const reader = (name: string) => ({
    resolve: (seq: number) => told.push(`${name}: ${seq}`),
    reject: () => told.push(`${name}: no position`),
  });
  return { waiters, told, proposal, reader };
}

t.test('a lost lead rejects all proposals in log order, once', async (t) => {
  const { waiters, told, proposal } = build();
  const seqs = Array.from({ length: 100 }, (_none, i) => i + 1);
  for (const seq of seqs) waiters.appended(seq, proposal(`${seq}`));
  waiters.applied(1, 'sold');
  waiters.leadLost();
  waiters.leadLost();
  waiters.applied(2, 'late');
  t.same(told, ['1: 1 sold', ...seqs.slice(1).map((seq) => `${seq}: lost`)]);
});

t.test('a stop rejects all waiting proposals and reads', async (t) => {
  const { waiters, told, proposal, reader } = build();
  waiters.appended(5, proposal('proposal'));
  waiters.asked([reader('asked'), reader('asked with it')]);
  waiters.answered(waiters.asked([reader('ahead')]), 9, 4, 0);
  waiters.answered(waiters.asked([reader('reached')]), 4, 4, 0);
  waiters.close();
  waiters.close();
  t.same(told, [
    'reached: 4',
    'proposal: lost',
    'asked: no position',
    'asked with it: no position',
    'ahead: no position',
  ]);
});
