/** Compares the stock after the last movement of each product with the catalog's. Pure. */

/** A product's stock after its last movement. */
export type Balance = readonly [id: number, available: number, reserved: number];

/** How the last movements differ from the stock of the catalog. */
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
  for (const [id, available, held] of balances) {
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
  return problems;
}
