/**
 * Draws the limits of a run, each from tiny to real, so that small worlds often reach them. Invariant:
 * the relations that the code needs hold for every draw (a batch fits a segment, an entry holds a whole
 * purchase, a purchase is too old before its key expires).
 */
import { leaseLimits, logLimits, purchaseLimits, storageLimits } from '../src/base/limits.js';
import type { Random } from '../src/base/random.js';
import type { Limits } from './replaced-limits.js';

/** Share of runs in which every limit has its real value. */
const realShare = 0.2;
/** Shares of limits with their real value in a small world, and of those near the least one. */
const keptShare = 0.3;
const tinyShare = 0.4;
const tinyFactor = 8;
const kib = 1024;
/** A customer waits at most 2.5 seconds for one attempt, so the age limit must be higher. */
const ageMinMs = 3_000;
/** Leases are renewed four times within their length. */
const renewals = 4;

type Draw = (least: number, real: number) => number;

export function drawLimits(random: Random): Limits {
  if (random.fraction() < realShare) return {};
  const draw: Draw = (least, real) => {
    const dice = random.fraction();
    if (dice < keptShare) return real;
    const most = dice < keptShare + tinyShare ? Math.min(real, least * tinyFactor) : real;
    return Math.round(least * (most / least) ** random.fraction());
  };
  const storage = drawStorage(draw);
  return {
    log: drawLog(draw, storage.batchBytesMax),
    lease: drawLease(draw),
    purchase: drawPurchase(draw, storage.batchBytesMax),
    storage,
  };
}

function drawLog(draw: Draw, batchBytesMax: number): Limits['log'] & object {
  return {
    uncommittedEntriesMax: draw(8, logLimits.uncommittedEntriesMax),
    uncommittedBytesMax: draw(batchBytesMax / 2, logLimits.uncommittedBytesMax),
    entryOperationsMax: draw(1, logLimits.entryOperationsMax),
    entryLinesMax: draw(2, logLimits.entryLinesMax),
    appendEntriesMax: draw(1, logLimits.appendEntriesMax),
    appendBytesMax: draw(100, logLimits.appendBytesMax),
    tailEntriesKept: draw(1, logLimits.tailEntriesKept),
    tailBytesKept: draw(100, logLimits.tailBytesKept),
    windowBytesMax: draw(200, logLimits.windowBytesMax),
    windowMessagesMax: draw(1, logLimits.windowMessagesMax),
    readsMax: draw(16, logLimits.readsMax),
    applyTurnBytesMax: draw(1, logLimits.applyTurnBytesMax),
    journalReadBytesMax: draw(1, logLimits.journalReadBytesMax),
  };
}

function drawLease(draw: Draw): Limits['lease'] & object {
  const leaseMs = draw(300, leaseLimits.leaseMs);
  return {
    ...{ leaseMs, renewEveryMs: leaseMs / renewals },
    processesMax: draw(3, leaseLimits.processesMax),
    absentNamesMax: draw(1, leaseLimits.absentNamesMax),
    topicsMax: draw(1, leaseLimits.topicsMax),
    pushesMax: draw(1, leaseLimits.pushesMax),
    pushRecordsMax: draw(1, leaseLimits.pushRecordsMax),
    pushLagMax: draw(1, leaseLimits.pushLagMax),
    grantItemsMax: draw(1, leaseLimits.grantItemsMax),
  };
}

function drawPurchase(draw: Draw, batchBytesMax: number): Limits['purchase'] & object {
  const clientKeyMs = draw(2 * ageMinMs, purchaseLimits.clientKeyMs);
  const frontendKeyMs = draw(2 * ageMinMs, purchaseLimits.frontendKeyMs);
  const ageMax = (lifeMs: number, real: number): number =>
    Math.min(real, draw(ageMinMs, Math.max(ageMinMs, Math.floor(lifeMs / 2))));
  return {
    ...{ clientKeyMs, frontendKeyMs },
    clientKeyAgeMaxMs: ageMax(clientKeyMs, purchaseLimits.clientKeyAgeMaxMs),
    frontendKeyAgeMaxMs: ageMax(frontendKeyMs, purchaseLimits.frontendKeyAgeMaxMs),
    // A full table must empty before the run is over.
    clientKeysMax: clientKeyMs > soonMs ? purchaseLimits.clientKeysMax : draw(20, 1_000_000),
    frontendKeysMax: frontendKeyMs > soonMs ? purchaseLimits.frontendKeysMax : draw(20, 1_000_000),
    unprojectedMax: draw(10, purchaseLimits.unprojectedMax),
    waitingMax: draw(8, purchaseLimits.waitingMax),
    unprojectedHeld: draw(2, purchaseLimits.unprojectedHeld),
    salesGatherMs: draw(1, purchaseLimits.salesGatherMs),
    salesGathered: draw(1, purchaseLimits.salesGathered),
    salesWindow: draw(2, purchaseLimits.salesWindow),
    salesBatch: draw(1, purchaseLimits.salesBatch),
    salesRunBytesMax: Math.min(draw(100, purchaseLimits.salesRunBytesMax), batchBytesMax / 2),
    salesDroppedMax: draw(2, purchaseLimits.salesDroppedMax),
  };
}

/** Keys with a shorter life expire before a healed run is over. */
const soonMs = 8_000;

function drawStorage(draw: Draw) {
  const { blockBytes } = storageLimits;
  const batchBytesMax = blockBytes * draw(4, 16);
  return {
    batchBytesMax,
    segmentBytes: batchBytesMax + blockBytes * draw(4, 16),
    pieceProducts: draw(1, storageLimits.pieceProducts),
    pieceKeys: draw(1, storageLimits.pieceKeys),
  };
}

/** The smallest part of a snapshot that one message carries. */
export function drawPartBytes(random: Random): number {
  return Math.round(64 * ((4 * kib) / 64) ** random.fraction());
}
