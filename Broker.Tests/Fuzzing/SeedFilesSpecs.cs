using Broker.Fuzz.Campaign;
using Broker.Fuzz.Targets;
using Broker.Tests.Support;

namespace Broker.Tests.Fuzzing;

public sealed class SeedFilesSpecs : IDisposable
{
    private static readonly string Seeds = Path.Combine(SourceTree.Root, "Broker.Tests", "Fuzzing", "Seeds");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("broker-seeds-");

    public static TheoryData<string> Targets => [.. FuzzTargets.All.Select(static target => target.Name)];

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Every_archive_and_every_directory_of_inputs_belongs_to_a_target()
    {
        var targets = FuzzTargets.All.Select(static target => target.Name).ToList();
        Assert.Equal(targets.Select(static target => target + ".zip").Order(), Directory.GetFiles(Seeds).Select(Path.GetFileName).Order());
        Assert.Subset(targets.ToHashSet(), Directory.GetDirectories(Seeds).Select(static directory => Path.GetFileName(directory)).ToHashSet());
    }

    /// <summary>Packed by anything else, an archive would change as a whole when the next input is added.</summary>
    [Theory]
    [MemberData(nameof(Targets))]
    public void Archive_is_what_the_command_writes(string target)
    {
        var committed = SeedFiles.ArchiveOf(Seeds, target);
        var packed = SeedFiles.ArchiveOf(_directory.FullName, target);
        var files = SeedFiles.Read([committed]).Reverse().Select(seed => Input(seed.Name, seed.Input)).ToList();

        Assert.Equal(files.Count, SeedFiles.Add(packed, files));

        Assert.Equal(File.ReadAllBytes(committed), File.ReadAllBytes(packed));
    }

    [Fact]
    public void Added_inputs_stand_in_the_order_of_their_names_and_the_last_of_a_name_stays()
    {
        var archive = SeedFiles.ArchiveOf(_directory.FullName, "x");
        SeedFiles.Add(archive, [Input("b", [1]), Input("a", [])]);
        SeedFiles.Add(archive, [Input("c", [3]), Input("b", [2])]);

        Assert.Equal([("a", ""), ("b", "02"), ("c", "03")], Read([archive]));
    }

    [Fact]
    public void Inputs_of_the_directory_follow_those_of_the_archive()
    {
        SeedFiles.Add(SeedFiles.ArchiveOf(_directory.FullName, "x"), [Input("packed", [1])]);
        Directory.CreateDirectory(Path.Combine(_directory.FullName, "x"));
        Input(Path.Combine("x", "loose"), [2]);

        Assert.Equal([("packed", "01"), ("loose", "02")], Read(SeedFiles.Of(_directory.FullName, "x")));
        Assert.Empty(Read(SeedFiles.Of(_directory.FullName, "y")));
    }

    private static IEnumerable<(string Name, string Input)> Read(IEnumerable<string> sources) =>
        SeedFiles.Read(sources).Select(static seed => (seed.Name, Convert.ToHexString(seed.Input)));

    private string Input(string name, byte[] input)
    {
        var file = Path.Combine(_directory.FullName, name);
        File.WriteAllBytes(file, input);
        return file;
    }
}
