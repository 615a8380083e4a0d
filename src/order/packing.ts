/**
 * Packs the order book. While a segment is written, each batch is padded to whole blocks, so a
 * single order takes 8 KiB. A job rewrites closed segments without padding, one at a time, and
 * swaps them in (docs/PROTOCOL.md, R10).
 */
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logging.js';
import { Upkeep } from '../group/upkeep.js';
import type { JobsPool } from '../pool/jobs-pool.js';
import type { SegmentedJournal } from '../storage/journal.js';

const everyMs = 2_000;

export interface PackingOptions {
  readonly journal: SegmentedJournal;
  readonly jobs: JobsPool;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function packSegments({ journal, jobs, clock, logger }: PackingOptions): Upkeep {
  return new Upkeep({
    name: 'packing a segment',
    look() {
      const padded = journal.closedSegments().find(({ layout }) => layout === 'padded');
      if (!padded) return undefined;
      return async (signal) => {
        const module = new URL('./pack-job.js', import.meta.url);
        const { path } = padded;
        const packed = (await jobs.run(module, 'packSegment', { path }, { signal })) as string;
        await journal.adoptRewritten(packed);
        logger.debug({ packed }, 'segment packed');
      };
    },
    ...{ everyMs, clock, logger },
  });
}
