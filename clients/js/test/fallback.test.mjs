import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server, settled } from './support/fake.mjs';
import { Http, Storage } from './support/http.mjs';

async function connected({ behave, http = new Http(), storage = new Storage(), ...options } = {}) {
  const server = new Server();
  server.behave = behave;
  const client = server.connect({ environment: { fetch: http.fetch, storage }, ...options });
  for (let i = 0; i < 300 && client.state !== 1; i++) await server.clock.pass(100);
  return { server, client, http, storage };
}

const blocked = socket => socket.end();
const closedAtOnce = socket => { socket.accept(); socket.end(1000); };
const mute = socket => socket.accept();

for (const [name, behave, after] of [['blocks WebSockets', blocked, 100], ['accepts and closes at once', closedAtOnce, 100], ['accepts and says nothing', mute, 4100]]) {
  test(`behind a proxy that ${name} the client comes by server-sent events`, async () => {
    const { client, server, http } = await connected({ behave });
    assert.deepEqual([client.state, client.transport], [1, 'sse']);
    assert.ok(server.clock.time - 1000 <= after, `${server.clock.time}`);
    assert.equal(http.requests[0].path, '/sse');
  });
}

test('behind a proxy that keeps streams back the client polls', async () => {
  const http = new Http();
  http.isBuffered = true;
  const { client, server } = await connected({ behave: blocked, http });
  assert.equal(client.transport, 'poll');
  assert.ok(server.clock.time - 1000 <= 4200);
});

test('node without the other ways is tried again by WebSocket', async () => {
  const http = new Http();
  http.refuse = { sse: [404], poll: [404], sessions: [] };
  let count = 0;
  const { client } = await connected({ http, behave: socket => { if (++count === 1) socket.end(); else socket.welcome(); } });
  assert.equal(client.transport, 'websocket');
});

test('close of the node is not taken for a proxy', async () => {
  const { client, http } = await connected({ behave: socket => { socket.accept(); socket.end(1008, 'Origin not allowed'); } });
  assert.deepEqual([client.state, http.requests.length], [3, 0]);
});

test('way that worked is remembered for a day, and only where another had failed', async () => {
  const storage = new Storage();
  await connected({ behave: socket => socket.welcome(), storage });
  assert.equal(storage.size, 0);
  const first = await connected({ behave: blocked, storage });
  assert.equal(storage.size, 1);
  first.client.close();

  const second = await connected({ behave: () => assert.fail('no WebSocket'), storage });
  assert.equal(second.client.transport, 'sse');
  second.client.close();

  const kept = storage.getItem('broker.transport ws://broker.test');
  storage.setItem('broker.transport ws://broker.test', JSON.stringify({ ...JSON.parse(kept), until: Date.now() - 1 }));
  const third = await connected({ behave: socket => socket.welcome(), storage });
  assert.deepEqual([third.client.transport, storage.size], ['websocket', 0]);
});

test('remembered way that fails gives way to all others', async () => {
  const storage = new Storage();
  (await connected({ behave: blocked, storage })).client.close();
  const http = new Http();
  http.refuse.sse = [404];
  const { client } = await connected({ behave: socket => socket.welcome(), storage, http });
  assert.deepEqual([client.transport, storage.size], ['websocket', 0]);
});

test('storage that throws costs nothing', async () => {
  const storage = { getItem() { throw new Error(); }, setItem() { throw new Error(); } };
  assert.equal((await connected({ behave: blocked, storage })).client.transport, 'sse');
});

test('way that worked here is tried alone before others: a node may be restarting', async () => {
  const { client, server, http } = await connected({ behave: socket => socket.welcome() });
  server.behave = blocked;
  server.socket.end(1012);
  await server.clock.pass(500);
  assert.deepEqual([server.sockets.length, http.requests.length], [2, 0]);
  for (let i = 0; i < 100 && client.state !== 1; i++) await server.clock.pass(100);
  assert.equal(client.transport, 'sse');
  assert.equal(server.sockets.length, 4);
});

test('lower way goes back up at the first reconnection after ten minutes', async () => {
  const { client, server, http } = await connected({ behave: blocked });
  server.behave = socket => socket.welcome();
  http.end();
  for (let i = 0; i < 10; i++) await server.clock.pass(100);
  assert.equal(client.transport, 'sse');
  for (let i = 0; i < 70; i++) {
    http.write(': alive\n\n');
    await server.clock.pass(10_000);
  }
  http.end();
  await settled();
  for (let i = 0; i < 10 && client.state !== 1; i++) await server.clock.pass(100);
  assert.equal(client.transport, 'websocket');
});

test('way that is forced is not left', async () => {
  const http = new Http();
  http.refuse.poll = [404, 404];
  const { client, server } = await connected({ behave: () => assert.fail('no WebSocket'), http, transports: ['poll'] });
  assert.deepEqual([client.transport, server.sockets.length], ['poll', 0]);
  assert.ok(http.requests.every(({ path }) => path.startsWith('/poll')));
});

test('without a WebSocket in the host the client comes by server-sent events', async () => {
  const http = new Http();
  const { client } = await connected({ environment: { WebSocket: undefined, fetch: http.fetch } });
  assert.equal(client.transport, 'sse');
});

for (const transport of ['sse', 'poll']) {
  const open = options => connected({ behave: blocked, transports: [transport], ...options });

  test(`${transport}: messages come and go, and posts are numbered`, async () => {
    const { client, server, http } = await open();
    const chat = client.subscribe('chat.a');
    const heard = [];
    chat.on('message', ({ data }) => heard.push(data));
    client.tell('chat.a', 1);
    client.tell('chat.a', 2);
    await server.clock.pass(10);
    const [subscribe] = http.messages;
    http.say({ type: 'subscribed', topic: 'chat.a', id: subscribe.id }, { type: 'message', topic: 'chat.a', data: 'ä' });
    await server.clock.pass(10);
    http.say({ type: 'message', topic: 'chat.a', data: 'b' });
    await server.clock.pass(10);
    assert.deepEqual(heard, ['ä', 'b']);
    assert.deepEqual(http.posted.map(({ n }) => n), ['1', '2']);
    assert.deepEqual(http.messages.map(({ data }) => data), [undefined, 1, 2]);
    assert.equal(client.bufferedAmount, 0);
  });

  test(`${transport}: post that fails is repeated with its number`, async () => {
    const { client, server, http } = await open();
    http.refuse.sessions = [0, 503];
    client.tell('a', 1);
    await server.clock.pass(10);
    assert.ok(client.bufferedAmount > 0);
    await server.clock.pass(5000);
    assert.deepEqual(http.requests.filter(({ path }) => path.startsWith('/sessions')).map(({ query }) => query.n), ['1', '1', '1']);
    assert.equal(client.state, 1);
  });

  test(`${transport}: session that is gone is a lost connection`, async () => {
    const { client, server, http } = await open();
    http.refuse.sessions = [410];
    client.tell('a', 1);
    await server.clock.pass(10);
    assert.deepEqual([client.state, client.status.code], [0, 1006]);
    for (let i = 0; i < 30 && client.state !== 1; i++) await server.clock.pass(100);
    assert.equal(client.state, 1);
  });

  test(`${transport}: token goes in a header`, async () => {
    const { client, http } = await open({ token: 'secret', http: new Http({ auth: 'done', user: 'ada' }) });
    assert.equal(client.user, 'ada');
    assert.ok(http.requests.every(({ headers }) => headers.Authorization === 'Bearer secret'));
  });

  test(`${transport}: token that is refused is fetched anew`, async () => {
    const http = new Http({ auth: 'done', user: 'ada' });
    http.refuse[transport] = [401];
    const asked = [];
    const { client } = await open({ http, token: refused => { asked.push(refused); return 'x'; } });
    assert.deepEqual([client.state, asked], [1, [false, true]]);
  });

  test(`${transport}: refusal of a busy node says when to come back`, async () => {
    const http = new Http();
    http.refuse[transport] = [503];
    const { client, server } = await open({ http });
    assert.equal(client.state, 1);
    assert.ok(server.clock.time >= 1000 + 2300);
  });

  test(`${transport}: reason for the end is what was said before it`, async () => {
    const { client, server, http } = await open();
    http.say({ type: 'disconnecting', code: 4003, reason: 'revoked', reconnect: false, after: 0 });
    await server.clock.pass(10);
    if (transport === 'sse') http.end();
    else {
      http.refuse.poll = [410];
      http.say();
    }
    await server.clock.pass(10);
    assert.deepEqual([client.state, client.status.code, client.status.reason], [3, 4003, 'revoked']);
  });

  test(`${transport}: close ends the session on the node`, async () => {
    const { client, server, http } = await open();
    client.close();
    await server.clock.pass(0);
    assert.deepEqual([http.requests.at(-1).method, http.requests.at(-1).path], ['DELETE', '/sessions/n1-0123456789abcdef']);
    assert.equal(server.clock.count, 0);
  });
}

test('poll that fails is repeated with its cursor', async () => {
  const http = new Http();
  const { client, server } = await connected({ behave: blocked, transports: ['poll'], http });
  await server.clock.pass(10);
  http.refuse.poll = [0];
  http.say({ type: 'pong', time: 1 });
  await server.clock.pass(10);
  await server.clock.pass(1000);
  assert.equal(client.state, 1);
  assert.deepEqual(http.requests.map(({ query }) => query.cursor), [undefined, '1', '2', '2']);
});

test('poll that is told of another one comes again', async () => {
  const http = new Http();
  const { client, server } = await connected({ behave: blocked, transports: ['poll'], http });
  await server.clock.pass(10);
  http.refuse.poll = [409];
  http.say({ type: 'pong', time: 1 });
  await server.clock.pass(10);
  await server.clock.pass(1000);
  assert.deepEqual([client.state, http.requests.at(-1).query.cursor], [1, '2']);
});

test('poll nobody answers is given up', async () => {
  const { client, server } = await connected({ behave: blocked, transports: ['poll'] });
  const statuses = server.statuses.length;
  await server.clock.pass(29_000);
  assert.equal(server.statuses[statuses]?.state, 0);
  client.close();
});

test('comments of a stream are signs of life', async () => {
  const { client, server, http } = await connected({ behave: blocked, transports: ['sse'] });
  for (let i = 0; i < 10; i++) {
    await server.clock.pass(15_000);
    http.write(': \n\n');
  }
  assert.deepEqual([client.state, http.posted.length], [1, 0]);
});

test('event may come in pieces, over several lines, and with carriage returns', async () => {
  const { client, server, http } = await connected({ behave: blocked, transports: ['sse'] });
  const errors = [];
  client.on('error', ({ code }) => errors.push(code));
  for (const piece of ['event: message\r\nda', 'ta: {"type":"error",\r\n', 'data:"code":"a","error":""}\r', '\n\r\n', ': c\n\ndata: [{"type":"error","code":"b","error":""}]\n\n']) {
    http.write(piece);
    await server.clock.pass(0);
  }
  assert.deepEqual(errors, ['a', 'b']);
});

test('stream that is no Broker is left', async () => {
  const http = new Http();
  http.isBuffered = true;
  const server = new Server();
  const client = server.connect({ transports: ['sse'], environment: { fetch: http.fetch } });
  await server.clock.pass(10);
  http.write('data: <html>\n\n');
  await server.clock.pass(10);
  assert.deepEqual([client.state, client.status.reason], [0, 'not this protocol']);
  client.close();
});
