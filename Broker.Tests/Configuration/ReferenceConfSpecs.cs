using System.Collections;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Broker.Node.Configuration;
using Broker.Node.Configuration.Hocon;
using Broker.Node.Configuration.Options;

namespace Broker.Tests.Configuration;

public sealed partial class ReferenceConfSpecs
{
    private static readonly string Text = ConfigurationFiles.BuiltIn("reference.conf")!;

    [Fact]
    public void Reference_binds_to_the_defaults_of_the_records()
    {
        var errors = new ConfigurationErrors();
        Assert.Equal(Show(new BrokerOptions()), Show(Bind(Text, errors)));
        Assert.Empty(errors.Lines);
    }

    [Fact]
    public void Every_option_has_a_key_in_the_reference()
    {
        var tree = new HoconReader(_ => null).ReadText("reference.conf", Text)!;
        Assert.Empty(Keys(typeof(BrokerOptions)).Where(path => tree.Find(["broker", .. path]) is null).Select(path => string.Join('.', path)));
    }

    [Theory]
    [InlineData("topics")]
    [InlineData("keys")]
    public void Entry_shown_for_an_array_has_every_key_with_its_default(string key)
    {
        var entry = Entry(key);
        var errors = new ConfigurationErrors();
        var options = Bind($"broker {{ {(key == "keys" ? "auth.keys" : key)} = [ {entry} ] }}", errors);
        Assert.Empty(errors.Lines);
        object bound = key == "keys" ? Assert.Single(options.Auth.Keys) : Assert.Single(options.Topics);
        Assert.Equal(Show(Activator.CreateInstance(bound.GetType())!), Show(bound));
        var tree = new HoconReader(_ => null).ReadText("entry", entry)!;
        Assert.Empty(Keys(bound.GetType()).Where(path => tree.Find(path) is null).Select(path => string.Join('.', path)));
    }

    [Fact]
    public void Every_key_has_a_comment()
    {
        var lines = Text.Split('\n').Select(line => line.Trim()).ToArray();
        var keys = lines.Index().Where(line => KeyLine().IsMatch(line.Item) && line.Item != "broker {").ToArray();
        Assert.True(keys.Length > 90, $"only {keys.Length} keys found");
        Assert.Empty(keys.Where(line => !lines[line.Index - 1].StartsWith('#')).Select(line => $"{line.Index + 1}: {line.Item}"));
    }

    [Fact]
    public void Comment_of_every_value_says_its_default()
    {
        var lines = Text[..Text.IndexOf("\nakka {", StringComparison.Ordinal)].Split('\n').Select(line => line.Trim()).ToArray();
        var wrong = new List<string>();
        foreach (var (index, line) in lines.Index().Where(line => ValueLine().IsMatch(line.Item)))
        {
            var value = ValueLine().Match(line).Groups[1].Value.Trim('"');
            var comment = lines[index - 1].TrimEnd('.');
            if (!comment.Contains($"default {value}", StringComparison.Ordinal) && !comment.Contains($"default \"{value}\"", StringComparison.Ordinal) && !(value == "[]" && comment.EndsWith('}')))
            {
                wrong.Add($"{index + 1}: {line}");
            }
        }

        Assert.Empty(wrong);
    }

    private static BrokerOptions Bind(string text, ConfigurationErrors errors)
    {
        var tree = new HoconReader(_ => null).ReadText("reference.conf", text)!;
        return OptionsBinder.Bind(new ConfigurationSection(tree, "", errors), new SecretFiles(_ => null, _ => false, errors));
    }

    /// <summary>The commented-out entry above the empty array of a key, as text.</summary>
    private static string Entry(string key)
    {
        var lines = Text.Split('\n').Select(line => line.Trim()).ToArray();
        var end = Array.IndexOf(lines, $"{key} = []");
        var start = Array.FindLastIndex(lines, end, line => line == "#   {");
        return string.Join('\n', lines[start..end].Select(line => line[1..]));
    }

    private static IEnumerable<string[]> Keys(Type type)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite))
        {
            var key = Kebab().Replace(property.Name, "-$1").ToLowerInvariant();
            var nested = property.PropertyType.Name.EndsWith("Options", StringComparison.Ordinal) && property.Name != nameof(RightsOptions.Deny);
            foreach (var below in nested ? Keys(property.PropertyType) : [[]])
            {
                // The public port has no peers to check, and the cluster takes PEM only.
                if (!(key == "listen" && below is ["tls", "authority" or "peer-name"]) && !(key == "cluster" && below is ["tls", "password"]))
                {
                    yield return [key, .. below];
                }
            }
        }
    }

    /// <summary>Records with lists do not compare by value; their text does.</summary>
    private static string Show(object? value)
    {
        switch (value)
        {
            case null:
                return "null";
            case string or ValueType:
                return value.ToString()!;
            case IEnumerable list:
                return "[" + string.Join(", ", list.Cast<object>().Select(Show)) + "]";
            default:
                var text = new StringBuilder();
                foreach (var property in value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
                {
                    text.Append(property.Name).Append('=').Append(Show(property.GetValue(value))).Append(';');
                }

                return "{" + text + "}";
        }
    }

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9.-]* (=|\{)")]
    private static partial Regex KeyLine();

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9.-]* = (.*)$")]
    private static partial Regex ValueLine();

    [GeneratedRegex("(?<!^)([A-Z])")]
    private static partial Regex Kebab();
}
