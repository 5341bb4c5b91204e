// wsload: a load generator for publish/subscribe over WebSocket. One thread, epoll; it knows no product.
//
// What it sends are templates: $T topic, $P payload, $I number of the connection; $L length of the payload in decimal,
// $t length of the topic in one byte, $p length of the payload in two bytes, big-endian; escapes \n \r \xHH.
// A payload starts with a marker, ~ and eight characters of send time and ~; a delivery is one marker received. Markers are
// looked for in the stream of data, not in frames, so that any framing, batching or splitting by a server counts alike.
//
// Connections: publishers are the first ones, and subscribe too. Each keeps a window of messages in flight, freed by what it
// receives back, or with --pilot by what its pilot receives, the i-th plain subscriber. With several --url publishers use
// the first and the others take turns over the rest; so with --pilot the loop closes across nodes.
//
// With --stream PATH or --poll PATH plain subscribers come without a WebSocket: by a response that does not end, or by polls of
// the session that the first answer names. $T in PATH is the topic; --suback says when one is subscribed.
//
// build: g++ -O2 -std=c++17 -o wsload wsload.cpp -lssl -lcrypto -lz
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

using std::string;
using std::vector;

static uint64_t nanoseconds() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return uint64_t(t.tv_sec) * 1000000000u + uint64_t(t.tv_nsec);
}

struct Url {
  bool tls;
  string host, path;
  int port;
};

struct Step {
  string send, waitFor;
};

struct Options {
  string name = "run", topicPrefix = "t", streamPath, pollPath, subscribe, subscribed, publish, pingPrefix, pingAnswer;
  vector<Url> urls;
  vector<Step> opening;
  vector<string> headers;
  vector<int> pids;
  int connections = 100, publishers = 1, topics = 1, topicsEach = 1, window = 16, size = 100, seconds = 4, warmup = 1, concurrency = 200;
  double settle = 1, rate = 0;
  bool binary = false, connectOnly = false, pilot = false, deflate = false;
};

static Options options;

[[noreturn]] static void fail(const string& why) {
  fprintf(stderr, "%s\n", why.c_str());
  exit(2);
}

static Url parseUrl(const string& text) {
  const bool tls = text.rfind("wss://", 0) == 0;
  if (!tls && text.rfind("ws://", 0) != 0) fail("a URL starts with ws:// or wss://: " + text);
  const string rest = text.substr(tls ? 6 : 5);
  const size_t slash = std::min(rest.find('/'), rest.size());
  const string authority = rest.substr(0, slash);
  const size_t colon = authority.find(':');
  if (colon == string::npos) fail("a URL names its port: " + text);
  return {tls, authority.substr(0, colon), slash < rest.size() ? rest.substr(slash) : "/", atoi(authority.c_str() + colon + 1)};
}

static string unescape(const string& text) {
  string out;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    if (c == 'n') out += '\n';
    else if (c == 'r') out += '\r';
    else if (c == 'x') {
      out += char(strtol(text.substr(i + 1, 2).c_str(), nullptr, 16));
      i += 2;
    } else out += c;
  }
  return out;
}

static string fill(const string& form, const string& topic, const string& payload, int connection) {
  string out;
  for (size_t i = 0; i < form.size(); i++) {
    if (form[i] != '$' || i + 1 == form.size()) {
      out += form[i];
      continue;
    }
    switch (form[++i]) {
      case 'T': out += topic; break;
      case 'P': out += payload; break;
      case 'I': out += std::to_string(connection); break;
      case 'L': out += std::to_string(payload.size()); break;
      case 't': out += char(topic.size()); break;
      case 'p': out += char(payload.size() >> 8); out += char(payload.size()); break;
      default: out += '$'; i--;
    }
  }
  return out;
}

static Options parse(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; i++) {
    const string flag = argv[i];
    const auto next = [&]() -> string {
      if (i + 1 >= argc) fail("no value after " + flag);
      return argv[++i];
    };
    if (flag == "--name") o.name = next();
    else if (flag == "--url") o.urls.push_back(parseUrl(next()));
    else if (flag == "--header") o.headers.push_back(next());
    else if (flag == "--pid") for (string list = next(); !list.empty();) {
      o.pids.push_back(atoi(list.c_str()));
      list.erase(0, std::min(list.find(','), list.size() - 1) + 1);
    }
    else if (flag == "-n") o.connections = stoi(next());
    else if (flag == "--pubs") o.publishers = stoi(next());
    else if (flag == "--topics") o.topics = stoi(next());
    else if (flag == "--topic-prefix") o.topicPrefix = next();
    else if (flag == "--topics-each") o.topicsEach = stoi(next());
    else if (flag == "--window") o.window = stoi(next());
    else if (flag == "--rate") o.rate = stod(next());
    else if (flag == "--size") o.size = stoi(next());
    else if (flag == "--secs") o.seconds = stoi(next());
    else if (flag == "--warmup") o.warmup = stoi(next());
    else if (flag == "--settle") o.settle = stod(next());
    else if (flag == "--conc") o.concurrency = stoi(next());
    else if (flag == "--init") {
      const string send = unescape(next());
      o.opening.push_back({send, unescape(next())});
    }
    else if (flag == "--sub") o.subscribe = unescape(next());
    else if (flag == "--suback") o.subscribed = unescape(next());
    else if (flag == "--pub") o.publish = unescape(next());
    else if (flag == "--answer") { o.pingPrefix = unescape(next()); o.pingAnswer = unescape(next()); }
    else if (flag == "--stream") o.streamPath = next();
    else if (flag == "--poll") o.pollPath = next();
    else if (flag == "--bin") o.binary = true;
    else if (flag == "--pilot") o.pilot = true;
    else if (flag == "--deflate") o.deflate = true;
    else if (flag == "--connect-only") o.connectOnly = true;
    else fail("unknown option " + flag);
  }
  if (o.urls.empty()) fail("--url is required");
  if (o.topicsEach > 1 && o.subscribed.empty()) fail("--topics-each needs --suback");
  return o;
}

struct Usage {
  double cpu = 0;
  double rssKb = 0;
};

static Usage measure() {
  Usage usage;
  for (int pid : options.pids) {
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE* file = fopen(path, "r");
    if (!file) continue;
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    long user = 0, system = 0, pages = 0;
    // proc(5): the name in brackets may hold anything; utime is field 14, stime 15, rss 24.
    sscanf(strrchr(text, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld %*d %*d %*d %*d %*d %*d %*u %*u %ld", &user, &system, &pages);
    usage.cpu += double(user + system) / double(sysconf(_SC_CLK_TCK));
    usage.rssKb += double(pages) * double(sysconf(_SC_PAGESIZE)) / 1024;
  }
  return usage;
}

static double ownCpu() {
  rusage r;
  getrusage(RUSAGE_SELF, &r);
  return double(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + double(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

// Latencies in microseconds: exact below 64, then 64 steps for each power of two.
struct Histogram {
  vector<uint64_t> counts = vector<uint64_t>(64 * 60);
  uint64_t total = 0, largest = 0;

  void add(uint64_t ns) {
    largest = std::max(largest, ns);
    const uint64_t us = ns / 1000;
    const int power = us < 64 ? 5 : 63 - __builtin_clzll(us);
    counts[us < 64 ? us : size_t(power - 5) * 64 + ((us >> (power - 6)) & 63)]++;
    total++;
  }

  double percentile(double p) const {
    uint64_t seen = 0;
    for (size_t i = 0; i < counts.size(); i++) {
      seen += counts[i];
      if (double(seen) > double(total) * p) return i < 64 ? double(i) : double((64 + i % 64) << (i / 64 - 1));
    }
    return 0;
  }
};

struct Counters {
  uint64_t delivered = 0, published = 0, bytesIn = 0, frames = 0;
};

enum class State { Idle, Connecting, Securing, Handshake, Opening, Subscribing, Ready, Dead };

struct Connection {
  int fd = -1, id = 0, url = 0, topic = 0, step = 0, inFlight = 0, pilotOf = -1, next = 0;
  State state = State::Idle;
  bool publisher = false, wantsWrite = false, mayDeflate = false, deflates = false, http = false;
  SSL* ssl = nullptr;
  string in, out, carry, session;
  size_t written = 0, chunk = 0;
};

static vector<Connection> connections;
static Counters counters;
static Histogram latencies;
static int epollFd, readyCount = 0, deadCount = 0, deflating = 0, freed = -1;
static bool running = false, measuring = false;
static string text;  // filler of payloads: words, so that it compresses as text does
static SSL_CTX* tls = nullptr;
static z_stream inflater;

static constexpr char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
static constexpr size_t markerSize = 10;
static int8_t digitValues[256];

static string marker(uint64_t time) {
  string m(markerSize, '~');
  for (int i = 8; i >= 1; i--, time >>= 6) m[size_t(i)] = digits[time & 63];
  return m;
}

// 48 bits of nanoseconds: the difference is right for three days.
static bool sentAt(const char* m, uint64_t& time) {
  time = 0;
  for (int i = 1; i <= 8; i++) {
    const int v = digitValues[uint8_t(m[i])];
    if (v < 0) return false;
    time = time << 6 | uint64_t(v);
  }
  return m[9] == '~';
}

static void makeText() {
  static const char* words[] = {"position", "velocity", "player", "room", "order", "price", "update", "status", "message", "channel", "north", "seven", "blue", "active", "user", "value"};
  uint32_t random = 12345;
  while (text.size() < size_t(options.size) + 4096) {
    random = random * 1664525 + 1013904223;
    text += words[random >> 28];
    text += ' ';
    text += std::to_string((random >> 8) % 1000);
    text += ' ';
  }
}

static string topicOf(const Connection& c, int k) {
  return options.topicPrefix + std::to_string(c.topic + k * (options.topics / options.topicsEach));
}

static void end(Connection& c, const string& why) {
  if (c.state == State::Dead) return;
  if (deadCount < 3) fprintf(stderr, "connection %d ended in state %d: %s\n", c.id, int(c.state), why.c_str());
  if (c.state == State::Ready) readyCount--;
  c.state = State::Dead;
  deadCount++;
  if (c.ssl) SSL_free(c.ssl);
  c.ssl = nullptr;
  close(c.fd);
}

static void wantWrite(Connection& c, bool want) {
  if (c.wantsWrite == want) return;
  c.wantsWrite = want;
  epoll_event e{};
  e.events = want ? EPOLLIN | EPOLLOUT : EPOLLIN;
  e.data.u32 = uint32_t(c.id);
  epoll_ctl(epollFd, EPOLL_CTL_MOD, c.fd, &e);
}

// Both: bytes done; 0 would block; -1 the end.
static ssize_t readSome(Connection& c, char* to, size_t size) {
  if (c.ssl) {
    ERR_clear_error();
    const int n = SSL_read(c.ssl, to, int(size));
    return n > 0 ? n : SSL_get_error(c.ssl, n) == SSL_ERROR_WANT_READ ? 0 : -1;
  }
  const ssize_t n = recv(c.fd, to, size, 0);
  return n > 0 ? n : n < 0 && errno == EAGAIN ? 0 : -1;
}

static ssize_t writeSome(Connection& c, const char* from, size_t size) {
  if (c.ssl) {
    ERR_clear_error();
    const int n = SSL_write(c.ssl, from, int(size));
    return n > 0 ? n : SSL_get_error(c.ssl, n) == SSL_ERROR_WANT_WRITE ? 0 : -1;
  }
  const ssize_t n = send(c.fd, from, size, MSG_NOSIGNAL);
  return n >= 0 ? n : errno == EAGAIN ? 0 : -1;
}

static void flush(Connection& c) {
  while (c.written < c.out.size()) {
    const ssize_t n = writeSome(c, c.out.data() + c.written, c.out.size() - c.written);
    if (n < 0) return end(c, "write failed");
    if (n == 0) return wantWrite(c, true);
    c.written += size_t(n);
  }
  c.out.clear();
  c.written = 0;
  wantWrite(c, false);
}

// RFC 6455 section 5.2; clients mask.
static void addFrame(Connection& c, int opcode, const string& payload) {
  const size_t n = payload.size();
  string& out = c.out;
  out += char(0x80 | opcode);
  if (n < 126) out += char(0x80 | n);
  else {
    const int bytes = n < 65536 ? 2 : 8;
    out += char(0x80 | (bytes == 2 ? 126 : 127));
    for (int i = bytes - 1; i >= 0; i--) out += char(uint64_t(n) >> (8 * i));
  }
  const char key[4] = {0x12, 0x34, 0x56, char(c.id)};
  out.append(key, 4);
  const size_t start = out.size();
  out += payload;
  for (size_t i = 0; i < n; i++) out[start + i] = char(out[start + i] ^ key[i & 3]);
}

static void addMessage(Connection& c, const string& payload) { addFrame(c, options.binary ? 2 : 1, payload); }

static void publish(Connection& c) {
  string payload = marker(nanoseconds());
  const size_t rest = size_t(options.size) > markerSize ? size_t(options.size) - markerSize : 0;
  payload.append(text, counters.published * 37 % 4096, rest);
  addMessage(c, fill(options.publish, topicOf(c, c.next), payload, c.id));
  c.next = (c.next + 1) % options.topicsEach;
  c.inFlight++;
  counters.published++;
}

static void fillWindow(Connection& c) {
  if (!running || options.rate > 0 || c.state != State::Ready || c.inFlight > options.window / 2) return;
  while (c.inFlight < options.window) publish(c);
  flush(c);
}

// Opening, one step after the other: the messages of --init, then a subscription for each topic.
static void advance(Connection& c) {
  while (size_t(c.step) < options.opening.size()) {
    c.state = State::Opening;
    const Step& step = options.opening[size_t(c.step)];
    if (!step.send.empty()) addMessage(c, fill(step.send, topicOf(c, 0), "", c.id));
    if (!step.waitFor.empty()) return flush(c);
    c.step++;
  }
  const int subscribed = c.step - int(options.opening.size());
  if (options.subscribe.empty() || subscribed == options.topicsEach) {
    c.state = State::Ready;
    readyCount++;
    return;
  }
  c.state = State::Subscribing;
  addMessage(c, fill(options.subscribe, topicOf(c, subscribed), "", c.id));
  if (options.subscribed.empty()) {
    c.step++;
    advance(c);
  }
  flush(c);
}

static void onMarker(Connection& c, uint64_t sent, uint64_t now) {
  if (!running) return;  // a message of the load before this one: it would leave one more in flight for good
  if (measuring) {
    counters.delivered++;
    latencies.add(((now - sent) & 0xFFFFFFFFFFFFull));
  }
  if (!options.pilot && c.publisher) c.inFlight--;
  if (options.pilot && c.pilotOf >= 0) {
    connections[size_t(c.pilotOf)].inFlight--;
    freed = c.pilotOf;
  }
}

static void scan(Connection& c, const char* data, size_t size) {
  string joined;
  if (!c.carry.empty()) {
    joined = c.carry.append(data, size);
    c.carry.clear();
    data = joined.data();
    size = joined.size();
  }
  const char* const stop = data + size;
  uint64_t now = 0, sent;
  for (const char* at = data; (at = static_cast<const char*>(memchr(at, '~', size_t(stop - at))));) {
    if (size_t(stop - at) < markerSize) {
      c.carry.assign(at, size_t(stop - at));
      return;
    }
    if (!sentAt(at, sent)) {
      at++;
      continue;
    }
    if (!now) now = nanoseconds();
    onMarker(c, sent, now);
    at += markerSize;
  }
}

static void onData(Connection& c, const char* data, size_t size) {
  counters.frames++;
  const bool opening = c.state == State::Opening;
  if (opening || c.state == State::Subscribing) {
    const string& wait = opening ? options.opening[size_t(c.step)].waitFor : options.subscribed;
    if (!wait.empty() && string(data, size).find(wait) != string::npos) {
      c.step++;
      advance(c);
    }
  }
  if (!options.pingPrefix.empty() && size >= options.pingPrefix.size() && size <= options.pingPrefix.size() + 16 && memcmp(data, options.pingPrefix.data(), options.pingPrefix.size()) == 0)
    addMessage(c, options.pingAnswer);
  scan(c, data, size);
}

// RFC 7692 section 7.2.2; the server keeps no context between messages, so one inflater serves all.
static void onCompressed(Connection& c, const char* data, size_t size) {
  static vector<char> plain(1 << 20);
  if (!c.deflates) {
    c.deflates = true;
    deflating++;
  }
  string input(data, size);
  input.append("\0\0\xff\xff", 4);
  inflateReset(&inflater);
  inflater.next_in = reinterpret_cast<Bytef*>(input.data());
  inflater.avail_in = uInt(input.size());
  inflater.next_out = reinterpret_cast<Bytef*>(plain.data());
  inflater.avail_out = uInt(plain.size());
  const int result = inflate(&inflater, Z_SYNC_FLUSH);
  if ((result != Z_OK && result != Z_STREAM_END) || inflater.avail_out == 0) return end(c, "cannot inflate");
  onData(c, plain.data(), plain.size() - inflater.avail_out);
}

static void onFrame(Connection& c, uint8_t first, const char* payload, size_t size) {
  switch (first & 15) {
    case 8:
      return end(c, "close frame " + (size < 2 ? "" : std::to_string(uint8_t(payload[0]) * 256 + uint8_t(payload[1])) + " " + string(payload + 2, size - 2)));
    case 9: return addFrame(c, 10, string(payload, size));
    case 10: return;
    default:
      if (!(first & 0x40)) return onData(c, payload, size);
      if (!c.mayDeflate || !(first & 0x80)) return end(c, "compressed message not agreed on, or fragmented");
      return onCompressed(c, payload, size);
  }
}

// Bytes of the whole frame at data; 0 while it is not all there.
static size_t frameSize(const uint8_t* data, size_t size, size_t& header) {
  if (size < 2) return 0;
  const size_t code = data[1] & 127u;
  const size_t bytes = code < 126 ? 0 : code == 126 ? 2 : 8;
  header = 2 + bytes;
  if (size < header) return 0;
  size_t length = bytes ? 0 : code;
  for (size_t i = 0; i < bytes; i++) length = length << 8 | data[2 + i];
  return size < header + length ? 0 : header + length;
}

static size_t onHandshake(Connection& c, const char* data, size_t size) {
  const string head(data, size);
  const size_t stop = head.find("\r\n\r\n");
  if (stop == string::npos) return 0;
  if (head.compare(0, 12, "HTTP/1.1 101") != 0) {
    end(c, head.substr(0, head.find("\r\n")));
    return 0;
  }
  c.mayDeflate = head.substr(0, stop).find("permessage-deflate") != string::npos;
  if (c.mayDeflate && head.find("server_no_context_takeover") > stop) {
    end(c, "the server keeps a compression context");
    return 0;
  }
  advance(c);
  return stop + 4;
}

static string between(const string& text, const string& before, char after) {
  const size_t start = text.rfind(before);
  return start == string::npos ? "" : text.substr(start + before.size(), text.find(after, start + before.size()) - start - before.size());
}

// Messages of a client without a WebSocket, wherever they were cut.
static void onText(Connection& c, const char* data, size_t size) {
  counters.frames++;
  if (c.state == State::Subscribing) {
    c.carry.append(data, size);
    if (c.carry.find(options.subscribed) == string::npos) return;
    c.carry.clear();
    c.state = State::Ready;
    readyCount++;
    return;
  }
  scan(c, data, size);
}

static void get(Connection& c, const string& target) {
  const Url& url = options.urls[size_t(c.url)];
  c.out += "GET " + target + " HTTP/1.1\r\nHost: " + url.host + ":" + std::to_string(url.port) + "\r\n";
  for (const string& header : options.headers) c.out += header + "\r\n";
  c.out += "\r\n";
}

// RFC 9112 section 7.1: chunks, of which one may end anywhere in a message. Answers what was taken.
static size_t onChunks(Connection& c, const char* data, size_t size) {
  size_t at = 0;
  while (at < size) {
    if (c.chunk == 0) {
      const char* const stop = static_cast<const char*>(memchr(data + at, '\n', size - at));
      if (!stop) break;
      // The end of the chunk before it is an empty line.
      c.chunk = data[at] == '\r' ? 0 : strtoul(data + at, nullptr, 16);
      at = size_t(stop - data) + 1;
      continue;
    }
    const size_t part = std::min(c.chunk, size - at);
    onText(c, data + at, part);
    c.chunk -= part;
    at += part;
  }
  return at;
}

// Whole responses with a length; each is followed by the next poll.
static size_t onAnswer(Connection& c, const string& all) {
  const size_t head = all.find("\r\n\r\n");
  if (head == string::npos) return 0;
  const size_t length = strtoul(between(all.substr(0, head + 2), "Content-Length: ", '\r').c_str(), nullptr, 10);
  if (all.size() < head + 4 + length) return 0;
  const string body = all.substr(head + 4, length);
  if (all.compare(0, 12, "HTTP/1.1 200") != 0) {
    end(c, all.substr(0, all.find("\r\n")) + " " + body);
    return 0;
  }
  if (c.session.empty()) c.session = between(body, "\"session\":\"", '"');
  const string cursor = between(body, "\"cursor\":\"", '"');
  onText(c, body.data(), body.size());
  get(c, "/poll/" + c.session + "?cursor=" + cursor);
  return head + 4 + length;
}

static void onHttp(Connection& c, const char* data, size_t size) {
  string all;
  all.swap(c.in);
  all.append(data, size);
  size_t at = 0;
  if (c.state == State::Handshake) {
    const size_t head = all.find("\r\n\r\n");
    if (head != string::npos && all.compare(0, 12, "HTTP/1.1 200") != 0) return end(c, all.substr(0, all.find("\r\n")));
    if (head != string::npos) c.state = State::Subscribing;
    if (head != string::npos && !options.streamPath.empty()) at = head + 4;
  }
  if (c.state != State::Handshake && !options.streamPath.empty()) at += onChunks(c, all.data() + at, all.size() - at);
  else if (c.state != State::Handshake) at = onAnswer(c, all);
  if (c.state == State::Dead) return;
  c.in.assign(all, at, string::npos);
  if (!c.out.empty() && !c.wantsWrite) flush(c);
}

static void onBytes(Connection& c, const char* data, size_t size) {
  counters.bytesIn += size;
  if (c.http) return onHttp(c, data, size);
  string own;
  if (!c.in.empty()) {
    own.swap(c.in);
    own.append(data, size);
    data = own.data();
    size = own.size();
  }
  size_t at = 0;
  if (c.state == State::Handshake && (at = onHandshake(c, data, size)) == 0) {
    if (c.state != State::Dead) c.in.assign(data, size);
    return;
  }
  size_t header, whole;
  while (c.state != State::Dead && (whole = frameSize(reinterpret_cast<const uint8_t*>(data) + at, size - at, header)) > 0) {
    onFrame(c, uint8_t(data[at]), data + at + header, whole - header);
    at += whole;
  }
  if (c.state == State::Dead) return;
  c.in.assign(data + at, size - at);
  if (!c.out.empty() && !c.wantsWrite) flush(c);
}

static void request(Connection& c) {
  c.state = State::Handshake;
  c.http = !c.publisher && (!options.streamPath.empty() || !options.pollPath.empty());
  if (c.http) return get(c, fill(options.streamPath.empty() ? options.pollPath : options.streamPath, topicOf(c, 0), "", c.id));
  const Url& url = options.urls[size_t(c.url)];
  c.out += "GET " + fill(url.path, topicOf(c, 0), "", c.id) + " HTTP/1.1\r\nHost: " + url.host + ":" + std::to_string(url.port) +
           "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
  if (options.deflate) c.out += "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n";
  for (const string& header : options.headers) c.out += header + "\r\n";
  c.out += "\r\n";
}

static void secure(Connection& c) {
  ERR_clear_error();
  const int result = SSL_connect(c.ssl);
  if (result == 1) {
    request(c);
    return flush(c);
  }
  const int error = SSL_get_error(c.ssl, result);
  if (error == SSL_ERROR_WANT_READ) wantWrite(c, false);
  else if (error != SSL_ERROR_WANT_WRITE) end(c, "TLS failed");
}

static void onConnected(Connection& c) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(c.fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error) return end(c, strerror(error));
  if (!options.urls[size_t(c.url)].tls) {
    request(c);
    return;
  }
  c.ssl = SSL_new(tls);
  SSL_set_fd(c.ssl, c.fd);
  c.state = State::Securing;
}

static void onEvent(Connection& c, uint32_t events) {
  static vector<char> buffer(1 << 18);
  if (c.state == State::Connecting && events & EPOLLOUT) onConnected(c);
  if (c.state == State::Securing) return secure(c);
  if (c.state != State::Dead && events & EPOLLOUT) flush(c);
  if (c.state == State::Dead || c.state == State::Connecting || !(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
  // A TLS record may be waiting inside the library, where epoll does not see it.
  do {
    const ssize_t n = readSome(c, buffer.data(), buffer.size());
    if (n < 0) return end(c, "the server closed");
    if (n == 0) break;
    onBytes(c, buffer.data(), size_t(n));
  } while (c.state != State::Dead && c.ssl);
}

static void pump(int milliseconds) {
  static vector<epoll_event> events(1024);
  const int count = epoll_wait(epollFd, events.data(), int(events.size()), milliseconds);
  for (int i = 0; i < count; i++) {
    Connection& c = connections[events[size_t(i)].data.u32];
    if (c.state == State::Dead) continue;
    onEvent(c, events[size_t(i)].events);
    if (options.pilot && freed >= 0) {
      Connection& publisher = connections[size_t(freed)];
      freed = -1;
      fillWindow(publisher);
    } else if (!options.pilot && c.publisher) fillWindow(c);
  }
}

static void open(Connection& c) {
  const Url& url = options.urls[size_t(c.url)];
  c.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c.fd < 0) fail(string("socket: ") + strerror(errno));
  const int one = 1;
  setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(uint16_t(url.port));
  if (inet_pton(AF_INET, url.host.c_str(), &address.sin_addr) != 1) fail("an IPv4 address is needed: " + url.host);
  if (connect(c.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 && errno != EINPROGRESS) fail(string("connect: ") + strerror(errno));
  c.state = State::Connecting;
  c.wantsWrite = true;
  epoll_event e{};
  e.events = EPOLLIN | EPOLLOUT;
  e.data.u32 = uint32_t(c.id);
  epoll_ctl(epollFd, EPOLL_CTL_ADD, c.fd, &e);
}

static void prepare() {
  rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  epollFd = epoll_create1(0);
  memset(digitValues, -1, sizeof digitValues);
  for (int i = 0; i < 64; i++) digitValues[uint8_t(digits[i])] = int8_t(i);
  makeText();
  inflateInit2(&inflater, -15);
  tls = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  connections.resize(size_t(options.connections));
  for (int i = 0; i < options.connections; i++) {
    Connection& c = connections[size_t(i)];
    c.id = i;
    c.publisher = i < options.publishers;
    const int turn = c.publisher ? i : i - options.publishers;
    c.topic = turn % (options.topics / options.topicsEach);
    if (options.pilot && !c.publisher && turn < options.publishers) c.pilotOf = turn;
    const int others = int(options.urls.size()) - 1;
    c.url = c.publisher || others == 0 ? 0 : 1 + i % others;
  }
}

static void runUntil(uint64_t time) {
  static uint64_t nextPublish = nanoseconds();
  static int turn = 0;
  while (nanoseconds() < time) {
    if (options.rate <= 0) {
      pump(20);
      continue;
    }
    for (const uint64_t now = nanoseconds(); nextPublish <= now; nextPublish += uint64_t(1e9 / options.rate)) {
      Connection& c = connections[size_t(turn++ % options.publishers)];
      if (c.state == State::Ready) {
        publish(c);
        flush(c);
      }
    }
    const uint64_t now = nanoseconds();
    pump(nextPublish > now ? int(std::min<uint64_t>((nextPublish - now) / 1000000, 20)) : 0);
  }
}

static double openAll() {
  const uint64_t start = nanoseconds();
  int opened = 0;
  while (readyCount + deadCount < options.connections) {
    while (opened < options.connections && opened - readyCount - deadCount < options.concurrency) open(connections[size_t(opened++)]);
    pump(100);
    if (nanoseconds() - start > 120000000000ull) fail("opening took over 120 s: " + std::to_string(readyCount) + " ready, " + std::to_string(deadCount) + " dead");
  }
  return double(nanoseconds() - start) / 1e9;
}

static void wait(double seconds) {
  for (const uint64_t stop = nanoseconds() + uint64_t(seconds * 1e9); nanoseconds() < stop;) pump(50);
}

static void load() {
  running = true;
  for (Connection& c : connections)
    if (c.publisher) fillWindow(c);
  runUntil(nanoseconds() + uint64_t(options.warmup) * 1000000000ull);
  const Usage before = measure();
  const double cpuBefore = ownCpu();
  const Counters from = counters;
  const uint64_t start = nanoseconds();
  measuring = true;
  fprintf(stderr, "measuring\n");
  runUntil(start + uint64_t(options.seconds) * 1000000000ull);
  const double seconds = double(nanoseconds() - start) / 1e9;
  const Usage after = measure();
  const double delivered = double(counters.delivered);
  printf(",\"deliveries\":%.0f,\"publishes_per_s\":%.0f,\"deliveries_per_s\":%.0f,\"cpu_us_per_delivery\":%.4f,\"server_cpu\":%.3f,\"load_cpu\":%.3f",
         delivered, double(counters.published - from.published) / seconds, delivered / seconds, delivered > 0 ? (after.cpu - before.cpu) * 1e6 / delivered : 0, (after.cpu - before.cpu) / seconds, (ownCpu() - cpuBefore) / seconds);
  printf(",\"p50_us\":%.0f,\"p99_us\":%.0f,\"p999_us\":%.0f,\"max_us\":%.0f,\"frames_per_s\":%.0f,\"mb_per_s\":%.2f,\"rss_loaded_mb\":%.1f",
         latencies.percentile(.5), latencies.percentile(.99), latencies.percentile(.999), double(latencies.largest) / 1000, double(counters.frames - from.frames) / seconds, double(counters.bytesIn - from.bytesIn) / seconds / 1e6, after.rssKb / 1024);
}

int main(int argc, char** argv) {
  options = parse(argc, argv);
  prepare();
  const Usage empty = measure();
  const double seconds = openAll();
  const Usage opened = measure();
  wait(options.settle);
  const Usage settled = measure();
  const double ready = std::max(1, readyCount);
  printf("{\"name\":\"%s\",\"connections\":%d,\"connections_per_s\":%.0f,\"cpu_us_per_connection\":%.1f,\"rss_kb_per_connection\":%.2f,\"rss_mb\":%.1f",
         options.name.c_str(), readyCount, ready / seconds, (opened.cpu - empty.cpu) * 1e6 / ready, (settled.rssKb - empty.rssKb) / ready, settled.rssKb / 1024);
  if (!options.connectOnly) load();
  printf(",\"deflating\":%d,\"dead\":%d}\n", deflating, deadCount);
  return deadCount ? 3 : 0;
}
