using System.Security.Cryptography;

namespace Broker.Rooms.Hosting;

/// <summary>
/// A room as bytes. Layout: <c>BRS</c>, version of the format (1), room, then the first 8 bytes of the SHA-256 of all before. In the room: kind,
/// StateVersion, id of the room; the core; a table of players, to which the lists of known players and of seats refer. Numbers are LEB128,
/// texts UTF-8 behind their length, times 100 ns. The generation is no part of it: it belongs to who keeps the snapshot.
/// </summary>
internal static class SnapshotCodec
{
    private const byte FormatVersion = 1;
    private const int Seal = 8;

    private static ReadOnlySpan<byte> Magic => "BRS"u8;

    public static ReadOnlyMemory<byte> Write(RoomContent room)
    {
        var writer = new SnapshotWriter();
        writer.Raw(Magic);
        writer.Byte(FormatVersion);
        writer.Text(room.Kind);
        writer.Number(room.Core.StateVersion);
        writer.Text(room.RoomId);
        WriteCore(writer, room.Core);
        WriteMembers(writer, room);
        using var sha = SHA256.Create();
        writer.Raw(sha.ComputeHash(writer.Written.ToArray()).AsSpan(0, Seal));
        return writer.Written;
    }

    /// <summary>What the snapshot says, or why it cannot be restored by this kind, with a sentence for the log.</summary>
    public static (RoomContent? Room, SnapshotRefusal Refusal, string Text) Read(ReadOnlySpan<byte> bytes, RoomKind kind, string roomId)
    {
        if (bytes.Length <= Magic.Length || !bytes.StartsWith(Magic))
        {
            return (null, SnapshotRefusal.Damaged, "These bytes are no snapshot of a room.");
        }

        if (bytes[Magic.Length] != FormatVersion)
        {
            return (null, SnapshotRefusal.Newer, $"The snapshot's format is version {bytes[Magic.Length]}; {FormatVersion} is known here.");
        }

        if (bytes.Length < Magic.Length + 1 + Seal || !IsSealed(bytes))
        {
            return (null, SnapshotRefusal.Damaged, "The snapshot was cut or changed.");
        }

        var reader = new SnapshotReader(bytes[(Magic.Length + 1)..^Seal]);
        var (name, version, id) = (reader.Text(), reader.Number(), reader.Text());
        if (name != kind.Name || id != roomId)
        {
            return (null, SnapshotRefusal.Foreign, $"The snapshot is of room '{id}' of kind '{name}', not of '{roomId}' of kind '{kind.Name}'.");
        }

        if (version > kind.Options.StateVersion)
        {
            return (null, SnapshotRefusal.Newer, $"The snapshot has StateVersion {version}; {kind.Options.StateVersion} is known here.");
        }

        var core = ReadCore(ref reader) with { StateVersion = (int)version };
        var room = ReadMembers(ref reader, new RoomContent(name, id, core, 0, []));
        return reader.IsWhole && IsSound(room) ? (room, SnapshotRefusal.None, "") : (null, SnapshotRefusal.Damaged, "The snapshot does not say what it should.");
    }

    private static bool IsSealed(ReadOnlySpan<byte> bytes)
    {
        using var sha = SHA256.Create();
        return sha.ComputeHash(bytes[..^Seal].ToArray()).AsSpan(0, Seal).SequenceEqual(bytes[^Seal..]);
    }

    /// <summary>What tables are filled with is there once, and who is on a seat is somebody.</summary>
    private static bool IsSound(RoomContent room) =>
        AreDistinct(room.Core.Known.Select(static known => known.Player.Id))
        && AreDistinct(room.Core.Appointments.Select(static appointment => appointment.Id))
        && AreDistinct(room.Seats.Select(static seat => seat.Token))
        && AreDistinct(room.Seats.Select(static seat => seat.User).OfType<string>())
        && AreDistinct(room.Seats.Select(static seat => seat.Player?.Id).OfType<string>())
        && room.Seats.All(static seat => seat.Player is null == (seat.State == SeatState.Reserved));

    private static bool AreDistinct<T>(IEnumerable<T> values)
    {
        HashSet<T> seen = [];
        return values.All(seen.Add);
    }

    private static void WriteCore(SnapshotWriter writer, RoomCore core)
    {
        writer.Number(core.Tick);
        writer.Time(core.Time);
        var settings = core.Settings;
        writer.Flag(settings.IsLocked);
        writer.OptionalText(settings.Code);
        writer.Bits(settings.Random.A);
        writer.Bits(settings.Random.B);
        writer.Bits(settings.Random.C);
        writer.Bits(settings.Random.D);
        writer.Number(settings.Metadata.Count);
        foreach (var pair in settings.Metadata)
        {
            writer.Text(pair.Key);
            writer.Text(pair.Value);
        }

        writer.Number(core.NextAppointment);
        writer.Number(core.Appointments.Count);
        foreach (var appointment in core.Appointments)
        {
            writer.Number(appointment.Id);
            writer.Time(appointment.Due);
            writer.Text(appointment.Name);
            writer.Data(appointment.Data);
        }

        writer.Number(core.Work.Count);
        foreach (var name in core.Work)
        {
            writer.Text(name);
        }

        writer.Bytes(core.Bytes.Span);
    }

    private static RoomCore ReadCore(ref SnapshotReader reader)
    {
        var (tick, time, isLocked, code) = (reader.Number(), reader.Time(), reader.Flag(), reader.OptionalText());
        var random = (reader.Bits(), reader.Bits(), reader.Bits(), reader.Bits());
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var left = reader.Count(); left > 0 && !reader.HasFailed; left--)
        {
            metadata[reader.Text()] = reader.Text();
        }

        var nextAppointment = reader.Number();
        List<Appointment> appointments = [];
        for (var left = reader.Count(); left > 0 && !reader.HasFailed; left--)
        {
            appointments.Add(new Appointment(reader.Number(), reader.Time(), reader.Text(), reader.Data()));
        }

        List<string> work = [];
        for (var left = reader.Count(); left > 0 && !reader.HasFailed; left--)
        {
            work.Add(reader.Text());
        }

        return new RoomCore(tick, time, new RoomSettings(isLocked, code, metadata, random), appointments, nextAppointment, work, [], reader.Bytes());
    }

    private static void WriteMembers(SnapshotWriter writer, RoomContent room)
    {
        List<RoomPlayer> players = [.. room.Core.Known.Select(static known => known.Player).Union(room.Seats.Select(static seat => seat.Player).OfType<RoomPlayer>())];
        var places = players.Select(static (player, place) => (player, place)).ToDictionary(static pair => pair.player, static pair => pair.place);
        writer.Number(players.Count);
        foreach (var player in players)
        {
            writer.Text(player.Id);
            writer.OptionalText(player.User);
            writer.Data(player.Data);
            writer.Flag(player.IsSpectator);
        }

        writer.Number(room.Core.Known.Count);
        foreach (var (player, isConnected) in room.Core.Known)
        {
            writer.Number(places[player]);
            writer.Flag(isConnected);
        }

        writer.Number(room.NextPlayer);
        writer.Number(room.Seats.Count);
        foreach (var seat in room.Seats)
        {
            writer.Text(seat.Token);
            writer.OptionalText(seat.User);
            writer.Flag(seat.IsSpectator);
            writer.Byte((byte)seat.State);
            writer.Time(seat.Left);
            writer.Number(seat.Player is null ? 0 : places[seat.Player] + 1);
            writer.Bits(seat.Reservation.Origin);
            writer.Bits(seat.Reservation.Number);
        }
    }

    private static RoomContent ReadMembers(ref SnapshotReader reader, RoomContent room)
    {
        List<RoomPlayer> players = [];
        for (var left = reader.Count(); left > 0 && !reader.HasFailed; left--)
        {
            players.Add(new RoomPlayer(reader.Text(), reader.OptionalText(), reader.Data(), reader.Flag()));
        }

        List<(RoomPlayer, bool)> known = [];
        for (var left = reader.Count(); left > 0 && !reader.HasFailed; left--)
        {
            var player = players.ElementAtOrDefault(reader.Count());
            var isConnected = reader.Flag();
            if (player is not null)
            {
                known.Add((player, isConnected));
            }
        }

        var nextPlayer = reader.Number();
        List<KeptSeat> seats = [];
        for (var left = reader.Count(); left > 0 && !reader.HasFailed; left--)
        {
            var (token, user, isSpectator, state) = (reader.Text(), reader.OptionalText(), reader.Flag(), (SeatState)reader.Byte((byte)SeatState.Expected));
            seats.Add(new KeptSeat(token, user, isSpectator, state, reader.Time(), players.ElementAtOrDefault(reader.Count() - 1), new RequestId(reader.Bits(), reader.Bits())));
        }

        return room with { Core = room.Core with { Known = known }, NextPlayer = nextPlayer, Seats = seats };
    }
}
