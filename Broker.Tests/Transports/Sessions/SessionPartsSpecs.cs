using System.Buffers.Binary;
using System.Text;
using Broker.Node.Transports.Sessions;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Transports.Sessions;

/// <summary>The parts of a session that decide by themselves: cuts of what its writer sends, the order of posts, tickets and names.</summary>
public sealed class SessionPartsSpecs
{
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(1000)]
    public void Messages_are_cut_whole_however_they_come(int size)
    {
        string[] messages = ["{\"a\":1}", "", "x", new string('y', 300)];
        var bytes = messages.SelectMany(static message => Framed(message)).ToArray();
        var cutter = default(MessageCutter);
        var cut = new List<string>();
        foreach (var part in bytes.Chunk(size))
        {
            ReadOnlySpan<byte> rest = part;
            while (cutter.TryCut(ref rest, out var message))
            {
                cut.Add(Encoding.UTF8.GetString(message));
            }

            Assert.True(rest.IsEmpty);
        }

        Assert.Equal(messages, cut);
    }

    [Fact]
    public async Task Posts_are_taken_in_their_order_and_once()
    {
        var taken = new List<int>();
        var order = Order(taken);
        var third = PostAsync(order, 3);
        var second = PostAsync(order, 2);
        Assert.Empty(taken);

        Assert.Equal(204, (await PostAsync(order, 1)).Status);
        Assert.Equal((204, 204), ((await second).Status, (await third).Status));
        Assert.Equal(204, (await PostAsync(order, 2)).Status);
        Assert.Equal([1, 2, 3], taken);
    }

    [Fact]
    public async Task Post_without_its_predecessor_is_409_when_its_time_is_over_or_too_many_wait()
    {
        var order = Order([]);
        var waiting = Enumerable.Range(2, PostOrder.MaxWaiting).Select(n => PostAsync(order, n)).ToArray();
        Assert.Equal(409, (await PostAsync(order, 99)).Status);
        _time.Advance(PostOrder.Patience);
        Assert.All(await Task.WhenAll(waiting), static answer => Assert.Equal(409, answer.Status));
    }

    [Fact]
    public async Task Post_for_which_there_is_no_room_is_503_at_last_and_taken_when_it_comes_again()
    {
        var taken = new List<int>();
        var hasRoom = false;
        var order = Order(taken, () => hasRoom);
        var first = PostAsync(order, 1);
        _time.Advance(PostOrder.Patience);
        Assert.Equal(503, (await first).Status);

        var again = PostAsync(order, 1);
        hasRoom = true;
        order.Signal();
        Assert.Equal(204, (await again).Status);
        Assert.Equal([1], taken);
    }

    [Fact]
    public async Task Posts_that_wait_are_410_when_the_session_has_ended()
    {
        var isOver = false;
        var order = new PostOrder(1, static _ => true, () => isOver, _time);
        var second = PostAsync(order, 2);
        isOver = true;
        order.Signal();
        Assert.Equal(410, (await second).Status);
    }

    [Fact]
    public void Ticket_is_good_once_and_for_its_time()
    {
        var tickets = new TicketTable(7, _time);
        var first = tickets.Issue("a")!;
        Assert.True(tickets.TryRedeem(first, out var token));
        Assert.Equal("a", token);
        Assert.False(tickets.TryRedeem(first, out _));

        var second = tickets.Issue("b")!;
        _time.Advance(TicketTable.Life);
        Assert.False(tickets.TryRedeem(second, out _));
    }

    [Fact]
    public void Tickets_that_wait_are_bounded_until_they_end()
    {
        var tickets = new TicketTable(7, _time);
        var token = new string('t', TicketTable.Room / 2);
        Assert.NotNull(tickets.Issue(token));
        Assert.NotNull(tickets.Issue(token));
        Assert.Null(tickets.Issue("x"));
        _time.Advance(TicketTable.Life);
        Assert.NotNull(tickets.Issue("x"));
    }

    [Fact]
    public void Name_of_a_session_says_its_node_and_nothing_else_does()
    {
        var name = SessionId.New(0xABCDEF01);
        Assert.True(SessionId.TryReadNode(name, out var node));
        Assert.Equal(0xABCDEF01, node);
        foreach (var other in new[] { "", "x", name + "x", name[1..], name.Replace('-', '_'), name[..^1] + "%" })
        {
            Assert.False(SessionId.TryReadNode(other, out _), other);
        }
    }

    private static byte[] Framed(string message)
    {
        var bytes = new byte[4 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, message.Length);
        Encoding.UTF8.GetBytes(message, bytes.AsSpan(4));
        return bytes;
    }

    private static Task<SessionAnswer> PostAsync(PostOrder order, int number) =>
        order.PostAsync(number, BitConverter.GetBytes(number), TestContext.Current.CancellationToken);

    private PostOrder Order(List<int> taken, Func<bool>? hasRoom = null) => new(
        1,
        body =>
        {
            if (hasRoom?.Invoke() == false)
            {
                return false;
            }

            taken.Add(BitConverter.ToInt32(body.Span));
            return true;
        },
        static () => false,
        _time);
}
