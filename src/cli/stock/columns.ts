/** The columns of a table of products that can be read and written, in their order. */
export const columns = [
  'id',
  'name',
  'topic',
  'price',
  'quantity',
  'restock_to',
  'limit_quantity',
  'limit_window_seconds',
  'version',
] as const;
export type Column = (typeof columns)[number];

export const formats = ['csv', 'json'] as const;
export type Format = (typeof formats)[number];

/** The possible delimiters between two fields. */
export const delimiters = [',', ';', 'tab', '|'] as const;
export type Delimiter = (typeof delimiters)[number];

export function delimiterText(delimiter: Delimiter): string {
  return delimiter === 'tab' ? '\t' : delimiter;
}
