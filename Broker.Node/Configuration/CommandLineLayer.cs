using System.Globalization;
using Broker.Node.Configuration.Hocon;

namespace Broker.Node.Configuration;

/// <summary>Flags as the last layer over the files and the environment.</summary>
internal static class CommandLineLayer
{
    public static void Put(CommandLineOptions flags, HoconObject tree)
    {
        Put(tree, "--port", flags.Port, "broker", "listen", "port");
        Put(tree, "--cluster-port", flags.ClusterPort, "broker", "cluster", "port");
        Put(tree, "--ops-port", flags.OpsPort, "broker", "ops", "port");
        if (flags.Seeds.Count > 0)
        {
            tree.Put(["broker", "cluster", "seeds"], Array("--seed", flags.Seeds));
        }

        if (flags.Dev)
        {
            const string Flag = "--dev";
            tree.Put(["broker", "listen", "host"], Scalar(Flag, "0.0.0.0"));
            tree.Put(["broker", "auth", "anonymous"], Scalar(Flag, "on"));
            foreach (var right in (string[])["subscribe", "publish", "history", "presence"])
            {
                tree.Put(["broker", "auth", "anonymous-rights", right], Array(Flag, [">"]));
            }

            foreach (var right in (string[])["create", "join"])
            {
                tree.Put(["broker", "auth", "anonymous-rights", "rooms", right], Array(Flag, ["*"]));
            }
        }
    }

    private static void Put(HoconObject tree, string flag, int? value, params string[] path)
    {
        if (value is not null)
        {
            tree.Put(path, Scalar(flag, value.Value.ToString(CultureInfo.InvariantCulture)));
        }
    }

    private static HoconScalar Scalar(string flag, string text) => new(new HoconPosition(flag, 0), text, quoted: true);

    private static HoconArray Array(string flag, IEnumerable<string> texts)
    {
        var array = new HoconArray(new HoconPosition(flag, 0));
        array.Items.AddRange(texts.Select(text => Scalar(flag, text)));
        return array;
    }
}
