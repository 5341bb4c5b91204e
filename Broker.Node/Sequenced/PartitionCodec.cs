namespace Broker.Node.Sequenced;

/// <summary>
/// Layout of <see cref="PartitionMessage"/> between nodes: kind (1), partition (1), generation, then per message. Numbers are little-endian
/// groups of seven bits, bytes stand behind their length. A decoder answers null to anything that is not of its form.
/// </summary>
internal static class PartitionCodec
{
    private enum Kind : byte
    {
        TakeOver = 1,
        Head,
        Refused,
        Pull,
        Pulled,
        Stated,
        Appended,
        Committed,
        Copied,
        SetTold,
        SetConfirmed,
        Register,
        Forwarded,
        Answered,
        Asked,
        Told,
        MemberTold,
        Released,
        MembersTold,
        MembersTaken,
    }

    public static void Write(ref PartitionWriter writer, int partition, PartitionMessage message)
    {
        writer.Byte((byte)KindOf(message));
        writer.Byte((byte)partition);
        writer.Generation(message.Generation);
        switch (message)
        {
            case TakeOver or Released: break;
            case Head m: WriteHead(ref writer, m); break;
            case Refused m: writer.Generation(m.Highest); break;
            case Pull m: writer.Number(m.After); break;
            case Pulled m: WritePulled(ref writer, m); break;
            case Stated m: WriteStated(ref writer, m); break;
            case Appended m: writer.Entry(m.Entry); writer.Number(m.Commit); break;
            case Committed m: writer.Number(m.Commit); break;
            case Copied m: writer.Number(m.End); break;
            case SetTold m: writer.Set(m.Set); writer.Number(m.Through); break;
            case SetConfirmed m: writer.Number(m.Number); break;
            case Register m: writer.Number(m.Number); writer.Flag(m.IsInterested); writer.Number(m.First); writer.Flag(m.AreMembersAnew); break;
            case Forwarded m: writer.Forward(m.Forward); break;
            case Answered m: writer.Number(m.Number); writer.Byte((byte)m.Outcome); writer.Position(m.Position); writer.Byte((byte)m.Copies); break;
            case Asked m: writer.Number(m.Id); writer.Query(m.Query); break;
            case Told m: writer.Number(m.Id); writer.Answer(m.Answer); break;
            case MemberTold m: WriteMember(ref writer, m); break;
            case MembersTold m: WriteMembers(ref writer, m); break;
            case MembersTaken m: writer.Number(m.Number); break;
            default: throw new ArgumentException($"No layout for {message.GetType().Name}", nameof(message));
        }
    }

    public static PartitionMessage? Read(ReadOnlySpan<byte> bytes, out int partition)
    {
        var reader = new PartitionReader(bytes);
        var kind = (Kind)reader.Byte();
        partition = reader.Byte();
        var generation = reader.Generation();
        PartitionMessage? message = kind switch
        {
            Kind.TakeOver => new TakeOver(generation),
            Kind.Head => ReadHead(ref reader, generation),
            Kind.Refused => new Refused(generation, reader.Generation()),
            Kind.Pull => new Pull(generation, reader.Number()),
            Kind.Pulled => new Pulled(generation, reader.Number(), reader.Entries(), reader.Number(), reader.Number()),
            Kind.Stated => ReadStated(ref reader, generation),
            Kind.Appended => new Appended(generation, reader.Entry(), reader.Number()),
            Kind.Committed => new Committed(generation, reader.Number()),
            Kind.Copied => new Copied(generation, reader.Number()),
            Kind.SetTold => new SetTold(generation, reader.Set(), reader.Number()),
            Kind.SetConfirmed => new SetConfirmed(generation, reader.Count()),
            Kind.Register => new Register(generation, reader.Number(), reader.Flag(), reader.Number(), reader.Flag()),
            Kind.Forwarded => new Forwarded(generation, reader.Forward()),
            Kind.Answered => new Answered(generation, reader.Number(), (PublishOutcome)reader.Byte((byte)PublishOutcome.Limited), reader.Position(), reader.Byte()),
            Kind.Asked => new Asked(generation, reader.Number(), reader.Query()),
            Kind.Told => new Told(generation, reader.Number(), reader.Answer()),
            Kind.MemberTold => ReadMember(ref reader, generation),
            Kind.MembersTold => ReadMembers(ref reader, generation),
            Kind.MembersTaken => new MembersTaken(generation, reader.Number()),
            Kind.Released => new Released(generation),
            _ => null,
        };
        return reader.IsWhole ? message : null;
    }

    private static Kind KindOf(PartitionMessage message) => message switch
    {
        TakeOver => Kind.TakeOver,
        Head => Kind.Head,
        Refused => Kind.Refused,
        Pull => Kind.Pull,
        Pulled => Kind.Pulled,
        Stated => Kind.Stated,
        Appended => Kind.Appended,
        Committed => Kind.Committed,
        Copied => Kind.Copied,
        SetTold => Kind.SetTold,
        SetConfirmed => Kind.SetConfirmed,
        Register => Kind.Register,
        Forwarded => Kind.Forwarded,
        Answered => Kind.Answered,
        Asked => Kind.Asked,
        Told => Kind.Told,
        Released => Kind.Released,
        MembersTold => Kind.MembersTold,
        MembersTaken => Kind.MembersTaken,
        _ => Kind.MemberTold,
    };

    private static void WriteHead(ref PartitionWriter writer, Head head)
    {
        writer.OptionalSet(head.Set);
        writer.Flag(head.IsHolder);
        writer.Epoch(head.Epoch);
        writer.Number(head.Start);
        writer.Number(head.Sections.Count);
        foreach (var section in head.Sections)
        {
            writer.Generation(section.Generation);
            writer.Number(section.End);
        }

        writer.Number(head.Commit);
    }

    private static Head ReadHead(ref PartitionReader reader, Generation generation)
    {
        var (set, isHolder, epoch, start) = (reader.OptionalSet(), reader.Flag(), reader.Epoch(), reader.Number());
        var sections = new List<LogSection>();
        for (var left = reader.Count(); left > 0 && !reader.HasFailed; left--)
        {
            sections.Add(new LogSection(reader.Generation(), reader.Number()));
        }

        return new Head(generation, set, isHolder, epoch, start, sections, reader.Number());
    }

    private static void WriteMember(ref PartitionWriter writer, MemberTold told)
    {
        writer.Bytes(told.Topic);
        writer.Member(told.Member);
        writer.Number(told.Connections);
    }

    private static MemberTold ReadMember(ref PartitionReader reader, Generation generation) => new(generation, reader.Bytes(), reader.Member(), reader.Count());

    private static void WriteMembers(ref PartitionWriter writer, MembersTold told)
    {
        writer.Number(told.Number);
        writer.Number(told.Members.Count);
        foreach (var member in told.Members)
        {
            WriteMember(ref writer, member);
        }
    }

    private static MembersTold ReadMembers(ref PartitionReader reader, Generation generation)
    {
        var number = reader.Number();
        var members = new List<MemberTold>();
        for (var left = reader.Count(); left > 0 && !reader.HasFailed; left--)
        {
            members.Add(ReadMember(ref reader, generation));
        }

        return new MembersTold(generation, number, members);
    }

    private static void WritePulled(ref PartitionWriter writer, Pulled pulled)
    {
        writer.Number(pulled.After);
        writer.Entries(pulled.Entries);
        writer.Number(pulled.End);
        writer.Number(pulled.Floor);
    }

    private static void WriteStated(ref PartitionWriter writer, Stated stated)
    {
        writer.Epoch(stated.Epoch);
        writer.Number(stated.End);
        writer.Number(stated.Commit);
        writer.Number(stated.Keep + 1);
        writer.Flag(stated.IsCopy);
        writer.OptionalSet(stated.Set);
        writer.Number(stated.Registration);
        writer.Number(stated.Taken);
    }

    private static Stated ReadStated(ref PartitionReader reader, Generation generation) =>
        new(generation, reader.Epoch(), reader.Number(), reader.Number(), reader.Number() - 1, reader.Flag(), reader.OptionalSet())
        {
            Registration = reader.Number(),
            Taken = reader.Number(),
        };
}
