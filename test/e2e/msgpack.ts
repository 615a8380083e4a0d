/**
 * MessagePack by hand, from its specification alone, so that what the store reads and writes is
 * checked against the format and not against the library that the store itself uses. Writes
 * whatever a test wants, the forbidden too. Every number that is no safe integer becomes a float.
 */

/** Bytes that stand for themselves in a value, as an extension or broken text. */
export class Raw {
  readonly bytes: Buffer;

  constructor(...bytes: readonly number[]) {
    this.bytes = Buffer.from(bytes);
  }
}

/** A map with these keys in this order, whatever they are: objects cannot hold all of them. */
export class Pairs {
  readonly pairs: readonly (readonly [unknown, unknown])[];

  constructor(...pairs: readonly (readonly [unknown, unknown])[]) {
    this.pairs = pairs;
  }
}

export function pack(value: unknown): Buffer {
  if (value === null || value === undefined) return Buffer.of(0xc0);
  if (typeof value === 'boolean') return Buffer.of(value ? 0xc3 : 0xc2);
  if (typeof value === 'number') return packNumber(value);
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    return Buffer.concat([head(text.length, 0xa0, 31, 0xd9), text]);
  }
  if (value instanceof Raw) return value.bytes;
  if (Array.isArray(value)) {
    return Buffer.concat([head(value.length, 0x90, 15, 0xdb), ...value.map(pack)]);
  }
  const pairs = value instanceof Pairs ? value.pairs : Object.entries(value);
  return Buffer.concat([
    head(pairs.length, 0x80, 15, 0xdd),
    ...pairs.flatMap(([key, inner]) => [pack(key), pack(inner)]),
  ]);
}

/** A frame: the length of the body and the body. */
export function frame(body: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

function packNumber(value: number): Buffer {
  if (Number.isInteger(value) && value >= -32 && value < 128) return Buffer.of(value & 0xff);
  const bytes = Buffer.alloc(9);
  if (Number.isSafeInteger(value)) {
    bytes[0] = 0xd3;
    bytes.writeBigInt64BE(BigInt(value), 1);
  } else {
    bytes[0] = 0xcb;
    bytes.writeDoubleBE(value, 1);
  }
  return bytes;
}

/** `code8` is the type with a length of 8 bits, those of 16 and 32 follow it. */
function head(size: number, short: number, shortMax: number, code8: number): Buffer {
  if (size <= shortMax) return Buffer.of(short | size);
  // Arrays and maps have no form of 8 bits.
  if (size < 256 && short === 0xa0) return Buffer.of(code8, size);
  const bytes = Buffer.alloc(5);
  bytes[0] = code8 + (size < 65_536 ? 1 : 2);
  if (size >= 65_536) {
    bytes.writeUInt32BE(size, 1);
    return bytes;
  }
  bytes.writeUInt16BE(size, 1);
  return bytes.subarray(0, 3);
}

/** The one value that fills the bytes. */
export function unpack(bytes: Buffer): unknown {
  const reader = new Reader(bytes);
  const value = reader.value();
  if (reader.at !== bytes.length) throw new Error('bytes follow the value');
  return value;
}

class Reader {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  value(): unknown {
    const type = this.#readBytes(1).readUInt8();
    if (type < 0x80) return type;
    if (type >= 0xe0) return type - 0x100;
    if (type < 0x90) return this.#map(type & 0x0f);
    if (type < 0xa0) return this.#array(type & 0x0f);
    if (type < 0xc0) return this.#text(type & 0x1f);
    switch (type) {
      case 0xc0:
        return null;
      case 0xc2:
      case 0xc3:
        return type === 0xc3;
      case 0xca:
        return this.#readBytes(4).readFloatBE();
      case 0xcb:
        return this.#readBytes(8).readDoubleBE();
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
        return this.#integer(1 << (type - 0xcc));
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3:
        return this.#signed(1 << (type - 0xd0));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#integer(1 << (type - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#integer(type === 0xdc ? 2 : 4));
      case 0xde:
      case 0xdf:
        return this.#map(this.#integer(type === 0xde ? 2 : 4));
      default:
        throw new Error(`the store sent the type 0x${type.toString(16)}`);
    }
  }

  #readBytes(count: number): Buffer {
    const piece = this.#bytes.subarray(this.at, this.at + count);
    if (piece.length < count) throw new Error('the message ends too early');
    this.at += count;
    return piece;
  }

  #integer(size: number): number {
    const bytes = this.#readBytes(size);
    return size === 8 ? Number(bytes.readBigUInt64BE()) : bytes.readUIntBE(0, size);
  }

  #signed(size: number): number {
    const bytes = this.#readBytes(size);
    return size === 8 ? Number(bytes.readBigInt64BE()) : bytes.readIntBE(0, size);
  }

  #text(size: number): string {
    return this.#readBytes(size).toString('utf8');
  }

  #array(size: number): unknown[] {
    return Array.from({ length: size }, () => this.value());
  }

  #map(size: number): Record<string, unknown> {
    return Object.fromEntries(
      Array.from({ length: size }, () => [String(this.value()), this.value()]),
    );
  }
}
