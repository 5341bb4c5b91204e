using Broker.Protocol.Http;

namespace Broker.Tests.Http;

public sealed class RequestHeadSpecs
{
    private static RequestHead Head(string target, params HttpHeader[] headers) => new("GET", target, 1, headers);

    [Theory]
    [InlineData("/a/b?c=d?e", "/a/b", "c=d?e", "host")]
    [InlineData("/a%20b", "/a%20b", "", "host")]
    [InlineData("/?", "/", "", "host")]
    [InlineData("*", "*", "", "host")]
    [InlineData("http://Other:81/a?b", "/a", "b", "Other:81")]
    [InlineData("https://other?b", "/", "b", "other")]
    [InlineData("https://other", "/", "", "other")]
    [InlineData("/a?u=http://x/", "/a", "u=http://x/", "host")]
    public void Target_splits_into_path_query_and_host(string target, string path, string query, string host)
    {
        var head = Head(target, new HttpHeader("Host", "host"));
        Assert.Equal((path, query, host), (head.Path, head.Query, head.Host));
    }

    [Theory]
    [InlineData("/?token=a", new[] { "a" })]
    [InlineData("/?x=1&token=a%2Bb+c%C3%A9&token=z", new[] { "a+b cé", "z" })]
    [InlineData("/?tok%65n=a&token=a", new[] { "a", "a" })]
    [InlineData("/?token=a=b", new[] { "a=b" })]
    [InlineData("/?token=", new[] { "" })]
    [InlineData("/?token", new[] { "" })]
    [InlineData("/?tokens=a&&Token=b", new string[0])]
    [InlineData("/", new string[0])]
    [InlineData("/?token=%zz%", new[] { "%zz%" })]
    public void Query_parameters_are_all_of_their_name_decoded(string target, string[] values) => Assert.Equal(values, Head(target).QueryParameters("token"));

    [Fact]
    public void Query_parameters_are_all_of_their_name_in_order()
    {
        Assert.Equal(["a", "", "", "b c"], Head("/?token=a&x=1&token=&token&tok%65n=b+c").QueryParameters("token"));
        Assert.Empty(Head("/?a=token").QueryParameters("token"));
    }

    [Fact]
    public void Header_lookups_ignore_case_and_span_lines()
    {
        var head = Head("/", new("Connection", "keep-alive ,\tUPGRADE"), new("connection", ", x"), new("Upgrade", "websocket"), new("Empty", ""));
        Assert.Equal((2, 1, 0), (head.Count("CONNECTION"), head.Count("upgrade"), head.Count("Via")));
        Assert.Equal((null, "websocket", "", null), (head.Single("Connection"), head.Single("UPGRADE"), head.Single("Empty"), head.Single("Via")));
        Assert.True(head.HasToken("Connection", "upgrade"));
        Assert.True(head.HasToken("Connection", "X"));
        Assert.False(head.HasToken("Connection", "keep"));
        Assert.False(head.HasToken("Connection", ""));
        Assert.False(head.HasToken("Via", "x"));
    }
}
