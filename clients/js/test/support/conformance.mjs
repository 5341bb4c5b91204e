import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const path = name => fileURLToPath(new URL(`../../${name}`, import.meta.url));

/** What the script says of a client. */
export async function conformance(client) {
  const script = spawn(process.execPath, [path('conformance/conformance.mjs'), process.execPath, path(client)], { stdio: ['ignore', 'pipe', 'ignore'] });
  const output = [];
  script.stdout.on('data', data => output.push(data));
  const [code] = await once(script, 'close');
  return { code, output: Buffer.concat(output).toString() };
}
