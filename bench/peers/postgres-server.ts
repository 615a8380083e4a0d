/**
 * The store on PostgreSQL: an HTTP server in one process that answers `POST /orders`. It collects the
 * purchases that arrive while a batch is under way, and decides them together in the next one. Program;
 * arguments: its own port, and that of PostgreSQL.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Client } from 'pg';
import { host } from './peer.js';
import { database, decideBatch, role, serverSettings } from './postgres-sql.js';

interface Purchase {
  readonly key: string;
  readonly item: number;
  readonly quantity: number;
}

type Outcome = { readonly number: number } | { readonly status: number; readonly type: string };

interface Waiting extends Purchase {
  /** Several requests with the same key share one purchase. */
  readonly answers: ((outcome: Outcome) => void)[];
}

interface Row {
  readonly number: number | null;
  readonly found: boolean;
}

const batchMax = 1_000;
const waitingMax = 10_000;
const bodyBytesMax = 4_096;
const quantityMax = 1_000_000;
const failed: Outcome = { status: 500, type: 'internal' };

class Batcher {
  readonly #client: Client;
  /** By key, in the order of arrival. */
  readonly #waiting = new Map<string, Waiting>();
  #isBusy = false;

  constructor(client: Client) {
    this.#client = client;
  }

  add(purchase: Purchase, answer: (outcome: Outcome) => void): void {
    const same = this.#waiting.get(purchase.key);
    if (same) {
      const isEqual = same.item === purchase.item && same.quantity === purchase.quantity;
      if (isEqual) same.answers.push(answer);
      else answer({ status: 422, type: 'key_reused' });
      return;
    }
    if (this.#waiting.size >= waitingMax) {
      answer({ status: 503, type: 'overloaded' });
      return;
    }
    this.#waiting.set(purchase.key, { ...purchase, answers: [answer] });
    if (this.#isBusy) return;
    this.#isBusy = true;
    // After this turn, all requests that have arrived are in the batch.
    setImmediate(() => void this.#decideAll());
  }

  async #decideAll(): Promise<void> {
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting.values()].slice(0, batchMax);
      for (const { key } of batch) this.#waiting.delete(key);
      const outcomes = await this.#decide(batch);
      for (const [index, { answers }] of batch.entries()) {
        for (const answer of answers) answer(outcomes[index] ?? failed);
      }
    }
    this.#isBusy = false;
  }

  async #decide(batch: readonly Waiting[]): Promise<readonly Outcome[]> {
    try {
      const { rows } = await this.#client.query<Row>({
        name: 'decide-batch',
        text: decideBatch,
        values: [
          batch.map(({ key }) => key),
          batch.map(({ item }) => item),
          batch.map(({ quantity }) => quantity),
        ],
      });
      return rows.map(({ number, found }): Outcome => {
        if (number !== null) return { number };
        if (found) return { status: 409, type: 'out_of_stock' };
        return { status: 404, type: 'not_found' };
      });
    } catch (error) {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      return [];
    }
  }
}

function serve(request: IncomingMessage, response: ServerResponse, batcher: Batcher): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) request.destroy();
    else chunks.push(chunk);
  });
  request.on('end', () => {
    const purchase = readPurchase(request, Buffer.concat(chunks).toString('utf8'));
    if (purchase === undefined) send(response, { status: 400, type: 'invalid_argument' });
    else batcher.add(purchase, (outcome) => send(response, outcome));
  });
}

function readPurchase(
  { method, url, headers }: IncomingMessage,
  text: string,
): Purchase | undefined {
  const key = headers['idempotency-key'];
  if (method !== 'POST' || url !== '/orders' || typeof key !== 'string') return undefined;
  try {
    const { id, quantity } = JSON.parse(text);
    const isValid = Number.isInteger(id) && Number.isInteger(quantity);
    if (!isValid || id < 1 || quantity < 1 || quantity > quantityMax) return undefined;
    return { key, item: id, quantity };
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, outcome: Outcome): void {
  const isPlaced = 'number' in outcome;
  const body = isPlaced
    ? `{"data":{"order_number":${outcome.number}}}`
    : `{"error":{"code":${outcome.status},"type":"${outcome.type}"}}`;
  response.writeHead(isPlaced ? 200 : outcome.status, {
    'content-type': 'application/json',
    'content-length': body.length,
  });
  response.end(body);
}

const [port, databasePort] = process.argv.slice(2).map(Number);
const client = new Client({ host, port: databasePort, user: role, database });
await client.connect();
await client.query(serverSettings);
const batcher = new Batcher(client);
createServer({ noDelay: true }, (request, response) => serve(request, response, batcher)).listen(
  port,
  host,
);
process.once('SIGTERM', () => process.exit());
