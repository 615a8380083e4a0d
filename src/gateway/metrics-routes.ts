/**
 * The metrics of the whole store over HTTP, for Prometheus.
 */
import type { MetricSample } from '../base/metric-table.js';
import type { HttpRoute } from './http-route.js';
import { metricsText, metricsType } from './metrics-text.js';

export function metricsRoutes(metrics: () => Promise<readonly MetricSample[]>): HttpRoute[] {
  return [
    {
      method: 'GET',
      url: '/metrics',
      summary: 'Metrics of every service, in Prometheus’s text format',
      access: 'public',
      doc: {
        tag: 'operations',
        answers: { 200: { text: 'One scrape.', media: 'text/plain' } },
      },
      async answer() {
        const headers = { 'content-type': metricsType, 'cache-control': 'no-store' };
        return { status: 200, headers, body: Buffer.from(metricsText(await metrics())) };
      },
    },
  ];
}
