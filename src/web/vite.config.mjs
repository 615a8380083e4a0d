// Builds the page into dist/web: one document, hashed assets, and a packed twin of each asset, so
// that frontends never compress at run time. Nothing comes from another host.
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { defineConfig } from 'vite';

/** Below this a packed twin saves less than its header costs. */
const packedBytesMin = 512;

function packAssets() {
  return {
    name: 'pack-assets',
    // After Vite itself has added the style sheets.
    enforce: 'post',
    generateBundle(_options, bundle) {
      for (const [name, item] of Object.entries(bundle)) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const bytes = Buffer.from(item.type === 'chunk' ? item.code : item.source);
        if (bytes.length < packedBytesMin) continue;
        const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
        const twins = { br: brotliCompressSync(bytes, quality), gz: gzipSync(bytes, { level: 9 }) };
        for (const [suffix, source] of Object.entries(twins)) {
          this.emitFile({ type: 'asset', fileName: `${name}.${suffix}`, source });
        }
      }
    },
  };
}

export default defineConfig({
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    // The policy of the page forbids what is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  plugins: [packAssets()],
});
