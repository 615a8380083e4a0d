/** Stock for a load: the requested number of products, each with more units than any run can sell. */
import { writeFileSync } from 'node:fs';

/** The most that a product may have (docs/CONFIGURATION.md). */
export const fullStock = 1_000_000_000;

const topicCount = 100;

/** The topic of the product with id 1. */
export const firstTopic = 'topic 0';

/** Ids are 1 … count. */
export function writeProducts(file: string, count: number, topics = topicCount): void {
  const products = Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    name: `Product ${String(index + 1).padStart(6, '0')}`,
    topic: `topic ${index % topics}`,
    price: 19.9,
    quantity: fullStock,
  }));
  writeFileSync(file, JSON.stringify({ products }));
}
