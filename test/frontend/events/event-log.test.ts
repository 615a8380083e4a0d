/** The kept events: ids without gaps, going on after a pause, and a reset where that cannot be. */
import t from 'tap';
import { EventLog } from '../../../src/frontend/events/event-log.js';

function filled(count: number): EventLog {
  const log = new EventLog('life');
  for (let id = 1; id <= count; id++) log.add('stock', { id });
  log.invariants();
  return log;
}

const ids = (text: string): string[] =>
  [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id ?? '');

t.test('an event is encoded in the stream’s format', async (t) => {
  const log = new EventLog('life');
  log.add('stock', { id: 8, quantity: 3 });
  t.same(log.since(0), {
    through: 1,
    text: 'id: life-1\nevent: stock\ndata: {"id":8,"quantity":3}\n\n',
  });
});

t.test('a listener that reconnects gets exactly the events that it missed', async (t) => {
  const log = filled(5);
  t.same(ids(log.resume('life-3').text), ['life-4', 'life-5']);
  t.equal(log.resume('life-3').through, 5);
  t.equal(log.resume('life-5').text, '', 'nothing missed');
});

t.test(
  'a listener that missed too much, or comes from another run, is told to reset',
  async (t) => {
    const log = filled(1_100);
    t.equal(ids(log.resume('life-76').text).length, 1_024, 'all that is kept');
    for (const strange of ['life-75', 'other-1090', 'life-9999', 'life-', 'life', '', 'life-1e3']) {
      const { through, text } = log.resume(strange);
      t.equal(text, 'id: life-1100\nevent: reset\ndata: {}\n\n', strange);
      t.equal(through, 1_100);
    }
  },
);

t.test('a new listener may get the history of service events, and no other events', async (t) => {
  const log = filled(3);
  log.add('leader', { leader: 'order-3' });
  for (let id = 0; id < 2_000; id++) log.add('stock', { id });
  t.equal(log.begin(false).text, '');
  t.same(ids(log.begin(true).text), ['life-4'], 'although it is long gone from the other log');
  for (let n = 0; n < 300; n++) log.add('fault', { n });
  t.equal(ids(log.begin(true).text).length, 256);
  log.invariants();
});
