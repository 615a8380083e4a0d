/**
 * The metrics of an order service about its book and its customers.
 */
import type { MetricSample } from '../base/metric-table.js';
import type { OrderStore } from './store.js';

export function orderMetrics(service: string, store: OrderStore): MetricSample[] {
  const labels = [service];
  return [
    ['bazar_last_order_number', labels, store.machine.lastOrder],
    ['bazar_purchases_waiting', labels, store.waiting],
  ];
}
