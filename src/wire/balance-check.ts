/** Compares the stock after the last movement of each product with the catalog's. Pure. */

/** A product's stock after its last movement. */
export type Balance = readonly [id: number, available: number, reserved: number];

/**
 * One sentence for each product whose stock in the catalog is not that after its last movement. Without
 * movements at all there is nothing to compare.
 */
export function balanceProblems(
  books: Iterable<{
    readonly id: number;
    readonly name: string;
    readonly stock: number;
    readonly reserved?: number;
  }>,
  balances: Iterable<Balance>,
): string[] {
  const known = new Map([...books].map((book) => [book.id, book]));
  const problems: string[] = [];
  const recorded = new Set<number>();
  for (const [id, available, held] of balances) {
    recorded.add(id);
    const book = known.get(id);
    if (!book) {
      problems.push(`product ${id} has movements, but the catalog never had it`);
      continue;
    }
    const { name, stock, reserved = 0 } = book;
    if (stock === available && reserved === held) continue;
    const found = `available ${stock} and reserved ${reserved}`;
    problems.push(
      `product ${id} (${name}): ${found}, but ${available} and ${held} by the movements`,
    );
  }
  for (const { id, name, stock, reserved = 0 } of known.values()) {
    // The ledger began with what each product had.
    if (recorded.size === 0 || recorded.has(id) || (stock === 0 && reserved === 0)) continue;
    problems.push(`product ${id} (${name}): available ${stock}, but it has no movement`);
  }
  return problems;
}
