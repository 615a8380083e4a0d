/**
 * The catalog's metrics about its products and sales.
 */
import type { MetricSample } from '../../base/metric-table.js';
import type { CatalogMachine } from '../machine/catalog-machine.js';

export function catalogMetrics(service: string, machine: CatalogMachine): MetricSample[] {
  const labels = [service];
  return [
    ['bazar_products', labels, machine.productCount],
    ['bazar_last_sale_number', labels, machine.lastSale],
    ['bazar_unprojected_sales', labels, machine.lastSale - machine.watermark],
    ['bazar_purchase_keys', labels, machine.keyCount],
    ['bazar_client_keys', labels, machine.clientKeys],
    ['bazar_client_keys_max', labels, machine.clientKeysMax],
  ];
}
