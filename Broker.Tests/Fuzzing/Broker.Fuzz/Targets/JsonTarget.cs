using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Broker.Fuzz.Engine;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Bridge;

namespace Broker.Fuzz.Targets;

/// <summary>
/// Client frames in JSON: taken or refused as the runtime's own parser (without duplicate keys, to the same depth)
/// would, elements in the same number; what came out is written into every reply and push, which are JSON again, and
/// stay the same once they were carried over to MessagePack and back.
/// </summary>
internal sealed class JsonTarget : FuzzTarget
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = WireLimits.Depth };

    private readonly ClientMessageList _messages = new();
    private readonly ArrayBufferWriter<byte> _carried = new();
    private readonly ArrayBufferWriter<byte> _back = new();
    private readonly CodecReplies _replies = new(JsonWireCodec.Instance);

    public override string Name => "json";

    public override int MaxLength => 1024;

    public override IReadOnlyList<byte[]> Dictionary { get; } = CodecReplies.Names
        .Select(name => System.Text.Encoding.ASCII.GetBytes($"\"{name}\""))
        .Concat(Tokens(
            "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u0000", "\\ud83d\\ude00", "\\ud800", "\\n", "null", "true", "false", "0", "-1", "1e3", "1.0", "9007199254740991", "9007199254740992", "1e400", "\t", "\r\n",
            "{\"type\":\"publish\",\"topic\":\"a\",\"data\":1}", "\"id\":1,", "\"id\":\"a\",", "{\"epoch\":\"e\",\"offset\":1}", "[[[[[[[[", "]]]]]]]]", "{\"a\":{\"a\":{\"a\":", "\u00ef\u00bb\u00bf", "\u00ff", "\u00c3\u00a9"))
        .ToArray();

    public override void Run(ReadOnlySpan<byte> input)
    {
        var frame = input.ToArray();
        var error = JsonWireCodec.Instance.Decode(frame, _messages);
        Promise.Holds(error is ErrorCode.None or ErrorCode.InvalidJson or ErrorCode.InvalidMessage, $"an error nobody expects: {error}");
        Promise.Holds((error == ErrorCode.None) == (_messages.Count > 0), "messages beside an error, or neither");
        using var document = Parse(frame);
        if (error == ErrorCode.InvalidJson)
        {
            Promise.Holds(document is null || !Utf8.IsValid(frame) || HasLoneSurrogate(document.RootElement), "sound JSON is refused");
            return;
        }

        Promise.Holds(document is not null, "what is not JSON is taken");
        var expected = document.RootElement.ValueKind switch
        {
            JsonValueKind.Object => 1,
            JsonValueKind.Array when document.RootElement.GetArrayLength() <= WireLimits.Batch => document.RootElement.GetArrayLength(),
            _ => 0,
        };
        Promise.Holds(_messages.Count == expected, $"{_messages.Count} messages, not {expected}");
        for (var i = 0; i < _messages.Count; i++)
        {
            _replies.Check(_messages[i], CheckJson);
        }

        _messages.Clear();
    }

    private void CheckJson(ReadOnlyMemory<byte> bytes)
    {
        using var document = Parse(bytes);
        Promise.Holds(document is not null && document.RootElement.ValueKind == JsonValueKind.Object, "a reply that is not JSON");
        Carry(bytes.Span, WireFormat.Json, _carried);
        Carry(_carried.WrittenSpan, WireFormat.MessagePack, _back);

        // The first time numbers take the spelling that doubles have.
        var once = _back.WrittenSpan.ToArray();
        Carry(once, WireFormat.Json, _carried);
        Carry(_carried.WrittenSpan, WireFormat.MessagePack, _back);
        Promise.Holds(_back.WrittenSpan.SequenceEqual(once), "carried over and back it is another text");
    }

    private static void Carry(ReadOnlySpan<byte> value, WireFormat from, ArrayBufferWriter<byte> output)
    {
        output.ResetWrittenCount();
        Promise.Holds(WireBridge.TryCarry(value, from, output), $"what was decoded cannot be carried over: from {from}");
    }

    private static JsonDocument? Parse(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return JsonDocument.Parse(bytes, Strict);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // The second: a key with a lone surrogate, met when keys are compared.
            return null;
        }
    }

    private static bool HasLoneSurrogate(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => !HasText(element.GetString),
        JsonValueKind.Array => element.EnumerateArray().Any(HasLoneSurrogate),
        JsonValueKind.Object => element.EnumerateObject().Any(static member => !HasText(() => member.Name) || HasLoneSurrogate(member.Value)),
        _ => false,
    };

    private static bool HasText(Func<string?> read)
    {
        try
        {
            return read() is not null;
        }
        catch (InvalidOperationException)
        {
            // How the runtime says that no text can hold it.
            return false;
        }
    }
}
