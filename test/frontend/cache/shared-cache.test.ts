import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { cacheLimits } from '../../../src/base/limits.js';
import { newCounters } from '../../../src/frontend/cache/counters.js';
import { SharedCache } from '../../../src/frontend/cache/shared-cache.js';
import { inSession } from '../in-session.js';
import type { HammerOptions, HammerReport } from '../shared-cache-hammer.js';

const hammers = 4;

function build() {
  const versions = inSession(3);
  const counters = newCounters();
  const cache = new SharedCache(versions, counters);
  const put = (id: number, text: string): void => {
    cache.put(id, Buffer.from(text), versions.sight(versions.idBucket(id)));
  };
  const textOf = (id: number): string | undefined => {
    const found = cache.find(id);
    return found && Buffer.from(found.encoded).toString();
  };
  return { versions, counters, cache, put, textOf };
}

t.test('a stored product is found, for any length and any id', async (t) => {
  const { put, textOf } = build();
  for (const [id, length] of [
    [1, 1],
    [2, 90],
    [2 ** 32 + 2, 231],
    [2 ** 40, 232],
  ] as const) {
    put(id, 'x'.repeat(length));
    t.equal(textOf(id)?.length, length);
  }
  t.equal(textOf(2)?.length, 90, 'an id with the same lower half is another');
  t.equal(textOf(3), undefined);
});

t.test('an invalidation makes a product stale, and a product stored later is found', async (t) => {
  const { versions, counters, put, textOf } = build();
  put(8, 'old');
  versions.invalidate(versions.idBucket(8), 2);
  t.equal(textOf(8), undefined);
  put(8, 'new');
  t.equal(textOf(8), 'new');
  t.match(counters, { shared_hits: 1, shared_misses: 1, shared_stale: 1, shared_fills: 2 });
});

t.test('an older product does not replace a newer one', async (t) => {
  const { versions, cache, put, textOf } = build();
  const before = versions.sight(versions.idBucket(8));
  versions.invalidate(versions.idBucket(8), 2);
  put(8, 'new');
  cache.put(8, Buffer.from('old'), before);
  t.equal(textOf(8), 'new');
});

t.test('entries of an earlier session are not found', async (t) => {
  const { versions, put, textOf } = build();
  put(8, 'old');
  versions.endSession();
  t.equal(textOf(8), undefined);
});

t.test('a product that is too long for a slot is not stored', async (t) => {
  const { put, textOf } = build();
  put(8, 'x'.repeat(233));
  t.equal(textOf(8), undefined);
});

t.test('the memory is bounded; of too many products most of the newest remain', async (t) => {
  const { cache, put, textOf } = build();
  t.equal(cache.buffer.byteLength, cacheLimits.sharedBytes);
  for (let id = 1; id <= 100_000; id++) put(id, `${id}`);
  const last = Array.from({ length: 10_000 }, (_, place) => 90_001 + place);
  const found = last.filter((id) => textOf(id) === `${id}`);
  const missing = last.filter((id) => textOf(id) === undefined);
  t.equal(found.length + missing.length, last.length, 'none is another one');
  t.ok(found.length > 9_000, `${found.length} of 10,000`);
});

t.test('threads that read and write the same slots never read half a product', async (t) => {
  const versions = inSession(3);
  const { buffer } = new SharedCache(versions, newCounters());
  const reports = await Promise.all(
    Array.from({ length: hammers }, async (_, index): Promise<HammerReport> => {
      const workerData: HammerOptions = { index, versions: versions.buffer, shared: buffer };
      const worker = new Worker(new URL('../shared-cache-hammer.js', import.meta.url), {
        workerData,
      });
      const [report] = await once(worker, 'message');
      return report as HammerReport;
    }),
  );
  for (const { torn } of reports) t.equal(torn, 0);
  const found = reports.reduce((sum, report) => sum + report.found, 0);
  t.ok(found > 10_000, `${found} products were read whole`);
});
