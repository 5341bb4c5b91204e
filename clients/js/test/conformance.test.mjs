import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const path = name => fileURLToPath(new URL(name, import.meta.url));

async function conformance(client) {
  const script = spawn(process.execPath, [path('../conformance/conformance.mjs'), process.execPath, path(client)], { stdio: ['ignore', 'pipe', 'ignore'] });
  const output = [];
  script.stdout.on('data', data => output.push(data));
  const [code] = await once(script, 'close');
  return { code, output: Buffer.concat(output).toString() };
}

describe('conformance', { concurrency: true }, () => {
  test('the client passes the checks that are made for every client', async () => {
    const { code, output } = await conformance('../conformance/adapter.mjs');
    assert.equal(code, 0, output);
  });

  test('the checks find what a naive client does wrong', async () => {
    const { code, output } = await conformance('support/naive.mjs');
    assert.equal(code, 1);
    for (const check of ['says nothing before the welcome', 'drops what it has seen', 'takes messages in their order', 'comes back behind', 'says what could not', 'says the gaps', 'stays away as long', 'waits 0.3', 'does not hammer', 'stops where', 'finds a silent', 'sends a publish again', 'subscribes again after unavailable', 'sends its token first', 'stops after abuse']) {
      assert.match(output, new RegExp(`^not ok  ${check}`, 'm'), output);
    }
  });
});
