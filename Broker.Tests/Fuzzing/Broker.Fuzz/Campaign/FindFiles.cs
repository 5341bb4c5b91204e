using Broker.Fuzz.Engine;

namespace Broker.Fuzz.Campaign;

/// <summary>Inputs that went wrong, as files, and how to run them again.</summary>
internal static class FindFiles
{
    private const int ShownBytes = 3000;

    /// <summary>Writes the input and returns a text for people.</summary>
    public static string Write(string directory, FuzzReport report, FuzzFind find)
    {
        Directory.CreateDirectory(directory);
        var file = Path.GetFullPath(Path.Combine(directory, $"{report.Target}-{SeedFiles.NameOf(find.Input)}"));
        File.WriteAllBytes(file, find.Input);
        var shown = find.Input.Length <= ShownBytes ? $"base64:{Convert.ToBase64String(find.Input)}" : $"'{file}'";
        return $"""
            FOUND {report.Target}: {find.Problem} (seed {report.Seed}, {find.Input.Length} bytes in {file})
            {find.Detail}
            reproduce with: dotnet run --project Broker.Tests/Fuzzing/Broker.Fuzz -- reproduce {report.Target} {shown}
            """;
    }
}
