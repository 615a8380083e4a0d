/**
 * Spreadsheets run a cell as a formula if it begins with certain characters. An export puts an
 * apostrophe before such a text, and an import removes it (OWASP, CSV Injection).
 * Invariant: `restoreCell(escapeCell(text))` is `text`, for every text.
 */

/** Counts apostrophes too, so that a text keeps its own leading apostrophe. */
const formula = /^'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
const escapedFormula = /^'+[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

export function escapeCell(text: string): string {
  return formula.test(text) ? `'${text}` : text;
}

export function restoreCell(cell: string): string {
  return escapedFormula.test(cell) ? cell.slice(1) : cell;
}
