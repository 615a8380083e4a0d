/**
 * Holds the public types of the package for Node (clients/node/index.d.ts) to the sources, each way:
 * what the package promises is what the client takes and gives. The compiler is the test.
 */
import type * as promised from '../../clients/node/index.js';
import type * as real from '../../src/client/bazar-client.js';

/** The fields are required on both sides, or one that only one side has would be overlooked. */
type Same<A, B> = Covers<Required<A>, Required<B>>;
type Covers<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

export const clientIsAsPromised: (client: real.BazarClient) => promised.BazarClient = (client) =>
  client;
export const errorIsAsPromised: (error: real.BazarError) => promised.BazarError = (error) => error;
export const optionsAreTaken: (options: promised.BazarClientOptions) => real.BazarClientOptions = (
  options,
) => options;

type Compared = readonly [
  Same<promised.ErrorCode, real.ErrorCode>,
  Same<promised.Address, real.Address>,
  Same<promised.Product, real.Product>,
  Same<promised.Products, real.Products>,
  Same<promised.Placed, real.Placed>,
  Same<promised.Order, real.Order>,
  Same<promised.Orders, real.Orders>,
  Same<promised.StoreStatus, real.StoreStatus>,
  Same<promised.AuditReport, real.AuditReport>,
  Same<promised.Item, real.Params<'lookup'>>,
  Same<promised.SearchParams, real.Params<'search'>>,
  Same<promised.Purchase, real.Params<'buy'>>,
  Same<promised.HoldRequest, real.Params<'hold'>>,
  Same<promised.Confirmation, real.Params<'confirm_hold'>>,
  Same<promised.AdjustmentRequest, real.Params<'adjust_stock'>>,
  Same<promised.Adjusted, real.Adjusted>,
  Same<promised.CancelRequest, real.Params<'cancel_order'>>,
  Same<promised.CancellationsParams, real.Params<'cancellations'>>,
  Same<promised.Cancelled, real.Cancelled>,
  Same<promised.Cancellations, real.Cancellations>,
  Same<promised.StockLevels, real.StockLevels>,
  Same<promised.LedgerParams, real.Params<'ledger'>>,
  Same<promised.LedgerMovement, real.LedgerMovement>,
  Same<promised.Ledger, real.Ledger>,
  Same<promised.Held, real.Held>,
  Same<promised.Hold, real.Hold>,
  Same<promised.HoldReleased, real.HoldReleased>,
  Same<promised.HoldExtended, real.HoldExtended>,
  Same<promised.OrdersParams, real.Params<'orders'>>,
  Same<promised.NewProduct, real.Params<'add_product'>>,
  Same<promised.ProductChange, real.Params<'update_product'>>,
  Same<promised.CallOptions, real.CallOptions>,
  Same<promised.BuyOptions, real.BuyOptions>,
];

export const typesAreSame: Compared[number] extends true ? true : false = true;
