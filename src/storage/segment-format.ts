/**
 * Names and first blocks of segment files. A *padded* segment (`00000001.seg`) is created at full size,
 * filled with zeros, and written batch by batch. A *packed* one (`00000001.pack`) is a closed segment
 * rewritten without padding and trailers. The head contains the file's size, so that a truncated file is
 * noticed.
 */
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { assert } from '../base/assert.js';
import { CorruptionError, orUnreadable } from './corruption.js';
import { spanOf } from './record-format.js';
import type { Disk, DiskFile } from './types.js';

const magic = 0x47535a42;
/** This version reads heads and batches of the first version, but does not write them. */
const version = 2;
const ownerAt = 24;
const checksumAt = 28;
const layoutCodes = { padded: 1, packed: 2 } as const;

export type Layout = keyof typeof layoutCodes;

export interface SegmentName {
  readonly number: number;
  readonly layout: Layout;
  readonly path: string;
}

/** The head of a padded segment fills its first block; that of a packed one takes 32 bytes. */
export const segmentHeadBytes = 32;
const extensions = { padded: 'seg', packed: 'pack' } as const;
const namePattern = /^(\d{8})\.(seg|pack)$/;
const temporaryPattern = /^\d{8}\.(?:seg|pack)(?:\.[\d-]+)?\.tmp$/;

export function segmentName(folder: string, number: number, layout: Layout): SegmentName {
  const file = `${String(number).padStart(8, '0')}.${extensions[layout]}`;
  return { number, layout, path: path.join(folder, file) };
}

export function segmentNumber(file: string): number {
  const match = namePattern.exec(path.basename(file));
  assert(match, `${file} is a segment`);
  return Number(match[1]);
}

/**
 * The segments of a folder in order. A packed one replaces the padded one of the same number, which a
 * crash can leave beside it; `leftovers` are those and unfinished files.
 */
export async function listSegments(
  disk: Disk,
  folder: string,
): Promise<{ segments: SegmentName[]; leftovers: string[] }> {
  const segments = new Map<number, SegmentName>();
  const leftovers: string[] = [];
  for (const file of await disk.list(folder)) {
    if (temporaryPattern.test(file)) leftovers.push(path.join(folder, file));
    const match = namePattern.exec(file);
    if (!match) continue;
    const name = segmentName(folder, Number(match[1]), match[2] === 'seg' ? 'padded' : 'packed');
    // The list is sorted, so the packed file comes first.
    if (segments.has(name.number)) leftovers.push(name.path);
    else segments.set(name.number, name);
  }
  return { segments: [...segments.values()].sort((a, b) => a.number - b.number), leftovers };
}

/** @param journal the number of the journal that it belongs to; 0: unknown. */
export function encodeSegmentHead(
  number: number,
  layout: Layout,
  size: number,
  journal = 0,
): Uint8Array {
  const head = spanOf(new Uint8Array(segmentHeadBytes));
  head.view.setUint32(0, magic, true);
  head.view.setUint16(4, version, true);
  head.view.setUint16(6, layoutCodes[layout], true);
  head.view.setFloat64(8, number, true);
  head.view.setFloat64(16, size, true);
  head.view.setUint32(ownerAt, journal, true);
  head.view.setUint32(checksumAt, crc32(head.bytes.subarray(0, checksumAt)), true);
  return head.bytes;
}

export interface SegmentHead {
  readonly size: number;
  /** The number of the journal that it belongs to; 0: unknown. */
  readonly journal: number;
  /** Written by this version; an older program refuses it. */
  readonly isCurrent: boolean;
}

/** Opens a segment for reading and checks its head and its size. */
export async function openSegment(
  disk: Disk,
  name: SegmentName,
): Promise<SegmentHead & { file: DiskFile }> {
  const file = await orUnreadable(name.path, 0, disk.open(name.path, 'read'));
  try {
    return { file, ...(await orUnreadable(name.path, 0, readSegmentHead(file, name))) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readSegmentHead(file: DiskFile, name: SegmentName): Promise<SegmentHead> {
  const { bytes, view } = spanOf(await file.read(0, segmentHeadBytes));
  const damaged =
    bytes.length < segmentHeadBytes ||
    view.getUint32(0, true) !== magic ||
    view.getUint32(checksumAt, true) !== crc32(bytes.subarray(0, checksumAt));
  if (damaged) throw headError(name, 'the head of the segment is damaged');
  const written = view.getUint16(4, true);
  if (written < 1 || written > version) throw headError(name, 'the version is not known');
  if (view.getUint16(6, true) !== layoutCodes[name.layout]) throw headError(name, 'other layout');
  if (view.getFloat64(8, true) !== name.number) throw headError(name, 'another segment');
  const size = await file.size();
  const expected = view.getFloat64(16, true);
  const journal = view.getUint32(ownerAt, true);
  if (size === expected) return { size, journal, isCurrent: written === version };
  const at = Math.min(size, expected);
  const message = `the file has ${size} bytes instead of ${expected}`;
  throw new CorruptionError(name.path, at, 'segment_size', message);
}

function headError(name: SegmentName, message: string): CorruptionError {
  return new CorruptionError(name.path, 0, 'segment_head', message);
}
