using System.Text;
using System.Text.Json.Nodes;
using Broker.Node.Configuration.Options;

namespace Broker.Node.Auth;

/// <summary>What the application says about a user; it concerns whatever was signed up to then.</summary>
/// <param name="At">When it was said.</param>
/// <param name="Options">The rights in place of those of the tokens; null: the tokens are worth nothing any more.</param>
internal sealed record RightsChange(DateTimeOffset At, RightsOptions? Options)
{
    private const string AtName = "at";
    private const string RightsName = "rights";

    /// <summary>Of <see cref="Options"/>; null: the tokens are worth nothing any more.</summary>
    public Rights? Rights { get; } = Options is null ? null : Rights.TryCreate(Options, out var rights, out var error) ? rights : throw new ArgumentException(error, nameof(Options));

    /// <summary>As it is kept in the cluster: {at: milliseconds since the epoch, rights?: as in a token}.</summary>
    public byte[] ToBytes()
    {
        var json = new JsonObject { [AtName] = At.ToUnixTimeMilliseconds() };
        if (Options is not null)
        {
            json[RightsName] = RightsClaim.Write(Options);
        }

        return Encoding.UTF8.GetBytes(json.ToJsonString());
    }

    /// <summary>Null: it makes no sense.</summary>
    public static RightsChange? Read(ReadOnlyMemory<byte> json)
    {
        if (!StrictJson.TryParseObject(json, out var document))
        {
            return null;
        }

        using (document)
        {
            var root = document.RootElement;
            if (!root.TryGetProperty(AtName, out var at) || !at.TryGetInt64(out var milliseconds))
            {
                return null;
            }

            RightsOptions? options = null;
            if (root.TryGetProperty(RightsName, out var claim) && !(RightsClaim.TryRead(claim, out options, out _, out _) && Rights.TryCreate(options, out _, out _)))
            {
                return null;
            }

            return new RightsChange(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), options);
        }
    }
}
