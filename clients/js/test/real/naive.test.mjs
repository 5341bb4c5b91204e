import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conformance } from '../support/conformance.mjs';

test('the checks for every client find what a naive one does wrong', async () => {
  const { code, output } = await conformance('test/support/naive.mjs');
  assert.equal(code, 1);
  for (const check of ['says nothing before the welcome', 'drops what it has seen', 'takes messages in their order', 'comes back behind', 'says what could not', 'says the gaps', 'stays away as long', 'waits 0.3', 'does not hammer', 'stops where', 'finds a silent', 'sends a publish again', 'subscribes again after unavailable', 'sends its token first', 'stops after abuse']) {
    assert.match(output, new RegExp(`^not ok  ${check}`, 'm'), output);
  }
});
