namespace Broker.Protocol.Wire;

/// <summary>The keys of client messages, as a set.</summary>
[Flags]
internal enum RequestKey : uint
{
    None = 0,
    Type = 1 << 0,
    Id = 1 << 1,
    Topic = 1 << 2,
    Data = 1 << 3,
    Key = 1 << 4,
    Token = 1 << 5,
    Echo = 1 << 6,
    Recover = 1 << 7,
    Last = 1 << 8,
    Presence = 1 << 9,
    Since = 1 << 10,
    Limit = 1 << 11,
    Reverse = 1 << 12,
    Method = 1 << 13,
    Timeout = 1 << 14,
    Kind = 1 << 15,
    Room = 1 << 16,
    Options = 1 << 17,
    Match = 1 << 18,
    Code = 1 << 19,
    As = 1 << 20,
    Seq = 1 << 21,
    Name = 1 << 22,
    To = 1 << 23,
    After = 1 << 24,
    Skill = 1 << 25,

    /// <summary>Of a position, as <see cref="Offset"/>.</summary>
    Epoch = 1 << 26,
    Offset = 1 << 27,

    Entry = 1 << 28,
    Remove = 1 << 29,
    If = 1 << 30,
}
