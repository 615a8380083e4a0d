/** What a table of products has: the columns that are read and written, and in which order. */
export const columns = [
  'id',
  'name',
  'topic',
  'price',
  'quantity',
  'restock_to',
  'version',
] as const;
export type Column = (typeof columns)[number];

export const formats = ['csv', 'json'] as const;
export type Format = (typeof formats)[number];

/** What may stand between two fields. */
export const delimiters = [',', ';', 'tab', '|'] as const;
export type Delimiter = (typeof delimiters)[number];

export function delimiterText(delimiter: Delimiter): string {
  return delimiter === 'tab' ? '\t' : delimiter;
}
