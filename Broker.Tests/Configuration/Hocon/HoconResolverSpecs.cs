using System.Text;
using Broker.Node.Configuration.Hocon;
using Broker.Node.Hosting;

namespace Broker.Tests.Configuration.Hocon;

public sealed class HoconResolverSpecs
{
    private static readonly Dictionary<string, string> Environment = new() { ["HOME"] = "/root", ["EMPTY"] = "", ["a"] = "shadowed" };

    [Theory]
    [InlineData("a = 1\nb = ${a}", """{"a" : "1" "b" : "1"}""")]
    [InlineData("b = ${a}\na = 1", """{"b" : "1" "a" : "1"}""")]
    [InlineData("a = 1\nb = ${a}\na = 2", """{"a" : "2" "b" : "2"}""")]
    [InlineData("a { x = 1 }\nb = ${a}\nb { y = 2 }", """{"a" : {"x" : "1"} "b" : {"x" : "1" "y" : "2"}}""")]
    [InlineData("a { x = 1, z { p = 1 } }\nb = ${a}\nb { z { q = 2 } }", """{"a" : {"x" : "1" "z" : {"p" : "1"}} "b" : {"x" : "1" "z" : {"p" : "1" "q" : "2"}}}""")]
    [InlineData("a { x = 1 }\nb { y = 2 }\nb = ${a}", """{"a" : {"x" : "1"} "b" : {"y" : "2" "x" : "1"}}""")]
    [InlineData("a { x = 1, y = ${a.x} }", """{"a" : {"x" : "1" "y" : "1"}}""")]
    [InlineData("a = ${b}\na { y = ${a.x} }\nb { x = 1 }", """{"a" : {"x" : "1" "y" : "1"} "b" : {"x" : "1"}}""")]
    [InlineData("a = x${b}y ${b}\nb = 1", """{"a" : "x1y 1" "b" : "1"}""")]
    [InlineData("a = \"${b}\"\nb = 1", "{\"a\" : \"\\u0024{b}\" \"b\" : \"1\"}")]
    [InlineData("a = ${HOME}/x", """{"a" : "/root/x"}""")]
    [InlineData("b = ${EMPTY}", """{"b" : ""}""")]
    [InlineData("a = tree\nb = ${a}", """{"a" : "tree" "b" : "tree"}""")]
    [InlineData("b = ${?NOPE}", "{}")]
    [InlineData("b = 1\nb = ${?NOPE}", """{"b" : "1"}""")]
    [InlineData("b = 1\nb = ${?HOME}", """{"b" : "/root"}""")]
    [InlineData("b = ${?HOME}\nb = 1", """{"b" : "1"}""")]
    [InlineData("b = x${?NOPE}", """{"b" : "x"}""")]
    [InlineData("b = ${?NOPE}${?NOPE}", "{}")]
    [InlineData("b = [1, ${?NOPE}, 2]", """{"b" : ["1", "2"]}""")]
    [InlineData("b = ${?a.x.y}\na = 1", """{"a" : "1"}""")]
    [InlineData("a = [1, 2]\nb = ${a}", """{"a" : ["1", "2"] "b" : ["1", "2"]}""")]
    public void Substitution_is_resolved_over_the_whole_tree(string text, string expected)
    {
        var (tree, error) = Resolve(text);
        Assert.Null(error);
        Assert.Equal(expected, AkkaConfig.Render(tree!).Replace("\n", " ", StringComparison.Ordinal).Replace(" }", "}", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a = ${a}", "main.conf:1: ${a} leads to itself")]
    [InlineData("a = x\na = ${a}y", "main.conf:1: value leads to itself")]
    [InlineData("a = ${a}y", "main.conf:1: value leads to itself")]
    [InlineData("a = ${?a}", "main.conf:1: ${?a} leads to itself")]
    [InlineData("a = ${b}\nb = ${a}", "main.conf:1: ${b} leads to itself")]
    [InlineData("a { b = ${a} }", "main.conf:1: a substitution puts a value inside itself")]
    [InlineData("a { b = ${c} }\nc { d = ${a} }", "main.conf:2: a substitution puts a value inside itself")]
    [InlineData("a = [${a}]", "main.conf:1: a substitution puts a value inside itself")]
    [InlineData("a = 1\n\nb = ${nope}", "main.conf:3: ${nope}: neither a key nor a variable of the environment has this name")]
    [InlineData("a = x${b}\nb { c = 1 }", "main.conf:1: ${b} is an object or array and cannot be joined with a string")]
    [InlineData("a = x${b}\nb = [1]", "main.conf:1: ${b} is an object or array and cannot be joined with a string")]
    public void Substitution_that_has_no_value_is_one_error_with_file_and_line(string text, string expected) =>
        Assert.Equal(expected, Resolve(text).Error);

    [Fact]
    public void Long_chain_is_an_error_and_no_stack_overflow()
    {
        var text = new StringBuilder();
        for (var i = 0; i < 50_000; i++)
        {
            text.Append('k').Append(i).Append(" = ${k").Append(i + 1).Append("}\n");
        }

        Assert.Contains("substitutions lead to each other", Resolve(text.Append("k50000 = 1").ToString()).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Nested_chain_is_an_error_and_no_stack_overflow()
    {
        var text = new StringBuilder();
        for (var i = 0; i < 50_000; i++)
        {
            text.Append('k').Append(i).Append(" { x = ${k").Append(i + 1).Append("} }\n");
        }

        Assert.Contains("nested deeper", Resolve(text.Append("k50000 = 1").ToString()).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[{0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}]")]
    [InlineData("{{ a = {0}, b = {0}, c = {0}, d = {0}, e = {0}, f = {0}, g = {0}, h = {0} }}")]
    [InlineData("{0}{0}{0}{0}{0}{0}{0}{0}")]
    public void Tree_that_would_grow_without_end_is_an_error(string level)
    {
        var text = new StringBuilder("k0 = xxxxxxxxxx\n");
        for (var i = 0; i < 30; i++)
        {
            text.Append('k').Append(i + 1).Append(" = ").AppendFormat(null, level, $"${{k{i}}}").Append('\n');
        }

        Assert.Contains("larger than", Resolve(text.ToString()).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Alternating_layers_over_a_large_object_are_bounded()
    {
        var text = new StringBuilder("big {\n");
        for (var i = 0; i < 5_000; i++)
        {
            text.Append('k').Append(i).Append(" = 1\n");
        }

        text.Append("}\n").Insert(text.Length, "a = ${big}\na { b = ${?NOPE} }\n", 5_000);
        Assert.Contains("larger than", Resolve(text.ToString()).Error, StringComparison.Ordinal);
    }

    private static (HoconObject? Tree, string? Error) Resolve(string text)
    {
        var resolver = new HoconResolver(new HoconReader(_ => null).ReadText("main.conf", text)!, Environment);
        return (resolver.Resolve(), resolver.Error?.ToString());
    }
}
