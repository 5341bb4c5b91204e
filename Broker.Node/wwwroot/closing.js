// What the end of a connection means, in words. What comes of it the client decides.

/** The end of a connection that never began; a browser does not tell a page why. */
export const NO_CONNECTION = 'no connection to the node';

const CODES = new Map([
  [1000, 'closed'],
  [1001, 'the node goes away'],
  [1002, 'this page broke the rules of frames'],
  [1003, 'the node does not take frames of this kind'],
  [1006, 'connection lost'],
  [1007, 'this page sent broken text'],
  [1008, 'refused by the node'],
  [1009, 'a message was larger than the node takes'],
  [1011, 'a fault of the node'],
  [1012, 'the node restarts'],
  [1013, 'the node is overloaded'],
  [4001, 'the token has expired'],
  [4003, 'disconnected by the application'],
]);

const REASONS = new Map([
  ['Invalid token', 'the token was not accepted'],
  ['auth required', 'this node asks for a token'],
  ['auth timeout', 'the token came too late'],
  ['too many connections', 'this user has too many connections'],
  ['Origin not allowed', 'this page’s origin is not in broker.origins.allow'],
  ['abuse', 'the node cut this connection for abuse'],
  ['slow consumer', 'this page did not read fast enough'],
  ['revoked', 'this user’s access was revoked'],
  ['no connection', NO_CONNECTION],
  ['no welcome', 'something in between holds back what the node says'],
  ['not this protocol', 'the other side does not speak this protocol'],
  ['no answer to poll', 'the node does not answer any more'],
  ['no answer to ping', 'the node does not answer any more'],
]);

/** What happened, for people; a reason says more than the code it comes with. */
export const inWords = (code, reason) => REASONS.get(reason) ?? CODES.get(code) ?? (reason || 'closed');
