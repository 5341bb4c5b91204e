using System.Reflection;
using System.Text;
using Broker.Protocol.Frames;
using Broker.Protocol.Wire;

namespace Broker.Tests.Wire;

public sealed class DisconnectReasonsSpecs
{
    private static readonly DisconnectReason[] All =
    [
        .. typeof(DisconnectReasons).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (DisconnectReason)field.GetValue(null)!),
    ];

    [Fact]
    public void Reasons_differ_from_each_other_and_fit_a_close_frame()
    {
        Assert.Equal(All.Length, All.Select(reason => (reason.Code, reason.Reason)).Distinct().Count());
        Assert.All(All, reason => Assert.InRange(Encoding.UTF8.GetByteCount(reason.Reason), 0, 123));
    }

    [Fact]
    public void Codes_are_ones_that_may_be_sent() =>
        Assert.All(All, reason =>
        {
            Assert.True(Enum.IsDefined((CloseCode)reason.Code));
            Assert.DoesNotContain(
                (CloseCode)reason.Code, (CloseCode[])[CloseCode.NoStatusReceived, CloseCode.AbnormalClosure, CloseCode.TlsHandshake]);
        });

    // The texts and the advice of PROTOCOL.md, "Close codes".
    [Fact]
    public void Table_is_that_of_the_protocol()
    {
        Assert.Equal(new DisconnectReason(1000, "", false), DisconnectReasons.Normal);
        Assert.Equal(new DisconnectReason(1008, "Invalid token", false), DisconnectReasons.InvalidToken);
        Assert.Equal(new DisconnectReason(1008, "Origin not allowed", false), DisconnectReasons.OriginNotAllowed);
        Assert.Equal(new DisconnectReason(1008, "abuse", false), DisconnectReasons.Abuse);
        Assert.Equal(new DisconnectReason(1008, "auth timeout", true), DisconnectReasons.AuthTimeout);
        Assert.Equal(new DisconnectReason(1008, "too many connections", true), DisconnectReasons.TooManyConnections);
        Assert.Equal(new DisconnectReason(1013, "slow consumer", true), DisconnectReasons.SlowConsumer);
        Assert.Equal(new DisconnectReason(4003, "revoked", false), DisconnectReasons.Revoked);
        Assert.All(
            All.Where(reason => reason.Code is 1001 or 1009 or 1011 or 1012 or 1013 or 4001), reason => Assert.True(reason.Reconnect));
        Assert.All(All.Where(reason => reason.Code is 1000 or 1002 or 1003 or 1007 or 4003), reason => Assert.False(reason.Reconnect));
    }
}
