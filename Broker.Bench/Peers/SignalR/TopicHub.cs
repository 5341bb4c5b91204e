using Microsoft.AspNetCore.SignalR;

namespace SignalR;

internal sealed class TopicHub : Hub
{
    public Task Subscribe(string topic) => Groups.AddToGroupAsync(Context.ConnectionId, topic);

    public Task Publish(string topic, string data) => Clients.Group(topic).SendAsync("message", topic, data);
}
