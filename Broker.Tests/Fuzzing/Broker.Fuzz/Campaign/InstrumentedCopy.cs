using dnlib.DotNet;
using SharpFuzz;

namespace Broker.Fuzz.Campaign;

/// <summary>
/// This program in a directory of its own, with the code that the targets call made to count its edges. The copies
/// also lose the mark that keeps the runtime from optimising a debug build. Disposing deletes the directory.
/// </summary>
internal sealed class InstrumentedCopy : IDisposable
{
    private const string Program = "Broker.Fuzz.dll";

    private static readonly string[] Instrumented = ["Broker.Protocol.dll", "Broker.Node.dll", Program];

    private static readonly string[] Namespaces =
    [
        "Broker.Protocol.Http.", "Broker.Protocol.Frames.", "Broker.Protocol.Handshake.", "Broker.Protocol.Session.", "Broker.Protocol.Deflate.",
        "Broker.Protocol.Wire.", "Broker.Node.Configuration.Hocon.", "Broker.Node.Topics.Topic", "Broker.Node.Auth.Jwt",
        "Broker.Node.Auth.Rights", "Broker.Node.Auth.StrictJson", "Broker.Fuzz.Targets.PlantedBug",
    ];

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("broker-fuzz-");

    private InstrumentedCopy()
    {
    }

    /// <summary>The program to start.</summary>
    public string ProgramPath => Path.Combine(_directory.FullName, Program);

    /// <summary>Copies what lies beside this program.</summary>
    public static InstrumentedCopy Make()
    {
        var copy = new InstrumentedCopy();
        try
        {
            foreach (var pattern in (ReadOnlySpan<string>)["*.dll", "Broker.Fuzz.*.json"])
            {
                foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, pattern))
                {
                    File.Copy(file, Path.Combine(copy._directory.FullName, Path.GetFileName(file)));
                }
            }

            foreach (var assembly in Instrumented)
            {
                copy.Instrument(assembly);
            }

            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private void Instrument(string assembly)
    {
        var path = Path.Combine(_directory.FullName, assembly);
        using (var module = ModuleDefMD.Load(File.ReadAllBytes(path)))
        {
            module.Assembly.CustomAttributes.RemoveAll("System.Diagnostics.DebuggableAttribute");
            module.Write(path);
        }

        var types = Fuzzer.Instrument(path, type => Namespaces.Any(start => type.StartsWith(start, StringComparison.Ordinal)), Options.Value);
        if (!types.Any())
        {
            throw new InvalidOperationException($"Nothing in {assembly} was instrumented: the namespaces have changed.");
        }
    }
}
