// Builds dist/ and the single file that nodes serve: node build.mjs [file]. Without an argument the file is the node's own.

import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const LARGEST = 10 * 1024;
const here = fileURLToPath(new URL('.', import.meta.url));
const served = process.argv[2] ?? `${here}broker.js`;
const { version } = JSON.parse(readFileSync(`${here}package.json`, 'utf8'));
const shared = { absWorkingDir: here, bundle: true, format: 'esm', target: 'es2022', charset: 'utf8', legalComments: 'none', logLevel: 'warning' };

await build({ ...shared, entryPoints: ['src/index.ts', 'src/msgpack.ts'], outdir: 'dist', external: ['@msgpack/msgpack'] });
await build({
  ...shared, entryPoints: ['src/index.ts'], outfile: served, minify: true,
  banner: { js: `// The JavaScript client of Broker, ${version}; its source is clients/js. Apache-2.0.` },
});
execFileSync(process.execPath, [`${here}node_modules/typescript/bin/tsc`, '-p', here], { stdio: 'inherit' });
const size = gzipSync(readFileSync(served), { level: 9 }).length;
console.log(`${size} bytes of ${LARGEST} gzipped`);
if (size > LARGEST) process.exit(1);
