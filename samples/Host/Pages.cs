namespace Host;

internal static class Pages
{
    public const string Login =
        """
        <!doctype html>
        <html lang="en">
        <title>Sign in</title>
        <form method="post">
          <label>Your name <input name="name" required maxlength="64"></label>
          <button>Sign in</button>
        </form>
        </html>
        """;

    /// <summary>The browser sends the cookie with the handshake; the page never sees a token.</summary>
    public const string Me =
        """
        <!doctype html>
        <html lang="en">
        <title>Me</title>
        <p>Broker knows me as <b id="name">nobody yet</b>.</p>
        <p>Topic <code>staff</code>: <span id="staff">…</span></p>
        <script>
          const show = (id, text) => document.getElementById(id).textContent = text;
          const ws = new WebSocket(`${location.origin.replace('http', 'ws')}/ws`);
          ws.onmessage = event => {
            const message = JSON.parse(event.data);
            if (message.type === 'welcome') {
              show('name', message.user);
              ws.send(JSON.stringify({ type: 'subscribe', topic: 'staff' }));
            } else {
              show('staff', message.error ?? message.type);
            }
          };
        </script>
        </html>
        """;
}
