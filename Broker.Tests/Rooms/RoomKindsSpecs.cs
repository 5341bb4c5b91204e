using Broker.Rooms;

namespace Broker.Tests.Rooms;

public sealed class RoomKindsSpecs
{
    [Theory]
    [InlineData("relay", true)]
    [InlineData("A_z:9@-", true)]
    [InlineData("", false)]
    [InlineData("a.b", false)]
    [InlineData("$rooms", false)]
    [InlineData("Räume", false)]
    [InlineData("../x", false)]
    [InlineData("a\0", false)]
    public void Name_of_a_kind_is_one_token_of_a_topic(string name, bool isName)
    {
        var kinds = new RoomKinds();
        if (isName)
        {
            kinds.Add(name, Make);
            Assert.True(kinds.TryGet(name, out var kind));
            Assert.Equal(name, kind.Name);
        }
        else
        {
            Assert.Contains("no name of a kind", Assert.Throws<ArgumentException>(() => kinds.Add(name, Make)).Message, StringComparison.Ordinal);
            Assert.False(kinds.TryGet(name, out _));
        }
    }

    [Theory]
    [InlineData(RoomLimits.KindName, true)]
    [InlineData(RoomLimits.KindName + 1, false)]
    public void Name_of_a_kind_is_not_too_long(int length, bool isName) =>
        Assert.Equal(isName, Record.Exception(() => new RoomKinds().Add(new string('k', length), Make)) is null);

    [Fact]
    public void Kind_is_added_once() =>
        Assert.Contains("'a' already", Assert.Throws<ArgumentException>(() => new RoomKinds().Add("a", Make).Add("a", Make)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(nameof(RoomOptions.MaxPlayers), 1, 1000)]
    [InlineData(nameof(RoomOptions.MaxSpectators), 0, 10_000)]
    [InlineData(nameof(RoomOptions.StepRate), 0, 60)]
    [InlineData(nameof(RoomOptions.StateVersion), 1, int.MaxValue)]
    [InlineData(nameof(RoomOptions.MaxFailures), 0, 100)]
    public void Number_out_of_its_range_is_refused_by_name(string setting, int lowest, int highest)
    {
        AssertRange(setting, lowest, highest, static value => value);
        AssertRefused(setting, lowest - 1);
        if (highest < int.MaxValue)
        {
            AssertRefused(setting, highest + 1);
        }
    }

    [Theory]
    [InlineData(nameof(RoomOptions.Grace), 0, 600)]
    [InlineData(nameof(RoomOptions.ReservationTimeout), 1, 600)]
    public void Time_out_of_its_range_is_refused_by_name(string setting, int lowest, int highest)
    {
        AssertRange(setting, lowest, highest, static value => TimeSpan.FromSeconds(value));
        AssertRefused(setting, TimeSpan.FromSeconds(lowest) - TimeSpan.FromTicks(1));
        AssertRefused(setting, TimeSpan.FromSeconds(highest) + TimeSpan.FromTicks(1));
    }

    [Fact]
    public void Choice_that_does_not_exist_is_refused_by_name()
    {
        AssertRefused(nameof(RoomOptions.EmptyRooms), (EmptyRooms)2);
        AssertRefused(nameof(RoomOptions.Format), (DataFormat)2);
    }

    [Fact]
    public void Options_that_are_changed_later_change_nothing()
    {
        RoomOptions? kept = null;
        var kinds = new RoomKinds().Add("a", Make, options => kept = options);
        kept!.MaxPlayers = 999;
        Assert.Equal(16, kinds.All.Single().Options.MaxPlayers);
    }

    [Fact]
    public void Constructor_gets_services_and_says_which_is_missing()
    {
        var kind = new RoomKinds().Add<AskingRoom>("asking").All.Single();
        var given = new StringComparerService(StringComparer.Ordinal);
        Assert.Same(StringComparer.Ordinal, Assert.IsType<AskingRoom>(kind.Create(given)).Comparer);
        var missing = Assert.Throws<RoomException>(() => kind.Create(new StringComparerService(null)));
        Assert.Contains(nameof(StringComparer), missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Class_without_one_public_constructor_needs_a_factory()
    {
        Assert.Throws<ArgumentException>(() => new RoomKinds().Add<Room>("abstract"));
        Assert.Throws<ArgumentException>(() => new RoomKinds().Add<TwoWaysRoom>("two"));
        Assert.NotNull(new RoomKinds().Add("two", static _ => new TwoWaysRoom()).All.Single().Create(new StringComparerService(null)));
    }

    private static ScriptedRoom Make(IServiceProvider services) => new(new RoomScript());

    private static void AssertRange(string setting, int lowest, int highest, Func<int, object> value)
    {
        new RoomKinds().Add("lowest", Make, options => Set(options, setting, value(lowest))).Add("highest", Make, options => Set(options, setting, value(highest)));
    }

    private static void AssertRefused(string setting, object value)
    {
        var refused = Assert.Throws<ArgumentException>(() => new RoomKinds().Add("k", Make, options => Set(options, setting, value)));
        Assert.StartsWith($"Rooms of kind 'k': {setting} is ", refused.Message, StringComparison.Ordinal);
    }

    private static void Set(RoomOptions options, string setting, object value) => typeof(RoomOptions).GetProperty(setting)!.SetValue(options, value);

    private sealed class StringComparerService(StringComparer? comparer) : IServiceProvider
    {
        public object? GetService(Type serviceType) => serviceType == typeof(StringComparer) ? comparer : null;
    }

    private sealed class AskingRoom(StringComparer comparer) : Room
    {
        public StringComparer Comparer => comparer;

        public override ReadOnlyMemory<byte> Snapshot() => default;

        public override void Restore(ReadOnlyMemory<byte> snapshot, int version)
        {
        }
    }

    private sealed class TwoWaysRoom : Room
    {
        public TwoWaysRoom()
        {
        }

        public TwoWaysRoom(StringComparer comparer) => _ = comparer;

        public override ReadOnlyMemory<byte> Snapshot() => default;

        public override void Restore(ReadOnlyMemory<byte> snapshot, int version)
        {
        }
    }
}
