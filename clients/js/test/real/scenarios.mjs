// What a client goes through, in Node.js and in a browser alike. `control` does to proxy and nodes what the test says; it stands outside.

const sleep = delay => new Promise(resolve => setTimeout(resolve, delay));

function assert(condition, what) {
  if (!condition) throw new Error(typeof what === 'function' ? what() : what);
}

async function until(condition, what, limit = 30000) {
  for (const end = performance.now() + limit; !condition(); await sleep(20)) assert(performance.now() < end, `${what} did not come to be`);
}

/** The client, and every status and message there was. */
function watch({ connect, url }, topic, options = {}, subscribing = {}) {
  const client = connect(url, options);
  const seen = { client, statuses: [], heard: [], gaps: [] };
  client.on('status', status => seen.statuses.push(status));
  if (topic) {
    seen.subscription = client.subscribe(topic, subscribing);
    seen.subscription.on('message', ({ data }) => seen.heard.push(data));
    seen.subscription.on('gap', gap => seen.gaps.push(gap));
  }
  return seen;
}

function assertAll(heard, count) {
  const wrong = heard.findIndex((data, i) => data !== i + 1);
  assert(wrong < 0 && heard.length === count, () => `${heard.length} of ${count} messages, number ${wrong + 1} is ${heard[wrong]}`);
}

/** Cut off again and again under messages: each comes once and in order. */
const cut = transport => async context => {
  const topic = `chat.cut-${transport}-${context.name}`;
  const seen = watch(context, topic, { transports: [transport], backoff: { max: 500 } });
  await seen.subscription.ready;
  const sent = context.control('publish', topic, 300, 10);
  for (let i = 0; i < 5; i++) {
    await until(() => seen.client.state === 1 && seen.subscription.state === 'live', 'subscription');
    await sleep(200);
    const ends = seen.statuses.filter(({ retryIn }) => retryIn !== undefined).length;
    await context.control('cut');
    // A session that is polled outlives its connections.
    if (transport !== 'poll') await until(() => seen.statuses.filter(({ retryIn }) => retryIn !== undefined).length > ends, 'lost connection');
  }
  await sent;
  await until(() => seen.heard.length >= 300, () => `message 300 of ${seen.heard.length}`);
  assertAll(seen.heard, 300);
  assert(seen.gaps.length === 0, 'a gap where none was');
  assert(seen.client.transport === transport, 'another transport');
  assert(transport !== 'poll' || seen.statuses.every(({ retryIn }) => retryIn === undefined), 'a session was lost');
  seen.client.close();
};

/** Behind a proxy of that kind another way is found, and is as good. */
const behind = (mode, transport) => async context => {
  await context.control('mode', mode);
  const topic = `chat.${mode}-${context.name}`;
  const begun = performance.now();
  const seen = watch(context, topic);
  await until(() => seen.client.state === 1, 'connection');
  const took = performance.now() - begun;
  assert(seen.client.transport === transport, `came by ${seen.client.transport}`);
  assert(took < (mode === 'buffer' ? 9000 : 4500), `took ${took} ms`);
  const { offset } = await seen.client.publish(topic, 1);
  assert(offset === 1, 'no position');
  await until(() => seen.heard.length === 1, 'message');
  seen.client.close();
};

export const scenarios = {
  'cut off by WebSocket': cut('websocket'),
  'cut off by server-sent events': cut('sse'),
  'cut off by long polling': cut('poll'),
  'proxy that blocks WebSockets': behind('block', 'sse'),
  'proxy that accepts and closes at once': behind('snap', 'sse'),
  'proxy that holds streams back': behind('buffer', 'poll'),

  /** The connection is there and nothing comes: noticed after heartbeat and 8 s. */
  async 'connection that is half open'(context) {
    const topic = `chat.half-${context.name}`;
    const seen = watch(context, topic);
    await seen.subscription.ready;
    const frozen = performance.now();
    await context.control('freeze');
    await context.control('publish', topic, 5, 1);
    await until(() => seen.heard.length === 5, 'recovery');
    const took = performance.now() - frozen;
    assert(took > 8000 && took < 25000, `took ${took} ms`);
    assert(seen.statuses.some(({ reason }) => reason === 'no answer to ping'), 'not by the liveness rule');
    assertAll(seen.heard, 5);
    seen.client.close();
  },

  /** Its node stops in order, and another one takes over. */
  async 'node that stops'(context) {
    const topic = `chat.stop-${context.name}`;
    await context.control('node', 'stopping');
    const seen = watch(context, topic, { backoff: { max: 500 } });
    await seen.subscription.ready;
    const { node } = seen.client.welcome;
    const sent = context.control('publish', topic, 300, 10);
    await until(() => seen.heard.length > 20, 'messages');
    await context.control('stop');
    await sent;
    await until(() => seen.heard.length >= 300, 'messages of the other node');
    assertAll(seen.heard, 300);
    assert(seen.gaps.length === 0, 'a gap where none was');
    assert(seen.client.welcome.node !== node, 'the same node');
    assert(seen.statuses.some(({ code }) => code === 1012), 'not told by the node');
    seen.client.close();
  },

  /** Renewed before it expires, so that the connection stays. */
  async 'token that expires'(context) {
    const seen = watch(context, `chat.token-${context.name}`, { token: () => context.control('token', 'ada', 5) });
    await seen.subscription.ready;
    assert(seen.client.user === 'ada', 'not signed in');
    await sleep(9000);
    assert(seen.client.state === 1 && seen.statuses.filter(({ state }) => state === 1).length === 1, 'the connection was lost');
    seen.client.close();
  },

  /** A token that was not renewed in time: 4001, and back with another. */
  async 'token that was not renewed'(context) {
    let first = true;
    const seen = watch(context, `chat.late-${context.name}`, {
      token: refused => {
        if (refused && first) {
          first = false;
          return new Promise(() => { });
        }
        return context.control('token', 'ada', 3);
      },
    });
    await seen.subscription.ready;
    await until(() => seen.statuses.some(({ code }) => code === 4001), 'close with 4001');
    await until(() => seen.client.state === 1, 'return');
    seen.client.close();
  },

  /** Everything that was published is there once, however often the answer was lost. */
  async 'publishes that are sent again'(context) {
    const topic = `chat.again-${context.name}`;
    const { client } = watch(context, null, { token: () => context.control('token', 'ada', 3600), backoff: { max: 300 } });
    let done = false;
    const cutting = (async () => { while (!done) { await sleep(150); await context.control('cut'); } })();
    const sent = [];
    for (let i = 1; i <= 90; i++) {
      sent.push(client.publish(topic, i, { key: true }));
      await sleep(15);
    }
    await Promise.all(sent);
    done = true;
    await cutting;
    const read = () => client.history(topic, { limit: 300 });
    const { messages } = await read().catch(read);
    assert(messages.length === 90 && new Set(messages.map(({ data }) => data)).size === 90, `${messages.length} messages of 90`);
    client.close();
  },

  /** A client that cannot keep up is told, comes back, and says that something is missing. */
  async 'client that is slow'(context) {
    const topic = `slow-${context.name}`;
    const seen = watch(context, topic);
    await seen.subscription.ready;
    await context.control('rate', 20000);
    await context.control('flood', topic, 8);
    await until(() => seen.statuses.some(({ code, state }) => state === 0 && code !== undefined), 'lost connection', 60000);
    await context.control('rate', 0);
    await until(() => seen.client.state === 1 && seen.subscription.state === 'live', 'return');
    assert(seen.gaps.length === 1 && seen.gaps[0].reason === 'reconnected', 'no gap');
    seen.client.close();
  },

  /** The seat is taken again by itself. */
  async 'seat in a room'(context) {
    const { client } = watch(context, null, { backoff: { max: 300 } });
    const room = await client.rooms.create('tictactoe', { data: { name: 'Ada' } });
    const paused = [];
    room.on('paused', isPaused => paused.push(isPaused));
    await context.control('cut');
    await until(() => paused.length === 2, 'return to the seat');
    assert(paused[0] && !paused[1] && room.player === 'p1', 'another seat');
    const refused = await room.call('move', { cell: 0 }).then(() => null, error => error);
    assert(refused?.code === 'failed', 'a move without a second player');
    await room.leave();
    client.close();
  },
};

export async function run(name, context) {
  try {
    await scenarios[name](context);
    return null;
  } catch (error) {
    return error.stack ?? `${error}`;
  }
}
