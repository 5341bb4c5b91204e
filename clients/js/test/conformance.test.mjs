import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conformance } from './support/conformance.mjs';

test('the client passes the checks that are made for every client', async () => {
  const { code, output } = await conformance('conformance/adapter.mjs');
  assert.equal(code, 0, output);
});
