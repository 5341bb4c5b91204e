using System.Buffers;
using System.Text;
using Broker.Protocol.Frames;
using Broker.Tests.Deflate;
using Broker.Tests.Support;
using CsCheck;

namespace Broker.Tests.Frames;

public sealed class FrameWriterSpecs
{
    private static byte[] Write(Opcode opcode, ReadOnlySpan<byte> payload, uint? mask = null, bool fin = true)
    {
        var output = new ArrayBufferWriter<byte>();
        FrameWriter.Write(output, opcode, payload, mask, fin);
        return output.WrittenSpan.ToArray();
    }

    private static string Close(CloseCode code, string reason)
    {
        var frame = new byte[FrameWriter.MaxServerControl];
        return Convert.ToHexString(frame.AsSpan(0, FrameWriter.WriteClose(frame, code, reason)));
    }

    [Fact]
    public void Samples_of_RFC_6455_section_5_7_are_written()
    {
        var mask = BitConverter.ToUInt32(TestFrame.Mask);

        // 81: FIN, text; 05: length 5; "Hello"
        Assert.Equal("810548656C6C6F", Convert.ToHexString(Write(Opcode.Text, "Hello"u8)));

        // 85: MASK, length 5; 37FA213D: key
        Assert.Equal("818537FA213D7F9F4D5158", Convert.ToHexString(Write(Opcode.Text, "Hello"u8, mask)));

        // 01: no FIN, text; then 80: FIN, continuation
        Assert.Equal("010348656C", Convert.ToHexString(Write(Opcode.Text, "Hel"u8, fin: false)));
        Assert.Equal("80026C6F", Convert.ToHexString(Write(Opcode.Continuation, "lo"u8)));

        // 89: FIN, ping; 8A: FIN, pong
        Assert.Equal("890548656C6C6F", Convert.ToHexString(Write(Opcode.Ping, "Hello"u8)));
        Assert.Equal("8A8537FA213D7F9F4D5158", Convert.ToHexString(Write(Opcode.Pong, "Hello"u8, mask)));

        // 7E 0100: 256 in 16 bits; 7F 0000000000010000: 65536 in 64 bits
        Assert.Equal("827E0100", Convert.ToHexString(Write(Opcode.Binary, new byte[256])[..4]));
        Assert.Equal("827F0000000000010000", Convert.ToHexString(Write(Opcode.Binary, new byte[65536])[..10]));
    }

    [Fact]
    public void Compressed_message_has_RSV1_on_its_first_frame()
    {
        // C1: FIN, RSV1, text; 41: RSV1, text
        Assert.Equal("C10100", Convert.ToHexString(Zlib.Written(output => FrameWriter.Write(output, Opcode.Text, [0], compressed: true))));
        Assert.Equal("410100", Convert.ToHexString(Zlib.Written(output => FrameWriter.Write(output, Opcode.Text, [0], fin: false, compressed: true))));
        var header = new byte[FrameWriter.MaxServerHeader];
        Assert.Equal("C27E0100", Convert.ToHexString(header.AsSpan(0, FrameWriter.WriteServerHeader(header, Opcode.Binary, 256, compressed: true))));
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(125, 2)]
    [InlineData(126, 4)]
    [InlineData(65535, 4)]
    [InlineData(65536, 10)]
    [InlineData(int.MaxValue, 10)]
    public void Server_header_is_minimal(int payload, int length)
    {
        var header = new byte[FrameWriter.MaxServerHeader];
        Assert.Equal(length, FrameWriter.ServerHeaderLength(payload));
        Assert.Equal(length, FrameWriter.WriteServerHeader(header, Opcode.Text, payload));
        Assert.Equal(FrameHeaderStatus.Complete, FrameHeader.Read(header, out var read));
        Assert.Equal((true, Opcode.Text, false, length, (long)payload), (read.Fin, read.Opcode, read.Masked, read.Size, read.Length));
    }

    [Fact]
    public void Frames_equal_those_built_by_hand() =>
        Gen.Select(Gen.Byte.Array[0, 300], Gen.OneOf(0, 1, 2), Gen.Bool, Gen.Bool).Sample((payload, opcode, fin, masked) =>
            Write((Opcode)opcode, payload, masked ? BitConverter.ToUInt32(TestFrame.Mask) : null, fin).AsSpan()
                .SequenceEqual(TestFrame.Build(opcode, payload, fin, masked: masked)));

    [Fact]
    public void Control_frame_that_breaks_the_rules_is_not_written()
    {
        Assert.Throws<ArgumentException>(() => Write(Opcode.Ping, new byte[126]));
        Assert.Throws<ArgumentException>(() => Write(Opcode.Close, [], fin: false));
        Assert.Equal(127, Write(Opcode.Ping, new byte[125]).Length);
    }

    [Fact]
    public void Close_has_code_and_reason_or_neither()
    {
        // 88: FIN, close; 05: length; 03E8: 1000; "bye"
        Assert.Equal("880503E8627965", Close(CloseCode.NormalClosure, "bye"));
        Assert.Equal("880203EA", Close(CloseCode.ProtocolError, ""));
        Assert.Equal("8800", Close(CloseCode.NoStatusReceived, "dropped"));
    }

    [Theory]
    [InlineData('x', 123)]
    [InlineData('é', 122)]
    [InlineData('€', 123)]
    public void Long_reason_is_cut_at_a_code_point(char c, int bytes)
    {
        var frame = Convert.FromHexString(Close(CloseCode.InternalError, new string(c, 200)));
        Assert.Equal(2 + bytes, frame[1]);
        Assert.Equal(new string(c, bytes / Encoding.UTF8.GetByteCount([c])), new UTF8Encoding(false, true).GetString(frame.AsSpan(4)));
    }

    [Fact]
    public void Reason_with_surrogates_is_cut_and_repaired()
    {
        Assert.Equal(2 + 120, Convert.FromHexString(Close(CloseCode.InternalError, string.Concat(Enumerable.Repeat("😀", 50))))[1]);
        Assert.Equal("880503F3EFBFBD", Close(CloseCode.InternalError, "\ud83d"));
    }

    [Theory]
    [InlineData(1006)]
    [InlineData(1015)]
    [InlineData(1004)]
    [InlineData(0)]
    [InlineData(999)]
    [InlineData(1016)]
    [InlineData(5000)]
    public void Code_that_is_never_sent_is_not_written(int code) => Assert.Throws<ArgumentOutOfRangeException>(() => Close((CloseCode)code, ""));
}
