using Broker.Protocol.Frames;
using Broker.Tests.Support;
using CsCheck;

namespace Broker.Tests.Frames;

public sealed class FrameHeaderSpecs
{
    [Fact]
    public void Written_header_is_read_back() =>
        Gen.Select(Gen.OneOf(0, 1, 2), Gen.Bool, Gen.Bool, Gen.OneOf(Gen.Int[0, 130], Gen.Int[65530, 65540], Gen.Int)).Sample((opcode, fin, masked, length) =>
        {
            var size = (ulong)(uint)length;
            var bytes = TestFrame.Build(opcode, [], fin, masked: masked, announced: size);
            Assert.Equal(FrameHeaderStatus.Complete, FrameHeader.Read(bytes, out var header));
            Assert.Equal((fin, (Opcode)opcode, masked, bytes.Length, (long)size), (header.Fin, header.Opcode, header.Masked, header.Size, header.Length));
            for (var part = 1; part < bytes.Length; part++)
            {
                Assert.Equal(FrameHeaderStatus.NeedMore, FrameHeader.Read(bytes.AsSpan(0, part), out header));
            }
        });

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    public void Defined_opcode_is_read(int opcode) => Assert.Equal(FrameHeaderStatus.NeedMore, FrameHeader.Read([(byte)(0x80 | opcode)], out _));

    [Fact]
    public void First_byte_alone_shows_reserved_bits_opcodes_and_fragmented_control()
    {
        for (var first = 0; first < 256; first++)
        {
            var opcode = first & 0x0F;
            var valid = (first & 0x70) == 0 && (opcode is 0 or 1 or 2 || (opcode is 8 or 9 or 10 && first >= 0x80));
            Assert.Equal(valid ? FrameHeaderStatus.NeedMore : FrameHeaderStatus.Invalid, FrameHeader.Read([(byte)first], out _));
        }
    }

    [Theory]
    [InlineData("89FE")] // ping, 16-bit length
    [InlineData("88FF")] // close, 64-bit length
    [InlineData("81FE0000")] // 0 in 16 bits
    [InlineData("81FE007D")] // 125 in 16 bits
    [InlineData("817E007D")]
    [InlineData("82FF0000000000000000")]
    [InlineData("82FF00000000000000C8")] // 200 in 64 bits
    [InlineData("82FF000000000000FFFF")] // 65535 in 64 bits
    [InlineData("82FF8000000000000000")] // most significant bit
    [InlineData("82FFFFFFFFFFFFFFFFFF")]
    public void Length_that_is_not_minimal_or_not_allowed_is_invalid_before_the_mask(string hex) =>
        Assert.Equal(FrameHeaderStatus.Invalid, FrameHeader.Read(Convert.FromHexString(hex), out _));

    [Theory]
    [InlineData("81FE007E", 126)]
    [InlineData("81FEFFFF", 65535)]
    [InlineData("81FF0000000000010000", 65536)]
    [InlineData("81FF7FFFFFFFFFFFFFFF", long.MaxValue)]
    public void Length_is_known_before_the_mask(string hex, long length)
    {
        Assert.Equal(FrameHeaderStatus.NeedMore, FrameHeader.Read(Convert.FromHexString(hex), out var header));
        Assert.Equal((length, true), (header.Length, header.Masked));
    }
}
