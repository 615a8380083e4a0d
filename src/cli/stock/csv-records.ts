/**
 * Splits CSV into records, each with the line on which it starts. A record with a stray quote is
 * reported, and reading continues. After an unclosed quote the rest cannot be parsed, and reading
 * stops. Does not depend on the columns.
 */
import { type CsvError, parse } from 'csv-parse';
import { LineIndex } from './line-index.js';

/** Limits the text that an unclosed quote can consume. */
const recordCharactersMax = 64 * 1024;

export type CsvRecord =
  | { readonly line: number; readonly fields: readonly string[] }
  | { readonly line: number; readonly problem: string };

interface Parsed {
  readonly record: readonly string[];
  readonly raw: string;
}

export async function* csvRecords(
  text: AsyncIterable<Buffer>,
  delimiter: string,
): AsyncGenerator<CsvRecord> {
  const ready: CsvRecord[] = [];
  const lines = new LineIndex();
  const parser = parse({
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    raw: true,
    trim: true,
    relax_column_count: true,
    skip_records_with_error: true,
    max_record_size: recordCharactersMax,
    on_record(parsed, { bytes }) {
      const { record, raw } = parsed as unknown as Parsed;
      // For a record that ends in CR LF this offset is one byte too high, which is still the same
      // line.
      ready.push({ line: lines.lineAt(bytes - Buffer.byteLength(raw)), fields: record });
      return null;
    },
    on_skip(error, raw = '') {
      const line = lines.lineAt(Number(error?.bytes ?? 0));
      if (error?.code === 'INVALID_OPENING_QUOTE') {
        const last = ready.at(-1);
        // The parser reports each quote of the record; keep the first.
        if (last?.line !== line || !('problem' in last)) ready.push({ line, problem: strayQuote });
        return undefined;
      }
      ready.push({
        line,
        problem: `${fatalProblem(error, raw)}; the rest of the file was not read`,
      });
      throw error;
    },
  });
  // The callbacks also receive the errors.
  parser.on('error', () => {}).resume();
  try {
    for await (const piece of text) {
      lines.add(piece);
      await new Promise<void>((resolve) => parser.write(piece, () => resolve()));
      yield* ready.splice(0);
      if (parser.destroyed) return;
    }
    await new Promise<void>((resolve) => parser.end(() => resolve()));
    yield* ready.splice(0);
  } finally {
    parser.destroy();
  }
}

const strayQuote = 'a field has a quote but does not begin with one';

function fatalProblem(error: CsvError | undefined, raw: string): string {
  const isQuoting = (raw.split('"').length - 1) % 2 === 1;
  switch (error?.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'a quote opens here and is never closed';
    case 'CSV_MAX_RECORD_SIZE':
      return isQuoting
        ? `a quote opens here and is not closed within ${recordCharactersMax} characters`
        : `a row has more than ${recordCharactersMax} characters`;
    case 'CSV_INVALID_CLOSING_QUOTE':
    case 'CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE':
      return 'a quote opens here, and text follows the next quote';
    default:
      return error?.message ?? 'not CSV';
  }
}
