using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Broker.Tests.Support;

/// <summary>
/// nginx or HAProxy in a directory of its own. Each listens on a socket file, so that no port has to be guessed, and runs as one process,
/// so that ending it ends all of it. Its configuration names the file as <see cref="SocketOf"/> does.
/// </summary>
internal sealed partial class ProxyProcess : IAsyncDisposable
{
    private readonly DirectoryInfo _directory;
    private readonly ChildProcess _process;

    private ProxyProcess(DirectoryInfo directory, ChildProcess process) => (_directory, _process) = (directory, process);

    public static string SocketOf(string directory) => Path.Combine(directory, "http.sock");

    /// <param name="http">What stands in <c>http { }</c>, of the directory.</param>
    /// <param name="cancellation">Gives up.</param>
    public static Task<ProxyProcess> StartNginxAsync(Func<string, string> http, CancellationToken cancellation)
    {
        var program = RequiredTool.Find("nginx");
        return StartAsync(
            "nginx.conf",
            directory => $$"""
                daemon off;
                master_process off;
                error_log stderr notice;
                pid {{directory}}/nginx.pid;
                events { worker_connections 256; }
                http {
                  access_log off;
                  client_body_temp_path {{directory}}/body;
                  proxy_temp_path {{directory}}/proxy;
                  fastcgi_temp_path {{directory}}/fastcgi;
                  uwsgi_temp_path {{directory}}/uwsgi;
                  scgi_temp_path {{directory}}/scgi;
                {{http(directory)}}
                }
                """,
            (directory, file) => ChildProcess.Start(program, ["-p", directory, "-e", "stderr", "-c", file]),

            // The last line before nginx takes connections, without worker processes.
            (process, _) => process.WaitForLineAsync(NginxStarted(), cancellation),
            cancellation);
    }

    /// <param name="configuration">All of it, of the directory.</param>
    /// <param name="cancellation">Gives up.</param>
    public static Task<ProxyProcess> StartHaproxyAsync(Func<string, string> configuration, CancellationToken cancellation)
    {
        var program = RequiredTool.Find("haproxy");
        return StartAsync(
            "haproxy.cfg",
            configuration,
            (_, file) => ChildProcess.Start(program, ["-db", "-f", file]),
            async (process, directory) =>
            {
                // It says nothing when it is there.
                await Eventually.IsTrueAsync(() => File.Exists(SocketOf(directory)) || process.Ended.IsCompleted, () => process.Output, TimeSpan.FromSeconds(20));
                Assert.False(process.Ended.IsCompleted, process.Output);
            },
            cancellation);
    }

    /// <summary>A way to it for clients.</summary>
    /// <param name="client">Address that the client says it has (PROXY protocol version 1), where the proxy's configuration wants one.</param>
    public SocketsHttpHandler Through(string? client = null) => new()
    {
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketOf(_directory.FullName)), cancellation);
                if (client is not null)
                {
                    await socket.SendAsync(Encoding.ASCII.GetBytes($"PROXY TCP4 {client} 127.0.0.1 40000 80\r\n"), cancellation);
                }

                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    };

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    private static async Task<ProxyProcess> StartAsync(
        string name, Func<string, string> text, Func<string, string, ChildProcess> start, Func<ChildProcess, string, Task> started, CancellationToken cancellation)
    {
        var directory = Directory.CreateTempSubdirectory("broker-proxy-");
        ChildProcess? process = null;
        try
        {
            var file = Path.Combine(directory.FullName, name);
            await File.WriteAllTextAsync(file, text(directory.FullName), cancellation);
            process = start(directory.FullName, file);
            await started(process, directory.FullName);
            return new ProxyProcess(directory, process);
        }
        catch
        {
            await (process?.DisposeAsync() ?? ValueTask.CompletedTask);
            directory.Delete(recursive: true);
            throw;
        }
    }

    [GeneratedRegex(@"\[notice\] .*OS: ")]
    private static partial Regex NginxStarted();
}
