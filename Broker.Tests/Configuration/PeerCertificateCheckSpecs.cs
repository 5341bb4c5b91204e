using Broker.Node.Configuration;

namespace Broker.Tests.Configuration;

public sealed class PeerCertificateCheckSpecs : IDisposable
{
    private const string Server = "1.3.6.1.5.5.7.3.1";
    private const string Client = "1.3.6.1.5.5.7.3.2";
    private readonly TestCertificates _ours = new();
    private readonly TestCertificates _other = new();

    [Fact]
    public void Certificate_of_our_authority_with_the_name_is_accepted() =>
        Assert.Null(Check(_ours.Issue()));

    [Fact]
    public void Common_name_counts_when_there_are_no_DNS_names() =>
        Assert.Null(Check(_ours.Issue("CN=node-7.broker.test", dnsName: null)));

    [Fact]
    public void Common_name_does_not_count_beside_DNS_names() =>
        Assert.Contains("does not carry the name", Check(_ours.Issue("CN=node-7.broker.test", "web.example.test")), StringComparison.Ordinal);

    [Fact]
    public void Missing_certificate_is_refused() =>
        Assert.Equal("no certificate", new PeerCertificateCheck(_ours.Root, [], "*.broker.test", TimeProvider.System).Refuse(null));

    [Fact]
    public void Certificate_of_another_authority_with_the_same_name_is_refused() =>
        Assert.Contains("is not trusted", Check(_other.Issue()), StringComparison.Ordinal);

    [Fact]
    public void Root_the_peer_sends_itself_is_not_trusted() =>
        Assert.Contains("is not trusted", new PeerCertificateCheck(_ours.Root, [], "*.broker.test", TimeProvider.System).Refuse(_other.Issue(), _other.Root), StringComparison.Ordinal);

    [Fact]
    public void Expired_certificate_is_refused() =>
        Assert.Contains("NotTimeValid", Check(_ours.Issue(days: -1)), StringComparison.Ordinal);

    [Theory]
    [InlineData(Server)]
    [InlineData(Client)]
    public void Certificate_for_one_direction_only_is_refused(string purpose) =>
        Assert.Contains("NotValidForUsage", Check(_ours.Issue(purposes: purpose)), StringComparison.Ordinal);

    [Fact]
    public void Certificate_for_both_directions_is_accepted() =>
        Assert.Null(Check(_ours.Issue(purposes: [Server, Client])));

    [Theory]
    [InlineData("node-1.broker.test", "node-1.broker.test", true)]
    [InlineData("NODE-1.broker.test", "node-1.Broker.test", true)]
    [InlineData("node-1.broker.test", "*.broker.test", true)]
    [InlineData("a.node-1.broker.test", "*.broker.test", false)]
    [InlineData("broker.test", "*.broker.test", false)]
    [InlineData(".broker.test", "*.broker.test", false)]
    [InlineData("node-1.broker.test.evil", "*.broker.test", false)]
    [InlineData("node-1xbroker.test", "node-1.broker.test", false)]
    [InlineData("", "*", false)]
    public void Star_stands_for_one_label(string name, string pattern, bool expected) =>
        Assert.Equal(expected, PeerCertificateCheck.Matches(name, pattern));

    public void Dispose()
    {
        _ours.Dispose();
        _other.Dispose();
    }

    private string? Check(System.Security.Cryptography.X509Certificates.X509Certificate2 certificate) =>
        new PeerCertificateCheck(_ours.Root, [], "*.broker.test", TimeProvider.System).Refuse(certificate);
}
