using System.Globalization;
using Broker.Node.Delivery;
using Broker.Protocol.Http;

namespace Broker.Node.Connections;

/// <summary>The query parameter <c>batch</c>: for how many milliseconds the client wants pushes gathered.</summary>
internal static class BatchParameter
{
    private const string Name = "batch";
    private const int MostDigits = 4;

    /// <param name="head">The upgrade request's.</param>
    /// <param name="window">Zero to <see cref="BatchWindow.Longest"/>; zero without the parameter: nothing is gathered.</param>
    /// <returns>False: the parameter is there twice, or is no such number in decimal digits.</returns>
    public static bool TryRead(RequestHead head, out TimeSpan window)
    {
        window = TimeSpan.Zero;
        switch (head.QueryParameters(Name))
        {
            case []:
                return true;
            case [{ Length: <= MostDigits } text] when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds):
                window = TimeSpan.FromMilliseconds(milliseconds);
                return window <= BatchWindow.Longest;
            default:
                return false;
        }
    }
}
