// The demo page: two chat panes on one topic, each with its own connection, and a log of the raw messages.

import { $, capital } from './dom.js';
import { Pane } from './pane.js';
import { WireLog } from './wire.js';

function warn(text) {
  $('notice').textContent = text;
  $('notice').hidden = !text;
}

/** Both panes may ask; the field is there once, and takes the focus from nobody who types. */
function askForToken(why) {
  $('token-why').textContent = `${capital(why)}.`;
  $('token-why').hidden = false;
  $('more').open = true;
  if (!document.activeElement?.matches('input')) $('token').focus();
}

function answerToken() {
  $('token-why').hidden = true;
}

function webSocketUrl(text, fallback) {
  if (!text) return fallback;
  try {
    const url = new URL(text, fallback);
    if (url.protocol === 'ws:' || url.protocol === 'wss:') return url.href;
  } catch { /* said below */ }
  warn(`“${text}” is not a WebSocket address; the right pane uses this page’s own node.`);
  return fallback;
}

const query = new URLSearchParams(location.search);
const own = new URL('/ws', location.href);
own.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
own.search = own.hash = '';

$('topic').value = query.get('topic') ?? 'chat.lobby';
if (!$('topic').checkValidity()) $('topic').value = 'chat.lobby';
$('other').placeholder = own.href;
$('other').value = query.get('ws') ?? '';
$('transport').value = query.get('transport') ?? '';
if (!$('transport').value) $('transport').value = '';

const log = new WireLog();
const page = { askForToken, answerToken, joined: describe };
const left = new Pane('A', 'left', query.get('left') ?? 'Ada', log, page);
const right = new Pane('B', 'right', query.get('right') ?? 'Ben', log, page);
const wanted = () => JSON.stringify([$('other').value.trim(), $('token').value, $('transport').value]);
let connected;

function connect() {
  warn('');
  answerToken();
  connected = wanted();
  const topic = $('topic').value;
  left.connect(own.href, topic, $('token').value, $('transport').value);
  right.connect(webSocketUrl($('other').value.trim(), own.href), topic, $('token').value, $('transport').value);
  describe({ type: 'subscribe', topic });
}

// Works pasted whole: requests wait for nothing but the socket. The token is read from its field and shown nowhere.
function describe(subscribe) {
  const requests = [subscribe, { type: 'publish', topic: subscribe.topic, data: 'Hello from the console' }].map((request, i) => literal({ ...request, id: i + 1 }));
  if ($('token').value) requests.unshift("{ type: 'auth', token: document.getElementById('token').value }");
  $('snippet').textContent = [
    `ws = new WebSocket(${JSON.stringify(own.href)});`,
    'ws.onmessage = event => console.log(event.data);',
    'ws.onopen = () => {',
    ...requests.map(request => `  ws.send(JSON.stringify(${request}));`),
    '};',
  ].join('\n');
}

/** As people write it: names without quotes, texts in single ones. A topic has nothing to escape. */
const literal = request => `{ ${Object.entries(request).map(([name, value]) => `${name}: ${typeof value === 'string' ? `'${value}'` : value}`).join(', ')} }`;

$('settings').addEventListener('submit', event => {
  event.preventDefault();
  const topic = $('topic').value;
  const shared = new URLSearchParams(location.search);
  shared.set('topic', topic);
  if ($('other').value.trim()) shared.set('ws', $('other').value.trim()); else shared.delete('ws');
  if ($('transport').value) shared.set('transport', $('transport').value); else shared.delete('transport');
  history.replaceState(null, '', `?${shared}`);
  const inSheet = [event.submitter, document.activeElement].some(element => $('more').contains(element));
  $('more').open = false;
  if (inSheet || wanted() !== connected) {
    connect();
  } else {
    left.moveTo(topic);
    right.moveTo(topic);
  }
});
document.addEventListener('keydown', event => {
  if (event.key === 'Escape' && $('more').open) {
    $('more').open = false;
    $('more').querySelector('summary').focus();
  }
});
document.addEventListener('pointerdown', event => {
  if (!$('more').contains(event.target)) $('more').open = false;
});
$('copy').addEventListener('click', async event => {
  const button = event.currentTarget;
  try {
    await navigator.clipboard.writeText($('snippet').textContent);
    button.textContent = 'Copied';
  } catch {
    getSelection().selectAllChildren($('snippet'));
    button.textContent = 'Selected';
  }
  setTimeout(() => { button.textContent = 'Copy'; }, 1500);
});

connect();
