using System.Globalization;

namespace Broker.Tests.Checker.Making;

/// <summary>
/// Makes histories that may be: clients of a broker that is always right, where answers and pushes take their time, connections and nodes
/// come and go, requests are refused or end unknown, epochs change, subscriptions lose what waits for them and are told so.
/// </summary>
internal sealed class HistoryGenerator
{
    private const int Steps = 500;
    private const long Patience = 4_000_000;
    private static readonly string[] Nodes = ["n1", "n2", "n3"];

    private readonly Random _random;
    private readonly SimBroker _broker;
    private readonly HashSet<string> _gone = [];
    private readonly int _cutAt;
    private readonly int _killAt;
    private readonly int _pauseAt;
    private long _cutTime;
    private long _calls;
    private int _connections;
    private int _messages;

    private HistoryGenerator(int seed)
    {
        _random = new Random(seed);
        _broker = new SimBroker(_random);
        (_cutAt, _killAt, _pauseAt) = (_random.Next(60, 200), _random.Next(260, 330), _random.Next(360, 400));
    }

    public static List<HistoryEvent> Make(int seed)
    {
        var generator = new HistoryGenerator(seed);
        generator.Run();
        return generator._broker.History;
    }

    private void Run()
    {
        Begin();
        for (var step = 0; step < Steps; step++)
        {
            _broker.Now += _random.Next(1_000, _broker.Cut.Count > 0 ? 400_000 : 100_000);
            Disturb(step);
            Step();
        }

        End();
    }

    private void Disturb(int step)
    {
        if (step == _cutAt)
        {
            _cutTime = _broker.Now;
            _broker.Cut.Add(_broker.Pick(Nodes));
            _broker.Fault("cut", _broker.Cut[0]);
        }
        else if (_broker.Cut.Count > 0 && _broker.Now > _cutTime + 14_000_000)
        {
            Heal();
        }

        if (step == _killAt || step == _killAt + 30)
        {
            KillOrStart(step == _killAt);
        }

        if (step == _pauseAt || step == _pauseAt + 15)
        {
            PauseOrResume(step == _pauseAt);
        }
    }

    private void Heal()
    {
        foreach (var node in _broker.Cut)
        {
            _broker.Fault("heal", node);
        }

        _broker.Cut.Clear();
    }

    private void Begin()
    {
        foreach (var topic in _broker.Topics)
        {
            _broker.Add(topic.Settings);
        }

        foreach (var node in Nodes)
        {
            _broker.Fault("start", node);
        }

        foreach (var client in _broker.Subscribers)
        {
            foreach (var topic in _broker.Topics)
            {
                _broker.Add(new HistoryEvent(EventKind.Granted, 0) { Client = client.Name, Topic = topic.Name });
            }
        }

        foreach (var client in _broker.Clients)
        {
            Connect(client);
        }
    }

    private void Step()
    {
        foreach (var late in _broker.Clients.Where(late => late.Sent.TryPeek(out var sent) && sent.At < _broker.Now - Patience && !_broker.IsStanding(late)))
        {
            _broker.Take(late);
        }

        foreach (var late in _broker.Clients.Where(late => late.Answers.TryPeek(out var answer) && answer.At < _broker.Now - Patience && !_broker.IsStanding(late)))
        {
            _broker.Answer(late);
        }

        switch (_random.Next(200))
        {
            case < 55:
                Publish(_broker.Pick(_broker.Publishers));
                break;
            case < 95:
                _broker.Take(_broker.Pick(_broker.Publishers));
                break;
            case < 130:
                _broker.Answer(_broker.Pick(_broker.Publishers));
                break;
            case < 145:
                _broker.Take(_broker.Pick(_broker.Subscribers));
                _broker.Answer(_broker.Pick(_broker.Subscribers));
                break;
            case < 175:
                _broker.Deliver(_broker.Pick(_broker.Subscribers), _random.Next(1, 5));
                break;
            case < 187:
                Subscribe(_broker.Pick(_broker.Subscribers), _broker.Pick(_broker.Topics));
                break;
            case < 190:
                AskHistory(_broker.Pick(_broker.Subscribers), _broker.Pick(_broker.Topics));
                break;
            case < 192:
                Unsubscribe(_broker.Pick(_broker.Subscribers), _broker.Pick(_broker.Topics));
                break;
            case < 194:
                SimBroker.Lag(_broker.Pick(_broker.Subscribers), _broker.Pick(_broker.Topics));
                break;
            case 194:
                _broker.Close(_broker.Pick(_broker.Clients.ToArray()), "1006");
                break;
            case 195 when _random.Next(4) == 0:
                _broker.BeginEpoch(_broker.Pick(_broker.Topics));
                break;
            case 196 when _random.Next(3) == 0:
                _broker.Revoke(_broker.Pick(_broker.Subscribers), _broker.Pick(_broker.Topics));
                break;
            default:
                foreach (var client in _broker.Clients.Where(static client => client.Connection is null))
                {
                    Connect(client);
                }

                break;
        }
    }

    /// <summary>Everything arrives; then it is looked at what everybody has.</summary>
    private void End()
    {
        Heal();
        foreach (var client in _broker.Clients)
        {
            while (client.Sent.Count > 0)
            {
                _broker.Take(client);
            }

            while (client.Answers.Count > 0)
            {
                _broker.Answer(client);
            }
        }

        foreach (var client in _broker.Subscribers)
        {
            _broker.Deliver(client, int.MaxValue);
        }

        foreach (var (topic, node) in _broker.Topics.SelectMany(static topic => Nodes.Select(node => (topic, node))))
        {
            var call = ++_calls;
            _broker.Add(new HistoryEvent(EventKind.Probe, 0) { Call = call, Topic = topic.Name, Node = node });
            _broker.Now += 10_000;
            _broker.Add(new HistoryEvent(EventKind.Probed, 0) { Call = call });
        }

        _broker.Now += 40_000_000;
        foreach (var (topic, node) in _broker.Topics.SelectMany(static topic => Nodes.Select(node => (topic, node))))
        {
            if (topic.HasPresence)
            {
                _broker.Add(new HistoryEvent(EventKind.Members, 0) { Topic = topic.Name, Node = node, Names = [.. _broker.Subscribers.Where(client => SimBroker.IsMember(client, topic)).Select(static client => client.Name)] });
            }

            if (topic.IsSequenced)
            {
                _broker.Add(new HistoryEvent(EventKind.Final, 0) { Topic = topic.Name, Node = node, Epoch = topic.Epoch, Offset = topic.Top, Entries = [.. topic.Log] });
            }
        }
    }

    private void Connect(SimClient client)
    {
        client.Node = _broker.Pick(Nodes.Where(node => !_gone.Contains(node)).ToArray());
        client.Connection = $"c{++_connections}";
    }

    private void Publish(SimClient client)
    {
        if (client.Connection is null)
        {
            return;
        }

        HistoryEvent asked;
        if (client.Unsure.Count > 0 && _random.Next(2) == 0)
        {
            asked = client.Unsure[0];
            client.Unsure.RemoveAt(0);
        }
        else if (client.Sure.Count > 0 && _random.Next(10) == 0)
        {
            var before = _broker.Pick(client.Sure);
            asked = _random.Next(2) == 0 ? before : before with { Id = NextId(client), Data = "other" };
        }
        else
        {
            var topic = _broker.Pick(_broker.Topics);
            var id = NextId(client);
            asked = new HistoryEvent(EventKind.Publish, 0)
            {
                Client = client.Name,
                Topic = topic.Name,
                Id = id,
                Data = $"data of {id}",
                Key = topic.IsSequenced && _random.Next(3) == 0 ? $"k{_messages}" : null,
            };
        }

        _broker.Send(client, asked with { Call = ++_calls });
    }

    private void Subscribe(SimClient client, SimTopic topic)
    {
        if (client.Connection is null || client.Subscriptions.ContainsKey(topic))
        {
            return;
        }

        var asked = new HistoryEvent(EventKind.Subscribe, 0) { Client = client.Name, Topic = topic.Name, Call = ++_calls };
        if (client.Positions.TryGetValue(topic.Name, out var position) && _random.Next(5) > 0)
        {
            asked = asked with { Epoch = position.Epoch, Offset = position.Offset };
        }
        else if (topic.IsSequenced && _random.Next(2) == 0)
        {
            asked = asked with { Last = _random.Next(1, 10) };
        }

        client.Subscriptions.Add(topic, new SimSubscription(asked.Call!.Value));
        _broker.Send(client, asked);
    }

    private void AskHistory(SimClient client, SimTopic topic)
    {
        if (client.Connection is not null && topic.IsSequenced)
        {
            var since = client.Positions.TryGetValue(topic.Name, out var position) && position.Epoch == topic.Epoch ? _random.NextInt64(position.Offset + 1) : 0;
            _broker.Send(client, new HistoryEvent(EventKind.History, 0) { Client = client.Name, Topic = topic.Name, Call = ++_calls, Epoch = topic.Epoch, Offset = since });
        }
    }

    private void Unsubscribe(SimClient client, SimTopic topic)
    {
        if (client.Connection is not null && client.Subscriptions.TryGetValue(topic, out var subscription) && subscription is { IsOpen: true, IsEnding: false })
        {
            subscription.IsEnding = true;
            _broker.Send(client, new HistoryEvent(EventKind.Unsubscribe, 0) { Call = subscription.Call, Topic = topic.Name });
        }
    }

    private void KillOrStart(bool isKill)
    {
        if (!isKill)
        {
            _broker.Fault("start", [.. _gone]);
            _gone.Clear();
            return;
        }

        _gone.Add(_broker.Pick(Nodes));
        var isOrderly = _random.Next(2) == 0;
        _broker.Fault(isOrderly ? "stop" : "kill", [.. _gone]);
        foreach (var client in _broker.Clients.Where(client => client.Connection is not null && _gone.Contains(client.Node!)).ToArray())
        {
            _broker.Close(client, isOrderly ? "1012" : "1006");
        }

        if (!isOrderly)
        {
            _broker.BeginEpoch(_broker.Pick(_broker.Topics));
        }
    }

    private void PauseOrResume(bool isPause)
    {
        if (isPause)
        {
            _broker.Stalled.Add(_broker.Pick(Nodes));
            _broker.Fault("pause", [.. _broker.Stalled]);
        }
        else
        {
            _broker.Fault("resume", [.. _broker.Stalled]);
            _broker.Stalled.Clear();
        }
    }

    private string NextId(SimClient client) => string.Create(CultureInfo.InvariantCulture, $"{client.Name}-{++_messages}");

}
