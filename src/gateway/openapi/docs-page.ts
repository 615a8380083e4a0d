/**
 * Renders the API description as a page: one document without scripts, readable offline, on a phone
 * and by a screen reader. It shows only what the description contains.
 */
import type { Json } from './parts.js';

interface Reference {
  readonly $ref?: string;
}

interface Operation {
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters: readonly (Json & Reference)[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema: Json }>> };
  readonly responses: Readonly<Record<string, Json & Reference>>;
  readonly security?: readonly Json[];
}

export function docsPage(document: Json): string {
  const { info, tags, paths, components } = document as unknown as {
    readonly info: {
      readonly title: string;
      readonly version: string;
      readonly description: string;
    };
    readonly tags: readonly { readonly name: string; readonly description: string }[];
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
    readonly components: Json;
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const sections = tags.map(({ name, description }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name));
    const shown = own.map((each) => article(each.path, each.method, each.operation, document));
    return `<section><h2 id="${name}">${name}</h2><p>${text(description)}</p>${shown.join('')}</section>`;
  });
  const schemas = Object.entries(components.schemas as Readonly<Record<string, Json>>).map(
    ([name, schema]) => `<h3 id="schema-${name}">${name}</h3>${schemaBlock(schema)}`,
  );
  const links = tags.map(({ name }) => `<a href="#${name}">${name}</a>`).join(' ');
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<title>${text(info.title)} API</title><style>${style}</style></head><body>`,
    `<header><h1>${text(info.title)} API <small>${text(info.version)}</small></h1>`,
    `<p>${text(info.description)}</p>`,
    `<nav aria-label="Sections">${links} <a href="#schemas">schemas</a>`,
    ' <a href="/openapi.json">openapi.json</a> <a href="/">the store</a></nav></header>',
    `<main>${sections.join('')}<section><h2 id="schemas">schemas</h2>${schemas.join('')}</section>`,
    '</main></body></html>',
  ].join('');
}

function article(path: string, method: string, operation: Operation, document: Json): string {
  const { summary, parameters, requestBody, responses, security } = operation;
  const body = Object.values(requestBody?.content ?? {}).map(
    ({ schema }) => `<h4>Body</h4>${schemaBlock(schema)}`,
  );
  const name = `${method.toUpperCase()} ${path}`;
  return [
    `<article><h3><code class="${method}">${method.toUpperCase()}</code> <code>${text(path)}</code>`,
    `${security ? ' <em>token</em>' : ''}</h3><p>${text(summary)}</p>`,
    `<details><summary>Request and answers<span class="hidden"> of ${text(name)}</span></summary>`,
    '<h4>Parameters</h4>',
    table(parameters.map((each) => parameterRow(resolve(each, document)))),
    ...body,
    '<h4>Answers</h4>',
    table(Object.entries(responses).map((each) => answerRow(...each, document))),
    '</details></article>',
  ].join('');
}

function parameterRow(parameter: Json): string[] {
  const { name, description, schema } = parameter;
  const about = description ?? (schema as Json).description ?? '';
  return [`<code>${text(name)}</code>`, text(parameter.in), text(about), inline(schema as Json)];
}

function answerRow(status: string, response: Json & Reference, document: Json): string[] {
  const whole = resolve(response, document);
  const content = Object.entries((whole.content ?? {}) as Readonly<Record<string, Json>>);
  const shown = content.map(([media, { schema }]) =>
    media === 'application/json' ? inline(schema as Json) : text(media),
  );
  return [`<code>${status}</code>`, text(response.description ?? whole.description), ...shown];
}

/** The part that a reference points to. */
function resolve(part: Json & Reference, document: Json): Json {
  if (part.$ref === undefined) return part;
  const steps = part.$ref.split('/').slice(1);
  return steps.reduce<Json>((at, step) => at[step] as Json, document);
}

/** A schema in one word if that suffices, else in full. */
function inline(schema: Json): string {
  if (typeof schema.$ref === 'string') return schemaLink(schema.$ref);
  const data = (schema.properties as Readonly<Record<string, Json>> | undefined)?.data;
  if (data) return `data: ${inline(data)}`;
  if (schema.items) return `list of ${inline(schema.items as Json)}`;
  const { description: _description, ...rest } = schema;
  return `<code>${text(JSON.stringify(rest))}</code>`;
}

function schemaLink(reference: string): string {
  const name = text(reference.split('/').at(-1));
  return `<a href="#schema-${name}">${name}</a>`;
}

function schemaBlock(schema: Json): string {
  const json = text(JSON.stringify(schema, null, 2));
  const linked = json.replace(/&quot;#\/components\/schemas\/(\w+)&quot;/g, (_all, name: string) =>
    schemaLink(name),
  );
  return `<pre tabindex="0">${linked}</pre>`;
}

function table(rows: readonly string[][]): string {
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`);
  return `<table><tbody>${body.join('')}</tbody></table>`;
}

function text(value: unknown): string {
  const escapes: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return String(value ?? '').replace(/[&<>"]/g, (character) => escapes[character] ?? character);
}

const style = `
:root{color-scheme:light dark;--line:#8886;--mark:#0a6c5d}
@media(prefers-color-scheme:dark){:root{--mark:#5cd6c0}}
body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}
h1 small{font-weight:400;font-size:1rem}
h2{text-transform:capitalize;border-bottom:1px solid var(--line);margin-top:2.5rem}
nav a{margin-right:.75rem;display:inline-block}a{color:var(--mark)}
article{border:1px solid var(--line);border-radius:.5rem;padding:.25rem 1rem;margin:.75rem 0}
article h3{margin:.5rem 0;overflow-wrap:anywhere}article p{margin:.25rem 0}
h3 code:first-child{font-weight:700;color:var(--mark)}h3 em{font-size:.8rem;font-weight:400}
table{border-collapse:collapse;width:100%;display:block;overflow-x:auto}
td{border-top:1px solid var(--line);padding:.3rem .6rem;vertical-align:top}
pre{overflow-x:auto;background:#8881;padding:.75rem;border-radius:.5rem;font-size:.85rem}
summary{cursor:pointer;padding:.25rem 0}
.hidden{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
`;
