using System.Text;
using Broker.Protocol.Http;

namespace Broker.Protocol.Handshake;

/// <summary>
/// Reads the elements of one <c>Sec-WebSocket-Extensions</c> line (RFC 6455 section 9.1), each once, in linear time:
/// <code>
/// extension-list  = 1#extension
/// extension       = extension-token *( ";" extension-param )
/// extension-param = token [ "=" ( token | quoted-string ) ]    ; unquoted it must be a token too
/// </code>
/// A malformed element ends at the next comma outside quotes; the others are not harmed.
/// </summary>
internal sealed class ExtensionScanner(string line)
{
    private int _at;

    private char Next => _at < line.Length ? line[_at] : '\0';

    /// <summary>The next element; null at the end.</summary>
    public Extension? Read()
    {
        // RFC 9110 section 5.6.1.2: empty elements are skipped.
        while (Next is ' ' or '\t' or ',')
        {
            _at++;
        }

        if (_at == line.Length)
        {
            return null;
        }

        var name = ReadToken();
        var parameters = new List<(string, string?)>();
        var wellFormed = name.Length > 0 && ReadParameters(parameters);
        if (!wellFormed)
        {
            SkipElement();
        }

        return new Extension(name, parameters, wellFormed);
    }

    private bool ReadParameters(List<(string Name, string? Value)> parameters)
    {
        SkipBlanks();
        while (Next == ';')
        {
            _at++;
            SkipBlanks();
            var name = ReadToken();
            SkipBlanks();
            string? value = null;
            if (Next == '=')
            {
                _at++;
                SkipBlanks();
                value = Next == '"' ? ReadQuoted() : ReadToken();
                SkipBlanks();
            }

            if (name.Length == 0 || (value is not null && !HttpSyntax.IsToken(value)))
            {
                return false;
            }

            parameters.Add((name, value));
        }

        return _at == line.Length || Next == ',';
    }

    private string ReadToken()
    {
        var start = _at;
        while (_at < line.Length && HttpSyntax.IsToken(line.AsSpan(_at, 1)))
        {
            _at++;
        }

        return line[start.._at];
    }

    /// <summary>Without quotes and escapes; empty, which is no token, where the end is missing.</summary>
    private string ReadQuoted()
    {
        var value = new StringBuilder();
        for (_at++; _at < line.Length; _at++)
        {
            if (line[_at] == '"')
            {
                _at++;
                return value.ToString();
            }

            _at += line[_at] == '\\' && _at + 1 < line.Length ? 1 : 0;
            value.Append(line[_at]);
        }

        return "";
    }

    private void SkipElement()
    {
        while (_at < line.Length && Next != ',')
        {
            if (Next == '"')
            {
                ReadQuoted();
            }
            else
            {
                _at++;
            }
        }
    }

    private void SkipBlanks()
    {
        while (Next is ' ' or '\t')
        {
            _at++;
        }
    }
}

/// <summary>One element of <c>Sec-WebSocket-Extensions</c>.</summary>
/// <param name="Name">The extension's token; empty where there was none.</param>
/// <param name="Parameters">Names and values as they came, quoted values without their quotes; null for no value.</param>
/// <param name="IsWellFormed">Whether it keeps to the grammar; else what it says is not to be used.</param>
internal sealed record Extension(string Name, IReadOnlyList<(string Name, string? Value)> Parameters, bool IsWellFormed);
