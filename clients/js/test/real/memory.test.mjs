// Ten thousand lost connections leave nothing behind: node --expose-gc --test test/real/memory.test.mjs

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import WebSocket, { WebSocketServer } from 'ws';
import { connect } from '../../dist/index.js';

const RECONNECTIONS = 10_000;
const WARM = 2000;
const GROWTH = 1 << 20;

async function heap() {
  for (let i = 0; i < 4; i++) {
    await turn();
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed;
}

test('memory is steady over ten thousand reconnections', { skip: globalThis.gc ? false : 'needs --expose-gc' }, async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'broker.v1.json' });
  await once(server, 'listening');
  let connections = 0;
  server.on('connection', socket => {
    connections++;
    const say = message => socket.send(JSON.stringify(message));
    say({ type: 'welcome', connection: `c${connections}`, node: 'n', version: 1, time: 0, auth: 'done', user: 'ada', heartbeat: 25000, limits: { message: 65536, burst: 120 } });
    socket.on('message', data => {
      const { type, id, topic } = JSON.parse(data);
      if (type === 'subscribe') say([{ type: 'subscribed', id, topic, epoch: 'e', offset: connections, recovered: true }, { type: 'message', topic, data: 'x'.repeat(1000), offset: connections }]);
      else if (type === 'room.create' || type === 'room.join') say({ type: 'room.joined', id, room: 'r', kind: 'k', player: 'p', token: 't', generation: 1, tick: 0, step: 0, state: null, players: [], grace: 1000 });
      else if (type === 'publish') socket.terminate();
    });
  });
  const client = connect(`ws://127.0.0.1:${server.address().port}/ws`, { environment: { WebSocket }, transports: ['websocket'], backoff: { first: 1, max: 1 } });
  const topic = client.subscribe('chat.a');
  let heard = 0;
  topic.on('message', () => {
    heard++;
    // The server ends the connection in place of an answer.
    client.publish('chat.a', heard).catch(() => { });
  });
  await client.rooms.create('k');
  const reach = async count => { while (connections < count) await new Promise(resolve => setTimeout(resolve, 20)); };
  await reach(WARM);
  const before = await heap();
  await reach(RECONNECTIONS);
  const growth = await heap() - before;
  client.close();
  server.close();
  assert.ok(heard >= RECONNECTIONS - 2, `${heard} messages`);
  assert.ok(growth < GROWTH, `${growth} bytes more after ${RECONNECTIONS - WARM} reconnections`);
  console.log(`${growth} bytes more after ${RECONNECTIONS - WARM} reconnections`);
});
