/**
 * The benefit of the caches: hit rates while customers buy, a hot item, sold-out products, and pages of
 * a topic.
 */
import type { Bench, Fact, Report, Scenario } from '../bench.js';
import { measureInTurn } from '../measure.js';
import { runMixture } from '../mixed.js';
import { Picks } from '../picks.js';
import { firstTopic } from '../products.js';
import { LoadSession, type RunResult, type Shape, type Target } from '../session.js';
import { itemRequest } from '../template.js';
import {
  echoes,
  hotProduct,
  lookups,
  ownProducts,
  purchases,
  soldOutPurchases,
  topicPages,
} from '../workloads.js';
import { cacheOf, hitRate } from './lookups.js';

const items = 10_000;
/** 95 look-ups, 5 purchases. */
const every = 20;
const connections = 50;
/** So that each item was requested and bought several times. */
const warmUpAnswers = 10 * items;
const mixedAnswers = 10 * items;
const mixedMsMax = 25_000;
const manyWorkers = 10;
const shape: Shape = { connections, depth: 1 };
const topicProducts = 1_000;
const pageItems = 20;

export const hitRates: Scenario = {
  name: 'hit-rate',
  about: 'the cache while 5 % of the requests are purchases, over 10,000 items',
  async run(bench) {
    const { workers } = bench.settings.store;
    const facts: Fact[] = [];
    const problems: string[] = [];
    for (const threads of new Set([workers, manyWorkers])) {
      const { target } = await bench.store({ products: items, workers: threads });
      const { rate, answers, errors } = await measureHitRate(bench, target);
      facts.push({ what: `answers with ${threads} threads`, value: answers, unit: '' });
      facts.push(...rate.map((fact) => ({ ...fact, what: `${fact.what}, ${threads} threads` })));
      problems.push(
        ...[...errors].map(([code, count]) => `${threads} threads: ${count} × ${code}`),
      );
      await bench.stopAll();
    }
    return { rows: [], facts, problems };
  },
};

async function measureHitRate(bench: Bench, target: Target) {
  const picks = Picks.uniform(items);
  const mixture = {
    mostly: { template: itemRequest('lookup'), picks },
    rarely: { template: itemRequest('buy', { quantity: 1 }), picks },
    every,
  };
  const ends = { connections, runMsMax: bench.settings.quick ? mixedMsMax / 5 : mixedMsMax };
  await runMixture(target, mixture, { ...ends, answersMin: warmUpAnswers });
  const before = await cacheOf(target);
  const run = await runMixture(target, mixture, { ...ends, answersMin: mixedAnswers });
  const rate = hitRate(before, await cacheOf(target));
  bench.progress(`${run.answers} answers, ${rate[0]?.value.toFixed(2)} % hits`);
  return { ...run, rate };
}

export const hotItem: Scenario = {
  name: 'hot-item',
  about: 'one item bought by 50 connections while 50 others read it, beside the buyers alone',
  async run(bench) {
    const { target } = await bench.store({ products: 10 });
    const picks = Picks.always(1);
    const buyers = await LoadSession.open(target, shape, purchases(picks));
    const readers = await LoadSession.open(target, shape, lookups(picks));
    const { rounds, quick, timing } = bench.settings;
    const [alone, bought, read]: RunResult[][] = [[], [], []];
    for (let round = quick ? 1 : -2; round <= rounds; round++) {
      const before = await buyers.run(timing);
      const [buys, reads] = await Promise.all([buyers.run(timing), readers.run(timing)]);
      bench.progress(
        `run ${round}: ${rate(before)} purchases/s alone, ${rate(buys)} beside ${rate(reads)} reads/s`,
      );
      if (round < 1) continue;
      alone?.push(before);
      bought?.push(buys);
      read?.push(reads);
    }
    buyers.close();
    readers.close();
    return {
      rows: [],
      facts: [
        fact('purchases/s alone', alone),
        fact('purchases/s beside the readers', bought),
        fact('reads/s beside the buyers', read),
      ],
      problems: [...(alone ?? []), ...(bought ?? []), ...(read ?? [])].flatMap(({ errors }) =>
        Object.entries(errors).map(([code, count]) => `${count} × ${code}`),
      ),
    };
  },
};

export const soldOut: Scenario = {
  name: 'sold-out',
  about: 'purchases of more than there is, refused from the cache, beside cached look-ups',
  async run(bench): Promise<Report> {
    const echoTarget = await bench.helper('echo-server');
    const { target } = await bench.store();
    const picks = Picks.always(hotProduct);
    const subjects = [
      { what: 'byte echo', target: echoTarget, workload: echoes() },
      { what: 'look-up, one item', target, workload: lookups(picks) },
      { what: 'refusal, one item', target, workload: soldOutPurchases(picks) },
      { what: 'refusal, 17 items', target, workload: soldOutPurchases(Picks.uniform(ownProducts)) },
    ];
    const { rows, problems } = await measureInTurn(bench, shape, subjects, 'echo');
    return { rows, facts: [], problems };
  },
};

export const topicSearch: Scenario = {
  name: 'topic-search',
  about: 'the first page of 20 of a topic of 1,000 products, from the cache',
  async run(bench): Promise<Report> {
    const { target } = await bench.store({ products: topicProducts, topics: 1 });
    const workload = topicPages(firstTopic, pageItems);
    const subjects = [{ what: 'first page', target, workload }];
    const { rows, problems } = await measureInTurn(bench, shape, subjects, undefined);
    return { rows, facts: [], problems };
  },
};

function rate({ ratePerSecond }: RunResult): string {
  return Math.round(ratePerSecond).toLocaleString('en');
}

function fact(what: string, runs: readonly RunResult[] = []): Fact {
  const rates = runs.map(({ ratePerSecond }) => ratePerSecond).sort((a, b) => a - b);
  return { what, value: Math.round(rates[Math.floor((rates.length - 1) / 2)] ?? 0), unit: '' };
}
