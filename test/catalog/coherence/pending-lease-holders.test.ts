import t from 'tap';
import { Roll } from '../../../src/catalog/coherence/pending-lease-holders.js';

/** The state machine has applied the registration of these, to which the test may add. */
function build(...applied: string[]) {
  const roll = new Roll({
    isRegistered: (process) => applied.includes(process),
    registered: () => applied.map((process) => [process, 'frontend-1'] as const),
  });
  return { roll, applied };
}

t.test('a registration counts when it is applied, for it may find no room', async (t) => {
  const { roll, applied } = build();
  roll.note(5, ['register', 'p', 'frontend-1']);
  t.equal(roll.has('p'), false);
  roll.note(5, ['register', 'q', 'frontend-1']);
  applied.push('p');
  roll.applied(5);
  t.equal(roll.has('p'), true);
  t.equal(roll.has('q'), false);
});

t.test('who is to be struck off is not on the roll, wherever the log says so', async (t) => {
  const { roll } = build('p');
  t.equal(roll.has('p'), true);
  roll.note(5, ['deregister', 'p']);
  t.equal(roll.has('p'), false);
  roll.note(7, ['register', 'p', 'frontend-1']);
  roll.applied(6);
  t.equal(roll.has('p'), false, 'the later registration is not applied yet');
  roll.applied(7);
  t.equal(roll.has('p'), true);
});

t.test('an earlier word that is told late does not replace a later one', async (t) => {
  const { roll } = build('p');
  roll.note(7, ['deregister', 'p']);
  roll.note(5, ['register', 'p', 'frontend-1']);
  roll.applied(6);
  t.equal(roll.has('p'), false);
  roll.applied(9);
  roll.note(8, ['deregister', 'p']);
  t.equal(roll.has('p'), true, 'the state machine knows what is applied');
});

t.test('from the decision to strike it off a process must register anew', async (t) => {
  const { roll } = build('p');
  roll.strike('p');
  t.equal(roll.has('p'), false);
  roll.keep('p');
  t.equal(roll.has('p'), true);
  roll.strike('p');
  roll.note(5, ['register', 'p', 'frontend-1']);
  roll.applied(5);
  t.equal(roll.has('p'), false, 'a registration from before the decision is no new one');
  roll.note(6, ['deregister', 'p']);
  roll.note(7, ['register', 'p', 'frontend-1']);
  roll.keep('p');
  t.equal(roll.has('p'), false, 'what the log has is not taken back');
  roll.applied(7);
  t.equal(roll.has('p'), true);
});

t.test('everybody is whom the log names and does not strike off last', async (t) => {
  const { roll } = build('p', 'q', 's');
  roll.note(5, ['deregister', 'q']);
  roll.note(6, ['register', 'r', 'frontend-1']);
  roll.note(7, ['cursor', 1]);
  roll.note(8, ['deregister', 's']);
  roll.note(9, ['register', 's', 'frontend-1']);
  t.same([...roll.everybody()].sort(), ['p', 'r', 's']);
});

t.test(
  'after an epoch that the log lacks nobody is surely gone who was struck off before',
  async (t) => {
    const { roll } = build('p', 'q');
    roll.note(5, ['deregister', 'p']);
    roll.gap();
    roll.note(6, ['deregister', 'q']);
    t.same([...roll.everybody()], ['p']);
  },
);
