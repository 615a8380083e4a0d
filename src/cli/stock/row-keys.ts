/** The names and ids of the rows so far, because a file must not have two rows for one product. */
import { textKey } from '../../base/product-text.js';
import type { WantedProduct } from './csv-rows.js';

export class RowKeys {
  readonly #names = new Map<string, number>();
  readonly #ids = new Map<number, number>();

  /** Returns the conflict with an earlier row; otherwise records the row. */
  clash({ id, name }: WantedProduct, line: number): string | undefined {
    const [byName, byId] = [
      name === undefined ? undefined : this.#names.get(textKey(name)),
      id === undefined ? undefined : this.#ids.get(id),
    ];
    if (byName !== undefined) return `"${name}" is already on line ${byName}`;
    if (byId !== undefined) return `id ${id} is already on line ${byId}`;
    if (name !== undefined) this.#names.set(textKey(name), line);
    if (id !== undefined) this.#ids.set(id, line);
    return undefined;
  }
}
