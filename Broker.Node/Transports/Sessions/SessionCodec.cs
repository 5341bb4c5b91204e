using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Broker.Node.Links;
using Broker.Node.Sequenced;

namespace Broker.Node.Transports.Sessions;

/// <summary>
/// Layout of requests to sessions between nodes, and of their answers: version (1), then per message; numbers and bytes as
/// <see cref="PartitionWriter"/> writes them, texts as their bytes in UTF-8. A decoder answers null to anything that is not of its form.
/// </summary>
internal static class SessionCodec
{
    /// <summary>Of a session's name or ticket, and of a user's id.</summary>
    private const int MaxText = 1024;

    private static readonly TimeSpan MaxWait = TimeSpan.FromMinutes(5);

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // version, number, answer (1), from, total, bytes
    public static byte[] Encode(SessionPart part)
    {
        var bytes = new ArrayBufferWriter<byte>(part.Bytes.Length + 32);
        var writer = Head(bytes);
        writer.Number(part.Number);
        writer.Flag(part.IsAnswer);
        writer.Number(part.From);
        writer.Number(part.Total);
        writer.Bytes(part.Bytes.Span);
        return bytes.WrittenSpan.ToArray();
    }

    public static SessionPart? DecodePart(byte[] bytes)
    {
        var reader = Read(bytes);
        var part = new SessionPart(reader.Number(), reader.Flag(), reader.Count(), reader.Count(), reader.Bytes());
        return reader.IsWhole && part.Total <= SessionPart.MaxTotal && part.From <= part.Total && part.Bytes.Length <= SessionPart.Longest ? part : null;
    }

    // version, kind (1), session, number, cursor, wait in milliseconds, poll, user (flag, text), part of a wait (flag), body
    public static byte[] Encode(SessionRequest request)
    {
        var bytes = new ArrayBufferWriter<byte>(request.Body.Length + 128);
        var writer = Head(bytes);
        writer.Byte((byte)request.Kind);
        writer.Bytes(Encoding.UTF8.GetBytes(request.Session));
        writer.Number(request.Number);
        writer.Number(request.Cursor);
        writer.Number((long)request.Wait.TotalMilliseconds);
        writer.Number(request.Poll);
        writer.Flag(request.User is not null);
        writer.Bytes(Encoding.UTF8.GetBytes(request.User ?? ""));
        writer.Flag(request.IsPart);
        writer.Bytes(request.Body.Span);
        return bytes.WrittenSpan.ToArray();
    }

    public static SessionRequest? DecodeRequest(ReadOnlySpan<byte> bytes)
    {
        var reader = Read(bytes);
        var (kind, session, number, cursor, wait) = ((SessionRequestKind)reader.Byte((byte)SessionRequestKind.Redeem), reader.Bytes(), reader.Number(), reader.Number(), reader.Number());
        var (poll, hasUser, user, isPart, body) = (reader.Number(), reader.Flag(), reader.Bytes(), reader.Flag(), reader.Bytes());
        if (!reader.IsWhole || wait > MaxWait.TotalMilliseconds || !TryText(session, out var name) || !TryText(user, out var id))
        {
            return null;
        }

        return new SessionRequest(kind, name)
        {
            Number = number,
            Cursor = cursor,
            Wait = TimeSpan.FromMilliseconds(wait),
            Poll = poll,
            User = hasUser ? id : null,
            IsPart = isPart,
            Body = body,
        };
    }

    // version, status, body
    public static byte[] Encode(SessionAnswer answer)
    {
        var bytes = new ArrayBufferWriter<byte>(answer.Body.Length + 16);
        var writer = Head(bytes);
        writer.Number(answer.Status);
        writer.Bytes(answer.Body.Span);
        return bytes.WrittenSpan.ToArray();
    }

    public static SessionAnswer? DecodeAnswer(ReadOnlySpan<byte> bytes)
    {
        var reader = Read(bytes);
        var (status, body) = (reader.Number(), reader.Bytes());
        return reader.IsWhole && status is >= 200 and <= 599 ? new SessionAnswer((int)status, body) : null;
    }

    private static PartitionWriter Head(IBufferWriter<byte> bytes)
    {
        var writer = new PartitionWriter(bytes);
        writer.Byte(LinkProtocol.Major);
        return writer;
    }

    private static PartitionReader Read(ReadOnlySpan<byte> bytes) => bytes is [LinkProtocol.Major, .. var rest] ? new PartitionReader(rest) : new PartitionReader([]);

    private static bool TryText(byte[] bytes, [NotNullWhen(true)] out string? text)
    {
        text = null;
        if (bytes.Length > MaxText)
        {
            return false;
        }

        try
        {
            text = Strict.GetString(bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }
}
