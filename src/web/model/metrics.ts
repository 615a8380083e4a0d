/** Reads the text that Prometheus reads (its exposition format 0.0.4). Pure. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const escapes: Readonly<Record<string, string>> = { n: '\n', '"': '"', '\\': '\\' };

/** Comments and lines that make no sense are passed over. */
export function parseMetrics(text: string): Sample[] {
  return text.split('\n').flatMap((one) => {
    const [, name, labels = '', value = ''] = line.exec(one) ?? [];
    if (name === undefined) return [];
    const number = numberOf(value);
    return Number.isNaN(number) ? [] : [{ name, labels: labelsOf(labels), value: number }];
  });
}

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(label)].map(([, name = '', value = '']) => [
      name,
      value.replace(/\\(.)/g, (_all, escaped: string) => escapes[escaped] ?? escaped),
    ]),
  );
}

function numberOf(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  return Number(text);
}
