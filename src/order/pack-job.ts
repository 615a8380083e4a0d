/**
 * A job: rewrites one closed segment of the order book without padding.
 */
import { rewriteWithoutPadding } from '../storage/compaction.js';
import { createNodeDisk } from '../storage/node-disk.js';

export function packSegment({ path }: { readonly path: string }): Promise<string> {
  return rewriteWithoutPadding(createNodeDisk(), path);
}
