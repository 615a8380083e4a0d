/** What a table of products has: the columns that are read and written, and in which order. */
export const columns = ['id', 'name', 'topic', 'price', 'quantity'] as const;
export type Column = (typeof columns)[number];

export const formats = ['csv', 'json'] as const;
export type Format = (typeof formats)[number];
