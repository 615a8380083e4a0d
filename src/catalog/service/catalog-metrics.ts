/**
 * The catalog's metrics about its products and sales.
 */
import { cancelLimits, holdLimits, limitLimits } from '../../base/limits.js';
import type { MetricSample } from '../../base/metric-table.js';
import type { CatalogMachine } from '../machine/catalog-machine.js';

export function catalogMetrics(service: string, machine: CatalogMachine): MetricSample[] {
  const labels = [service];
  const { holds, bounded, movements } = machine;
  return [
    ['bazar_products', labels, machine.productCount],
    ['bazar_last_sale_number', labels, machine.lastSale],
    ['bazar_unprojected_sales', labels, machine.lastSale - machine.watermark],
    ['bazar_unprojected_movements', labels, movements.last - movements.watermark],
    ['bazar_purchase_keys', labels, machine.keyCount],
    ['bazar_client_keys', labels, machine.clientKeys],
    ['bazar_client_keys_max', labels, machine.clientKeysMax],
    ['bazar_open_holds', labels, holds.open],
    ['bazar_open_holds_max', labels, holdLimits.openMax],
    ['bazar_open_hold_lines', labels, holds.openLines],
    ['bazar_open_hold_lines_max', labels, holdLimits.openLinesMax],
    ['bazar_kept_holds', labels, holds.kept],
    ['bazar_kept_holds_max', labels, holdLimits.keptMax],
    ['bazar_limit_uses', labels, bounded.limitUses],
    ['bazar_limit_uses_max', labels, limitLimits.usesMax],
    ['bazar_cancelled_orders', labels, bounded.cancelledOrders],
    ['bazar_cancelled_orders_max', labels, cancelLimits.cancelledOrdersMax],
  ];
}
