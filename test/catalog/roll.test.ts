import t from 'tap';
import { Roll } from '../../src/catalog/roll.js';

/** The state machine has applied the registration of `applied`. */
function build(applied: readonly string[] = []): Roll {
  return new Roll({
    isRegistered: (process) => applied.includes(process),
    registered: () => applied.map((process) => [process, 'frontend-1'] as const),
  });
}

t.test('who is registered by an uncommitted entry is not on the roll', async (t) => {
  const roll = build();
  roll.note(5, ['register', 'p', 'frontend-1']);
  t.equal(roll.lacks('p'), false);
  t.equal(roll.has('p', 4), false);
  t.equal(roll.has('p', 5), true);
});

t.test('a later word of the log counts, applied or not', async (t) => {
  const roll = build(['p']);
  t.equal(roll.has('p', 0), true);
  roll.note(5, ['deregister', 'p']);
  t.equal(roll.has('p', 9), false);
  t.equal(roll.lacks('p'), true);
  roll.note(6, ['register', 'p', 'frontend-1']);
  t.equal(roll.has('p', 9), true);
});

t.test('from the decision to strike it off a process must register anew', async (t) => {
  const roll = build(['p']);
  roll.strike('p');
  t.equal(roll.has('p', 9), false);
  t.equal(roll.lacks('p'), true);
  roll.keep('p');
  t.equal(roll.has('p', 9), true);
  roll.strike('p');
  roll.note(5, ['deregister', 'p']);
  roll.note(6, ['register', 'p', 'frontend-1']);
  roll.keep('p');
  t.equal(roll.has('p', 6), true, 'what the log has is not taken back');
});

t.test('what is applied the state machine knows', async (t) => {
  const roll = build();
  roll.note(5, ['register', 'p', 'frontend-1']);
  roll.applied(4);
  t.equal(roll.isUndecided('p'), true);
  roll.applied(5);
  t.equal(roll.isUndecided('p'), false);
});

t.test('everybody is whom the log names at all', async (t) => {
  const roll = build(['p', 'q']);
  roll.note(5, ['deregister', 'q']);
  roll.note(6, ['register', 'r', 'frontend-1']);
  roll.note(7, ['cursor', 1]);
  t.same([...roll.everybody()].sort(), ['p', 'q', 'r']);
});
