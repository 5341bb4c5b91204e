using System.Globalization;
using System.Text;
using Broker.Node.Configuration.Hocon;
using Broker.Node.Hosting;
using Broker.Tests.Support;
using CsCheck;

namespace Broker.Tests.Configuration.Hocon;

public sealed class HoconReaderSpecs
{
    private static readonly Dictionary<string, string> NoEnvironment = [];

    [Theory]
    [InlineData("a = 1", """{"a" : "1"}""")]
    [InlineData("a : 1", """{"a" : "1"}""")]
    [InlineData("{ a = 1 }", """{"a" : "1"}""")]
    [InlineData("{\"a\":1,\"b\":[true,null,\"x\"]}", """{"a" : "1" "b" : ["true", "x"]}""")]
    [InlineData("a { b = 1 }", """{"a" : {"b" : "1"}}""")]
    [InlineData("a\n{ b = 1 }", """{"a" : {"b" : "1"}}""")]
    [InlineData("a = { b = 1 }", """{"a" : {"b" : "1"}}""")]
    [InlineData("a.b.c = 1", """{"a" : {"b" : {"c" : "1"}}}""")]
    [InlineData("a.\"b.c\" = 1", """{"a" : {"b.c" : "1"}}""")]
    [InlineData("a { b = 1 }\na { c = 2 }", """{"a" : {"b" : "1" "c" : "2"}}""")]
    [InlineData("a.b = 1\na { b = 2 }", """{"a" : {"b" : "2"}}""")]
    [InlineData("a { b = 1 }\na = 2", """{"a" : "2"}""")]
    [InlineData("a = 2\na { b = 1 }", """{"a" : {"b" : "1"}}""")]
    [InlineData("a = [1, 2]\na = [3]", """{"a" : ["3"]}""")]
    [InlineData("a = [1\n2\n\n3,\n4,]", """{"a" : ["1", "2", "3", "4"]}""")]
    [InlineData("a = 1, b = 2,", """{"a" : "1" "b" : "2"}""")]
    [InlineData("a = { b = 1 },\nc = 2", """{"a" : {"b" : "1"} "c" : "2"}""")]
    [InlineData("a { b = 1 } ,\nc = 2", """{"a" : {"b" : "1"} "c" : "2"}""")]
    [InlineData("a = [] b", null)]
    [InlineData("a = hello  brave world ", """{"a" : "hello  brave world"}""")]
    [InlineData("a = \"x\" y \"z\"", """{"a" : "x y z"}""")]
    [InlineData("a = \"\\u00e9\\n\\\"\"", "{\"a\" : \"é\\u000a\\\"\"}")]
    [InlineData("a = \"\"\"one\n\"two\" \\n\"\"\"", "{\"a\" : \"one\\u000a\\\"two\\\" \\\\n\"}")]
    [InlineData("a = \"\"\"x\"\"\"\"", "{\"a\" : \"x\\\"\"}")]
    [InlineData("# c\na = 1 // d\n// e\nb = 2 # f", """{"a" : "1" "b" : "2"}""")]
    [InlineData("a =\n  1", """{"a" : "1"}""")]
    [InlineData("a = \"# not a comment\"", """{"a" : "# not a comment"}""")]
    [InlineData("a = chat.>", """{"a" : "chat.>"}""")]
    [InlineData("", "{}")]
    [InlineData("\uFEFFa = 1\r\nb = 2\r\n", """{"a" : "1" "b" : "2"}""")]
    [InlineData("included = 1", """{"included" : "1"}""")]
    [InlineData("a { } ", """{"a" : {}}""")]
    public void Text_of_the_subset_is_read(string text, string? expected)
    {
        var (tree, error) = Read(text);
        Assert.Equal(expected, tree is null ? null : AkkaConfig.Render(tree).Replace("\n", " ", StringComparison.Ordinal).Replace(" }", "}", StringComparison.Ordinal));
        Assert.Equal(expected is null, error is not null);
    }

    [Theory]
    [InlineData("a {\n b = 1", "main.conf:1: object is never closed: '}' is missing")]
    [InlineData("{ a = 1", "main.conf:1: object is never closed: '}' is missing")]
    [InlineData("a = [1,\n2", "main.conf:1: a: array is never closed: ']' is missing")]
    [InlineData("\na = \"x", "main.conf:2: string is not closed")]
    [InlineData("\na = \"x\nb = 2", "main.conf:2: string is not closed on its line")]
    [InlineData("\na = \"\"\"x\n\n", "main.conf:2: string in three quotes never ends")]
    [InlineData("a = 1\n}", "main.conf:2: '}' closes nothing")]
    [InlineData("{ a = 1 } }", "main.conf:1: unexpected '}' after the closing brace of the file")]
    [InlineData("[1]", "main.conf:1: expected a key but found '['")]
    [InlineData("a += 1", "main.conf:1: a: += is not supported")]
    [InlineData("a+=1", "main.conf:1: a: += is not supported")]
    [InlineData("a", "main.conf:1: a: expected =, : or { after the key")]
    [InlineData("a\nb = 1", "main.conf:1: a: expected =, : or { after the key")]
    [InlineData("a b = 1", "main.conf:1: a: expected =, : or { after the key but found 'b'")]
    [InlineData("a =", "main.conf:1: a: has no value")]
    [InlineData("a = ,", "main.conf:1: a: has no value")]
    [InlineData("a =\nb = 1", "main.conf:2: a: unexpected '=' in a value: quote what holds : = [ or {")]
    [InlineData("a = 1 }", "main.conf:1: '}' closes nothing")]
    [InlineData("a = [1,,2]", "main.conf:1: a: has no value")]
    [InlineData("a..b = 1", "main.conf:1: a.: a part of the key is missing")]
    [InlineData("a. = 1", "main.conf:1: a.: a part of the key is missing")]
    [InlineData("= 1", "main.conf:1: expected a key but found '='")]
    [InlineData(", a = 1", "main.conf:1: expected a key but found ','")]
    [InlineData("seed = 127.0.0.1:80", "main.conf:1: seed: unexpected ':' in a value: quote what holds : = [ or {")]
    [InlineData("a = \"x\\q\"", "main.conf:1: bad escape in a string: allowed are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX")]
    [InlineData("a = \"\\ud800\"", "main.conf:1: lone surrogate in a string")]
    [InlineData("a = \"\u0001\"", "main.conf:1: control character in a string")]
    [InlineData("a = $x", "main.conf:1: '$' starts a substitution ${key}: quote it to mean the character")]
    [InlineData("a = ${x", "main.conf:1: substitution ${x is not closed: '}' is missing")]
    [InlineData("include file(\"x\")", "main.conf:1: include takes one file name in quotes (file(), url(), classpath() and required() are not supported)")]
    [InlineData("include required(\"x\")", "main.conf:1: include takes one file name in quotes (file(), url(), classpath() and required() are not supported)")]
    [InlineData("include = 1", "main.conf:1: include takes one file name in quotes (file(), url(), classpath() and required() are not supported)")]
    [InlineData("include \"nowhere.conf\"", "main.conf:1: include \"nowhere.conf\": nowhere.conf not found, or not readable as UTF-8 text")]
    [InlineData("a = 1\n\u0000", "main.conf:2: expected a key but found a control character")]
    public void Text_outside_the_subset_is_one_error_with_file_and_line(string text, string expected) =>
        Assert.Equal(expected, Read(text).Error);

    [Fact]
    public void Values_keep_the_file_and_line_they_were_written_in()
    {
        var tree = Read("a = 1\nb {\n  c = 2\n}\ninclude \"x.conf\"", ("x.conf", "\n\nd = 3")).Tree!;
        Assert.Equal(new HoconPosition("main.conf", 3), tree.Find("b", "c")!.Position);
        Assert.Equal(new HoconPosition("x.conf", 3), tree.Find("d")!.Position);
    }

    [Fact]
    public void Include_is_relative_to_the_including_file_and_overridden_by_what_follows()
    {
        var files = new Dictionary<string, string>
        {
            ["etc/main.conf"] = "include \"sub/a.conf\"\nx = 2\nin { include \"sub/a.conf\" }",
            ["etc/sub/a.conf"] = "x = 1\ny = 1\ninclude \"b.conf\"",
            ["etc/sub/b.conf"] = "z = 3",
        };
        var tree = new HoconReader(files.GetValueOrDefault).Read("etc/main.conf")!;
        Assert.Equal("""{"x" : "2" "y" : "1" "z" : "3" "in" : {"x" : "1" "y" : "1" "z" : "3" } }""", AkkaConfig.Render(tree).Replace("\n", " ", StringComparison.Ordinal));
    }

    [Fact]
    public void Substitution_of_a_file_included_in_an_object_looks_there_first() =>
        Assert.Equal("inner outer", ((HoconScalar)Read("v = outer\nw = outer\nin { include \"x.conf\" }", ("x.conf", "v = inner\nr = ${v} ${w}")).Tree!.Find("in", "r")!).Text);

    [Theory]
    [InlineData("main.conf")]
    [InlineData("./main.conf")]
    [InlineData("b.conf")]
    public void File_that_includes_itself_is_an_error(string name) =>
        Assert.EndsWith("the file includes itself", Read($"include \"{name}\"", ("b.conf", "include \"main.conf\"")).Error, StringComparison.Ordinal);

    [Fact]
    public void Includes_are_bounded_in_depth_and_number()
    {
        var deep = new HoconReader(file => $"include \"{file}x\"").Read("a");
        Assert.Null(deep);
        var wide = new HoconReader(file => file.Length > 10 ? "" : $"include \"{file}x\"\ninclude \"{file}y\"");
        Assert.Null(wide.Read("a"));
        Assert.StartsWith("configuration is larger than 256 files", wide.Error!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", 100_000)]
    [InlineData("a={", 100_000)]
    [InlineData("a=[", 100_000)]
    [InlineData("[", 100_000)]
    [InlineData("a.", 100_000)]
    [InlineData("${", 100_000)]
    [InlineData("a=${", 100_000)]
    [InlineData("\"", 100_001)]
    public void Depth_is_bounded_without_a_stack_overflow(string repeated, int times) =>
        Assert.NotNull(Read(new StringBuilder().Insert(0, repeated, times).ToString()).Error);

    [Fact]
    public void Object_at_the_depth_limit_is_read_and_one_deeper_is_an_error()
    {
        var name = string.Join('.', Enumerable.Repeat("a", HoconLimits.Depth));
        Assert.Null(Read($"{name} = 1").Error);
        Assert.NotNull(Read($"b {{ {name} = 1 }}").Error);
    }

    [Fact]
    public void Text_over_the_size_limit_is_an_error() =>
        Assert.StartsWith("main.conf: configuration is larger", Read(new string(' ', HoconLimits.Characters + 1)).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("a = 1\n")]
    [InlineData("a { b = 1 }\n")]
    [InlineData("a = ${?x}\n")]
    [InlineData("a = [1, 2] # c\n")]
    [InlineData("//\n")]
    [InlineData("\"\"\"\"\"\"a")]
    public void Reading_takes_time_in_proportion_to_the_text(string repeated)
    {
        var small = Time(new StringBuilder().Insert(0, repeated, 20_000).ToString());
        var large = Time(new StringBuilder().Insert(0, repeated, 200_000 / Math.Max(1, repeated.Length / 12)).ToString());

        // Ten times the text: a quadratic reader would take a hundred times as long.
        Assert.True(large < 40 * small + 500, $"{small} ms, then {large} ms");

        static double Time(string text)
        {
            var start = ThreadTime.Now;
            _ = Read(text);
            return (ThreadTime.Now - start).TotalMilliseconds;
        }
    }

    [Fact]
    public void Any_text_gives_a_tree_or_one_line_and_never_an_exception() =>
        Gen.String[Gen.OneOf(Gen.Char, Gen.Char["ab.=:{}[],\"\\#/ \n$?+"]), 0, 60].Sample(
            text =>
            {
                var (tree, error) = Read(text);
                return (tree is null) != (error is null) && error?.Contains('\n') != true;
            },
            iter: 20_000);

    [Fact]
    public void Any_tree_survives_rendering_and_reading_again()
    {
        var genText = Gen.String[Gen.Char["ab\"\\$\n{}é#/ "], 0, 8];
        Gen.Dictionary(genText, genText.List[0, 3])[0, 5].Sample(
            map =>
            {
                var tree = new HoconObject(default);
                foreach (var (key, items) in map)
                {
                    var array = new HoconArray(default);
                    array.Items.AddRange(items.Select(item => new HoconScalar(default, item, quoted: true)));
                    tree.Replace(key, array);
                }

                var rendered = AkkaConfig.Render(tree);
                return AkkaConfig.Render(new HoconReader(_ => null).ReadText("x", rendered)!) == rendered;
            },
            iter: 2_000);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("{ ", " }")]
    public void Deepest_tree_can_be_written_out_and_read_again(string before, string after)
    {
        var deepest = string.Join('.', Enumerable.Repeat("a", HoconLimits.Depth));
        var rendered = AkkaConfig.Render(Read($"{before}{deepest} = 1{after}").Tree!);

        Assert.Equal(rendered, AkkaConfig.Render(Read(rendered).Tree!));
        Assert.Contains("nested deeper", Read($"{before}b {{ {deepest} = 1 }}{after}").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Substitution_makes_no_tree_that_is_too_deep_to_read()
    {
        var half = string.Join('.', Enumerable.Repeat("a", HoconLimits.Depth / 2));

        Assert.NotNull(Read($"b.{half} = 1\n{half} = ${{b}}\n").Tree);
        Assert.Contains("nested deeper", Read($"b.{half} = 1\na.{half} = ${{b}}\n").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Substitutions_that_stand_inside_each_other_do_not_overflow_the_stack()
    {
        var half = string.Join('.', Enumerable.Repeat("a", HoconLimits.Depth / 2));
        var text = new StringBuilder("k0 = 1\n");
        for (var i = 1; i < 5_000; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"k{i}.{half} = ${{k{i - 1}}}\n");
        }

        Assert.Contains("nested deeper", Read(text.ToString()).Error, StringComparison.Ordinal);
    }

    internal static (HoconObject? Tree, string? Error) Read(string text, params (string Name, string Text)[] files)
    {
        var all = files.Append(("main.conf", text)).ToDictionary(file => file.Item1, file => file.Item2);
        var reader = new HoconReader(all.GetValueOrDefault);
        if (reader.Read("main.conf") is not { } tree)
        {
            return (null, reader.Error!.ToString());
        }

        var resolver = new HoconResolver(tree, NoEnvironment);
        return (resolver.Resolve(), resolver.Error?.ToString());
    }
}
