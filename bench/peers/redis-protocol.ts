/**
 * Purchases from Redis: one script decides the purchase, and `WAIT 1 0` in the same write answers when
 * the replica has it. Also single commands for set-up and checks.
 */
import { connect } from 'node:net';
import { itemDigits, keyDigits, positionOf, writeDigits } from './digits.js';
import { host, type Protocol, type PurchaseSink } from './peer.js';

/**
 * Keys: the item (a hash of stock and price), the idempotency key. Arguments: item, quantity. Returns the
 * order number; a repeated key gets the number of its first purchase.
 */
export const purchaseScript = `
local known = redis.call('GET', KEYS[2])
if known then return tonumber(known) end
local item = redis.call('HMGET', KEYS[1], 'stock', 'price')
if not item[1] then return redis.error_reply('not_found') end
local quantity = tonumber(ARGV[2])
if tonumber(item[1]) < quantity then return redis.error_reply('out_of_stock') end
redis.call('HINCRBY', KEYS[1], 'stock', -quantity)
local number = redis.call('INCR', 'orders')
redis.call('HSET', 'order:' .. number, 'item', ARGV[1], 'quantity', quantity,
  'total', quantity * tonumber(item[2]))
redis.call('SET', KEYS[2], number)
return number`;

const timeoutMs = 30_000;
const lineEnd = '\r\n';
const newline = 0x0a;
const errorMark = '-';
const anyItem = 'i'.repeat(itemDigits);
const anyArgument = 'a'.repeat(itemDigits);
const anyKey = 'k'.repeat(keyDigits);

export function itemKey(item: number): string {
  return `item:${String(item).padStart(itemDigits, '0')}`;
}

export function redisProtocol(scriptHash: string): Protocol {
  const request = Buffer.concat([
    encode(['EVALSHA', scriptHash, '2', `item:${anyItem}`, `key:${anyKey}`, anyArgument, '1']),
    encode(['WAIT', '1', '0']),
  ]);
  const itemAt = positionOf(request, anyItem);
  const argumentAt = positionOf(request, anyArgument);
  const keyAt = positionOf(request, anyKey);
  return {
    request,
    fill(bytes, item, key) {
      writeDigits(bytes, itemAt, itemDigits, item);
      writeDigits(bytes, argumentAt, itemDigits, item);
      writeDigits(bytes, keyAt, keyDigits, key);
    },
    reader: (sink) => new PairReader(sink),
  };
}

/** Reads two lines for each purchase: the script's answer, and the number of replicas that have it. */
class PairReader {
  readonly #sink: PurchaseSink;
  #line = '';
  #outcome: string | undefined;

  constructor(sink: PurchaseSink) {
    this.#sink = sink;
  }

  feed(chunk: Uint8Array, length: number): void {
    let from = 0;
    for (let at = 0; at < length; at++) {
      if (chunk[at] !== newline) continue;
      this.#read((this.#line + latin1(chunk, from, at)).trimEnd());
      this.#line = '';
      from = at + 1;
    }
    if (from < length) this.#line += latin1(chunk, from, length);
  }

  #read(line: string): void {
    const outcome = this.#outcome;
    if (outcome === undefined) {
      this.#outcome = line;
      return;
    }
    this.#outcome = undefined;
    if (outcome.startsWith(errorMark)) this.#sink.refused(codeOf(outcome));
    else if (line.startsWith(':') && line !== ':0') this.#sink.accepted();
    else this.#sink.refused(`not replicated: ${line}`);
  }
}

/** Redis writes `-ERR out_of_stock` or `-out_of_stock`, depending on the version. */
function codeOf(line: string): string {
  return line.replace(/^-(?:ERR )?/, '');
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
}

function encode(words: readonly string[]): Buffer {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}${lineEnd}${word}${lineEnd}`);
  return Buffer.from(`*${words.length}${lineEnd}${parts.join('')}`);
}

export type RedisValue = string | number | undefined | readonly RedisValue[];

/** One command over its own connection. */
export function askRedis(port: number, ...words: string[]): Promise<RedisValue> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let received = '';
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(timeoutMs, () => fail(new Error(`Redis: no answer to ${words[0]}`)));
    socket.once('error', fail);
    socket.once('close', () => fail(new Error('Redis closed the connection')));
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      const parsed = parse(received, 0);
      if (parsed === undefined) return;
      socket.destroy();
      if (parsed.value instanceof Error) reject(parsed.value);
      else resolve(parsed.value);
    });
    socket.write(encode(words));
  });
}

/** Undefined if the value is incomplete. */
function parse(text: string, at: number): { value: RedisValue | Error; end: number } | undefined {
  const line = text.indexOf(lineEnd, at);
  if (line < 0) return undefined;
  const mark = text[at];
  const rest = text.slice(at + 1, line);
  let end = line + lineEnd.length;
  if (mark === errorMark) return { value: new Error(`Redis: ${rest}`), end };
  if (mark === '+') return { value: rest, end };
  if (mark === ':') return { value: Number(rest), end };
  const size = Number(rest);
  if (size < 0) return { value: undefined, end };
  if (mark === '$') {
    const valueEnd = end + size;
    if (text.length < valueEnd + lineEnd.length) return undefined;
    return { value: text.slice(end, valueEnd), end: valueEnd + lineEnd.length };
  }
  const values: RedisValue[] = [];
  for (let n = 0; n < size; n++) {
    const part = parse(text, end);
    if (part === undefined) return undefined;
    if (part.value instanceof Error) return part;
    values.push(part.value);
    end = part.end;
  }
  return { value: values, end };
}
