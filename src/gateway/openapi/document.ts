/**
 * The API description (OpenAPI 3.1), generated from the route tables and the schemas that check
 * requests, so that it always matches the behaviour. Pure. Loaded on the first request.
 */
import { STATUS_CODES } from 'node:http';
import type { TSchema } from '#typebox';
import type { HttpRoute } from '../http-route.js';
import type { AnswerDoc, RouteDoc } from '../route-doc.js';
import {
  answerHeaders,
  failureTexts,
  type Json,
  namedSchemas,
  requestHeaders,
  tags,
} from './parts.js';
import { bodyOf, queryParameters, referring } from './request-schemas.js';

const jsonType = 'application/json';

/** Contains only described routes; `version` is the program's. */
export function openApiDocument(routes: readonly HttpRoute[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const { doc } = route;
    if (!doc) continue;
    const path = route.url.replace(/:(\w+)/g, '{$1}');
    const methods = paths[path] ?? {};
    methods[route.method.toLowerCase()] = operation(route, doc);
    paths[path] = methods;
  }
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: {
      title: 'Bazar',
      version,
      description:
        'A replicated store that continues to sell when machines fail. All failures have one form; ' +
        'retryable ones have Retry-After. A purchase with an Idempotency-Key is safe to repeat.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'This frontend' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: components(),
  };
}

function operation(route: HttpRoute, doc: RouteDoc): Json {
  const parameters = [
    ...Object.entries(doc.path ?? {}).map(([name, schema]) => pathParameter(name, schema)),
    ...queryParameters(route),
    ...['x-request-id', 'traceparent', ...(doc.headers ?? [])].map(parameterReference),
  ];
  const body = bodyOf(route);
  return {
    operationId: operationId(route),
    summary: route.summary,
    tags: [doc.tag],
    parameters,
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: route.input?.mayBeEmpty !== true,
            content: { [jsonType]: { schema: body } },
          },
        }),
    responses: responses(route, doc),
    ...(route.access === 'admin' ? { security: [{ adminToken: [] }] } : {}),
  };
}

/** Of the form `getProductsProduct`, from method and path, so that no two are equal. */
function operationId({ method, url }: HttpRoute): string {
  const words = url.split(/[^a-z]+/i).filter((word) => word !== '');
  return (
    method.toLowerCase() + words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('')
  );
}

function pathParameter(name: string, schema: TSchema): Json {
  return { name, in: 'path', required: true, schema: referring(schema) };
}

function parameterReference(name: string): Json {
  return { $ref: `#/components/parameters/${name}` };
}

function responses(route: HttpRoute, doc: RouteDoc): Record<string, Json> {
  const all: Record<string, Json> = {};
  for (const [status, answer] of Object.entries(doc.answers)) all[status] = success(answer);
  for (const status of failureStatuses(route, doc)) {
    const description = doc.failures?.[status] ?? failureTexts[status];
    all[status] = { $ref: `#/components/responses/${status}`, ...(description && { description }) };
  }
  return all;
}

/** Failures that any request may have, those with a body or a token, and the route's own. */
function failureStatuses(route: HttpRoute, doc: RouteDoc): number[] {
  const own = Object.keys(doc.failures ?? {}).map(Number);
  const body = route.input?.from === 'body' ? [413, 415] : [];
  const admin = route.access === 'admin' ? [401, 403] : [];
  const change = route.method === 'GET' ? [] : [403];
  const all = new Set([400, ...admin, ...change, ...body, ...own, 429, 500, 503, 504]);
  return [...all].sort((a, b) => a - b);
}

function success(answer: AnswerDoc): Json {
  const headers = ['x-request-id', ...(answer.headers ?? [])];
  return {
    description: answer.text,
    headers: Object.fromEntries(
      headers.map((name) => [name, { $ref: `#/components/headers/${name}` }]),
    ),
    ...content(answer),
  };
}

function content({ data, isPage = false, media }: AnswerDoc): Json {
  if (media !== undefined) {
    const type = media === jsonType ? 'object' : 'string';
    return { content: { [media]: { schema: { type } } } };
  }
  if (data === undefined) return {};
  const one = referring(data);
  const next = {
    type: 'integer',
    description: 'Give it as `after` for the next page, as `before` where the order is `desc`.',
  };
  const schema = {
    type: 'object',
    required: ['data'],
    properties: isPage ? { data: { type: 'array', items: one }, next } : { data: one },
    additionalProperties: false,
  };
  return { content: { [jsonType]: { schema } } };
}

function components(): Json {
  const failures = Object.entries(failureTexts).map(([status, description]) => [
    status,
    failure(Number(status), description),
  ]);
  return {
    schemas: Object.fromEntries(
      [...namedSchemas].map(([schema, name]) => [name, referring(schema, schema)]),
    ),
    parameters: requestHeaders,
    headers: answerHeaders,
    responses: Object.fromEntries(failures),
    securitySchemes: {
      adminToken: {
        type: 'http',
        scheme: 'bearer',
        description: 'The content of admin.token in the data folder.',
      },
    },
  };
}

function failure(status: number, text: string): Json {
  const headers = ['x-request-id', ...([429, 503].includes(status) ? ['retry-after'] : [])];
  return {
    description: `${STATUS_CODES[status]}: ${text}`,
    headers: Object.fromEntries(
      headers.map((name) => [name, { $ref: `#/components/headers/${name}` }]),
    ),
    content: { [jsonType]: { schema: { $ref: '#/components/schemas/Failure' } } },
  };
}
