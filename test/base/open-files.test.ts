/** How many sessions the limit of descriptors allows. */
import t from 'tap';
import { sessionLimits } from '../../src/base/limits.js';
import { descriptorsKept, openFilesMax, sessionPlaces } from '../../src/base/open-files.js';

t.test('sessions leave descriptors for files and other services', async (t) => {
  for (const openFiles of [256, 1_024, 4_096]) {
    const { frontend, service, handshakes } = sessionPlaces(openFiles);
    t.equal(frontend, openFiles - descriptorsKept, `a frontend with ${openFiles}`);
    const ofMember = service + handshakes;
    t.ok(ofMember <= openFiles - descriptorsKept, `a member with ${openFiles}: ${ofMember}`);
  }
});

t.test('some sessions are admitted under any limit', async (t) => {
  for (const openFiles of [0, 64, 128]) {
    for (const places of Object.values(sessionPlaces(openFiles))) t.ok(places > 0);
  }
});

t.test('with a high or unknown limit the limits of the store apply', async (t) => {
  const { sessionsMax, handshakesMax } = sessionLimits;
  const all = { frontend: sessionsMax, service: sessionsMax, handshakes: handshakesMax };
  t.same(sessionPlaces(Number.POSITIVE_INFINITY), all);
  t.same(sessionPlaces(1_000_000), all);
});

t.test('the soft limit counts', async (t) => {
  t.equal(openFilesMax('Max open files            1024                 524288'), 1_024);
  t.equal(openFilesMax('Max open files            unlimited  unlimited'), Number.POSITIVE_INFINITY);
  t.equal(openFilesMax(''), undefined);
});
