/**
 * JSON files through lowdb: small control state, and the manifests of snapshots. They are readable and
 * have a checksum as their last field. The meaning of the data lies with the caller. Invariant: a file
 * is replaced completely and durably, or not at all (docs/PROTOCOL.md, R11).
 */
import { crc32 } from 'node:zlib';
import { type Adapter, Low } from 'lowdb';
import { CorruptionError } from './corruption.js';
import type { Disk } from './types.js';

/** The checksum is over all bytes before this ending, which has the same length in every file. */
const ending = (checksum: number): string =>
  `,\n  "checksum": "${checksum.toString(16).padStart(8, '0')}"\n}\n`;
const endingBytes = ending(0).length;

/** A map with at least one field, so that the checksum can follow as one more. */
export type JsonMap = object;

/** The bytes of a file: JSON of the data's fields and the checksum. */
export function encodeJson(data: JsonMap, indent = 0): Uint8Array {
  const text = JSON.stringify(data, null, indent);
  const body = Buffer.from(text.slice(0, -1).trimEnd());
  return Buffer.concat([body, Buffer.from(ending(crc32(body)))]);
}

/** The data of a file's bytes, without its checksum; throws a CorruptionError that names `file`. */
export function decodeJson(file: string, bytes: Uint8Array): unknown {
  const at = Math.max(0, bytes.length - endingBytes);
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, at);
  const found = Buffer.from(bytes.buffer, bytes.byteOffset + at, bytes.length - at);
  if (found.toString('latin1') !== ending(crc32(body))) {
    throw new CorruptionError(file, at, 'content', 'the content differs from its checksum');
  }
  return JSON.parse(`${body.toString()}}`);
}

/** lowdb's adapter over the Disk port: tmp → fsync → rename → fsync of the folder. */
export function jsonAdapter<T extends JsonMap>(disk: Disk, file: string, indent = 0): Adapter<T> {
  return {
    async read() {
      const bytes = await disk.readFile(file);
      return bytes ? (decodeJson(file, bytes) as T) : null;
    },
    write: (data) => disk.replace(file, encodeJson(data, indent)),
  };
}

/** Small state in its own file, kept in memory; for one owner. */
export class JsonFile<T extends JsonMap> {
  readonly path: string;
  readonly #low: Low<T>;
  #writes: Promise<void> = Promise.resolve();

  private constructor(file: string, low: Low<T>) {
    this.path = file;
    this.#low = low;
  }

  /** The file's data, or `initial` if there is no file; the first update then creates it. */
  static async open<T extends JsonMap>(disk: Disk, file: string, initial: T): Promise<JsonFile<T>> {
    const low = new Low(jsonAdapter<T>(disk, file, 2), initial);
    await low.read();
    return new JsonFile(file, low);
  }

  get data(): Readonly<T> {
    return this.#low.data;
  }

  /** Durable when it resolves. Updates are written in the order in which they are called. */
  update(change: (data: T) => void): Promise<void> {
    change(this.#low.data);
    const write = this.#writes.then(() => this.#low.write());
    this.#writes = write.catch(() => {});
    return write;
  }
}
